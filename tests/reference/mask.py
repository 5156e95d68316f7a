"""FORMAT.md, section 7, Mask: an explicit mask of cells, and step offsets."""

from dataclasses import dataclass
from functools import cache

from reference.conventions import ceil_divide, clip, filled
from reference.file import EXPLICIT_MASK, STEP_OFFSETS, Header, Tile
from reference.initial_models import OffsetModels, mask_starts
from reference.models import Estimate, Weights, decode_bit, estimates, mix, untrained_weights
from reference.range_coder import RangeDecoder
from reference.squares import SUPERBLOCK, size_in_cells

FACTORS = (4096, 4871, 5793, 6889)  # quarters of an octave, in 1/4096
Bits = list[list[int]]


@dataclass(frozen=True)
class Mask:
    """What MASK says of a tile."""

    explicit: Bits | None  # by cell: 1 is kept
    offsets: list[list[int]]  # by superblock


def decode_mask(header: Header, tile: Tile, segment: bytes) -> Mask:
    """Section 7: a tile's segment of MASK, which is not read if the flags announce nothing."""
    explicit = None
    across, down = (ceil_divide(length, SUPERBLOCK) for length in (tile.width, tile.height))
    offsets = filled(across, down)
    if header.has_mask:
        decoder = RangeDecoder(segment)
        if header.has(EXPLICIT_MASK):
            explicit = decode_cell_mask(decoder, *size_in_cells(tile))
        if header.has(STEP_OFFSETS):
            offsets = decode_offsets(decoder, across, down)
        decoder.finish()
    return Mask(explicit, offsets)


# ---- Step offsets ------------------------------------------------------------------------------
def decode_offsets(decoder: RangeDecoder, across: int, down: int) -> list[list[int]]:
    """Section 7, Step offsets: rows of the offsets of superblocks."""
    models = OffsetModels()
    o: list[list[int]] = []
    for _ in range(down):
        decoder.check_overrun()
        o.append([])
        for _ in range(across):
            o[-1].append(decode_offset(decoder, models, o, across))
    return o


def decode_offset(
    decoder: RangeDecoder, models: OffsetModels, o: list[list[int]], width: int
) -> int:
    """Return the offset that comes after those in `o`, the last row of which is not complete."""
    x, y = len(o[-1]), len(o) - 1
    up = o[y - 1][x] if y > 0 else o[y][x - 1] if x > 0 else 0
    left = o[y][x - 1] if x > 0 else up
    corner = o[y - 1][x - 1] if x > 0 and y > 0 else left
    right = o[y - 1][x + 1] if y > 0 and x < width - 1 else up

    same = 0 if left == up else 1 if left == corner else 2
    if decode_bit(decoder, models.same[same]):
        return left
    if up != left and decode_bit(decoder, models.above[int(up == right)]):
        return up
    rises = decode_bit(decoder, models.rises)
    change = 1
    while change < 64 and decode_bit(decoder, models.larger[min(change - 1, 15)]):
        change += 1
    return clip(left + change if rises else left - change, -32, 32)


@cache
def step_of(q: int, offset: int) -> int:
    """Return `step(o)`, the step of a superblock."""
    x = q * FACTORS[offset & 3]
    octaves = offset >> 2
    x = x << octaves if octaves >= 0 else x >> -octaves
    return clip((x + 2048) >> 12, 16, 16384)


# ---- Cell mask ---------------------------------------------------------------------------------
class CellMaskModels:
    """The estimates and weights of a cell mask."""

    def __init__(self) -> None:
        starts = mask_starts()
        self.wide: list[Estimate] = estimates(starts, 4096)
        self.close: list[Estimate] = estimates(starts, 64)
        self.counts: list[Estimate] = estimates(starts, 324)
        self.weights: list[Weights] = untrained_weights(16, 3)


def decode_cell_mask(decoder: RangeDecoder, width: int, height: int) -> Bits:
    """Section 7, Cell mask: rows of bits."""
    models = CellMaskModels()
    mask = filled(width, height)
    for y in range(height):
        decoder.check_overrun()
        for x in range(width):
            mask[y][x] = decode_cell(decoder, models, mask, x, y)
    return mask


def decode_cell(decoder: RangeDecoder, models: CellMaskModels, mask: Bits, x: int, y: int) -> int:
    """Section 7, Cell mask: one bit."""

    def c(dx: int, dy: int) -> int:
        inside = 0 <= x + dx < len(mask[0]) and y + dy >= 0
        return mask[y + dy][x + dx] if inside else 0

    near = c(-1, 0) + 2 * c(0, -1) + 4 * c(-1, -1) + 8 * c(1, -1)
    six = near + 16 * c(-2, 0) + 32 * c(0, -2)
    twelve = six + 64 * c(2, -1) + 128 * c(-2, -1) + 256 * c(-1, -2) + 512 * c(1, -2)
    twelve += 1024 * c(-3, 0) + 2048 * c(0, -3)
    above = sum(c(d, -1) for d in range(-4, 4)) + c(-4, -2) + c(-3, -2) + c(3, -2)
    left = sum(c(-d, 0) for d in range(1, 9))
    number = (9 * min(above, 8) + left) * 4 + c(-1, 0) + 2 * c(0, -1)
    inputs = (models.wide[twelve], models.close[six], models.counts[number])
    return mix(decoder, inputs, models.weights[near])
