"""FORMAT.md, section 9, Levels: quantised coefficients of a block."""

from dataclasses import dataclass
from functools import cache
from math import isqrt

from reference.conventions import clip, filled, sign
from reference.initial_models import LevelModels
from reference.models import decode_bit
from reference.range_coder import RangeDecoder

Block = list[list[int]]  # block[y][x], of levels or coefficients by frequency
LARGEST = 32767


@cache
def scan(n: int) -> list[tuple[int, int]]:
    """Section 9, Scan: the places (x, y) of a block of side n, in order."""
    places: list[tuple[int, int]] = []
    for d in range(2 * n - 1):
        rising_y = [(d - y, y) for y in range(n) if 0 <= d - y < n]
        places += rising_y if d % 2 else reversed(rising_y)
    return places


def band_of(n: int, d: int) -> int:
    """Section 9, Scan: the band of a diagonal, 0..11."""
    band = d
    if n == 16 and d > 2:
        band = (d + 3) // 2
    elif n == 32 and d > 2:
        band = (d + 1) // 2 if d <= 7 else d // 4 + 2
    elif n == 64 and d > 3:
        band = (d + 6) // 4 + 1 if d <= 15 else d // 8 + 3
    return min(band, 11)


def zone_of(n: int, d: int) -> int:
    """Section 9, Scan: the zone of a diagonal, 0..3."""
    if d == 0:
        return 0
    band = band_of(n, d)
    return 1 if band < 3 else 2 if band < 6 else 3


@dataclass(frozen=True)
class Levels:
    """The levels of a block, and the number of them up to the last that is not 0."""

    block: Block
    count: int

    @property
    def density(self) -> int:
        """Section 8, State: the density."""
        total = sum(abs(level) for row in self.block for level in row)
        return min(65535, 1024 * total // len(self.block) ** 2)


def decode_levels(
    decoder: RangeDecoder, models: LevelModels, size: int, density: int, limit: int
) -> Levels:
    """Return the levels of a block of side 4 << size, with its density class."""
    n = 4 << size
    count = decode_count(decoder, models, size, density, limit)
    levels = filled(n, n)
    for i in range(count - 1, -1, -1):
        x, y = scan(n)[i]
        total = magnitudes_around(levels, x, y)
        band, zone, t = band_of(n, x + y), zone_of(n, x + y), min(total, 7)
        if i < count - 1:
            place = ((2 * size + (density > 4)) * 12 + band) * 8 + t
            if not decode_bit(decoder, models.significant[place]):
                continue
        if not decode_bit(decoder, models.above_one[(4 * size + zone) * 8 + t]):
            magnitude = 1
        elif not decode_bit(
            decoder, models.above_two[(2 * size + (zone > 1)) * 8 + min(total // 2, 7)]
        ):
            magnitude = 2
        else:
            magnitude = decode_escape(decoder, models, total)
        levels[y][x] = -magnitude if decoder.raw(1) else magnitude
    return Levels(levels, count)


def decode_count(
    decoder: RangeDecoder, models: LevelModels, size: int, density: int, limit: int
) -> int:
    """Section 9, Count."""
    longest = limit.bit_length()
    length = 0
    while length < longest and decode_bit(
        decoder, models.count[(8 * size + density) * 14 + length]
    ):
        length += 1
    if length < 2:
        return length
    count = 1
    place = (14 * size + length) * 3
    for depth in range(length - 1):
        if depth == 0:
            b = decode_bit(decoder, models.count_mantissa[place])
        elif depth == 1:
            b = decode_bit(decoder, models.count_mantissa[place + 1 + (count & 1)])
        else:
            b = decoder.raw(1)
        count = 2 * count + b
    return min(count, limit)


def magnitudes_around(levels: Block, x: int, y: int) -> int:
    """Section 9, Levels: `sum`."""
    n = len(levels)
    places = ((x + 1, y), (x + 2, y), (x, y + 1), (x + 1, y + 1), (x, y + 2))
    return sum(min(abs(levels[b][a]), 15) for a, b in places if a < n and b < n)


def decode_escape(decoder: RangeDecoder, models: LevelModels, total: int) -> int:
    """Section 9, Levels: a magnitude above 2."""
    e = 0 if total < 10 else 1 if total < 25 else 2
    length = e
    while length < 15 and decode_bit(decoder, models.escape[16 * e + length]):
        length += 1
    return min(decoder.raw(length) + (1 << length) - (1 << e) + 3, LARGEST)


# ---- Dequantisation ----------------------------------------------------------------------------
def chroma_step(q: int) -> int:
    """Return the step of chroma in a superblock with step q."""
    return ((9 * min(q, 640) + 4) >> 3) + ((5 * max(q - 640, 0)) >> 3)


@cache
def factor(n: int, x: int, y: int, q: int) -> int:
    """Section 9, Dequantisation: `f` of a place."""
    radius = isqrt((x * x + y * y) * 65536 // (n * n))
    return q * (54 + ((45 * radius + 128) >> 8))


def dequantise(levels: Block, q: int) -> Block:
    """Return the coefficients of levels, in 1/4."""
    n = len(levels)
    coefficients = filled(n, n)
    for y, row in enumerate(levels):
        for x, level in enumerate(row):
            if level:
                f = factor(n, x, y, q)
                magnitude = abs(level) * f + 128 + (f >> 5 if abs(level) == 1 else 0)
                coefficients[y][x] = sign(level) * clip(magnitude >> 8, 0, LARGEST)
    return coefficients
