"""FORMAT.md, section 16, Exact samples: pixels of a lossy picture that come back as they were."""

from dataclasses import dataclass

from reference.conventions import Plane, ceil_divide, clip, clip255, divide, filled
from reference.lossless import Known, decode_lossless, from_rgb
from reference.mask import decode_cell_mask
from reference.range_coder import RangeDecoder

CELL_SIDE = 8
COARSEST = 3  # scale


@dataclass(frozen=True)
class Box:
    """The smallest rectangle of pixels that holds all exact ones."""

    x: int
    y: int
    width: int
    height: int


def lay_exact(segment: bytes, channels: list[Plane]) -> list[Plane]:
    """Return the channels of a tile with its exact pixels, from its segment of EXCT."""
    width, height = len(channels[0][0]), len(channels[0])
    decoder = RangeDecoder(segment)
    side = 1 if decoder.raw(1) else CELL_SIDE
    mask = decode_cell_mask(decoder, ceil_divide(width, side), ceil_divide(height, side))
    exact = [[bool(mask[y // side][x // side]) for x in range(width)] for y in range(height)]
    result = [[list(row) for row in channel] for channel in channels]
    if any(any(row) for row in exact):
        box = box_of(exact)
        known = known_samples(channels, exact, box)
        decoded = decode_lossless(decoder, box.width, box.height, len(channels), known)
        for channel, samples in zip(result, decoded, strict=True):
            for y, row in enumerate(samples, box.y):
                for x, sample in enumerate(row, box.x):
                    if exact[y][x]:
                        channel[y][x] = sample
        if side == 1:
            result = [spread(old, new, exact) for old, new in zip(channels, result, strict=True)]
    decoder.finish()
    return result


def box_of(exact: list[list[bool]]) -> Box:
    """Return the box of the exact pixels."""
    rows = [y for y, row in enumerate(exact) if any(row)]
    columns = [x for x, column in enumerate(zip(*exact, strict=True)) if any(column)]
    x, y = columns[0], rows[0]
    return Box(x, y, columns[-1] + 1 - x, rows[-1] + 1 - y)


def known_samples(channels: list[Plane], exact: list[list[bool]], box: Box) -> list[Known]:
    """Return, for each coded plane, the samples of the box that are not exact."""
    known: list[Known] = [
        [[None] * box.width for _ in range(box.height)] for _ in range(len(channels))
    ]
    for y in range(box.height):
        for x in range(box.width):
            if not exact[box.y + y][box.x + x]:
                pixel = [channel[box.y + y][box.x + x] for channel in channels]
                coded = from_rgb(*pixel) if len(pixel) == 3 else pixel
                for plane, value in zip(known, coded, strict=True):
                    plane[y][x] = value
    return known


# ---- Spreading ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Scale:
    """Corrections in 1/16 grey level, and their weights 0..16."""

    value: Plane
    weight: Plane


def spread(old: Plane, new: Plane, exact: list[list[bool]]) -> Plane:
    """Section 16, Spreading: one channel of a tile."""
    width, height = len(old[0]), len(old)
    scale = Scale(filled(width, height), filled(width, height))
    for y in range(height):
        for x in range(width):
            if exact[y][x]:
                scale.value[y][x] = 16 * (new[y][x] - old[y][x])
                scale.weight[y][x] = 16
    scales = [scale]
    for _ in range(COARSEST):
        scales.append(coarser(scales[-1]))
    correction = weighted(scales[COARSEST])
    for scale in reversed(scales[:COARSEST]):
        correction = finer(scale, correction)
    return [
        [
            new[y][x] if exact[y][x] else clip255(new[y][x] + ((correction[y][x] + 8) >> 4))
            for x in range(width)
        ]
        for y in range(height)
    ]


def coarser(scale: Scale) -> Scale:
    """Return the scale of half the width and height."""
    width, height = len(scale.value[0]), len(scale.value)
    half_width, half_height = ceil_divide(width, 2), ceil_divide(height, 2)
    result = Scale(filled(half_width, half_height), filled(half_width, half_height))
    for y in range(half_height):
        for x in range(half_width):
            rows = range(2 * y, min(2 * y + 2, height))
            columns = range(2 * x, min(2 * x + 2, width))
            places = [(a, b) for b in rows for a in columns]
            total = sum(scale.weight[b][a] for a, b in places)
            if total:
                product = sum(scale.value[b][a] * scale.weight[b][a] for a, b in places)
                result.value[y][x] = divide(product, total)
            result.weight[y][x] = min(total // 2, 16)
    return result


def weighted(scale: Scale) -> Plane:
    """Return the corrections of the coarsest scale."""
    return [
        [divide(value * weight, 16) for value, weight in zip(values, weights, strict=True)]
        for values, weights in zip(scale.value, scale.weight, strict=True)
    ]


def finer(scale: Scale, coarse: Plane) -> Plane:
    """Return the corrections of a scale from those of the next coarser one."""

    def places(z: int, count: int) -> tuple[int, int]:
        half = z // 2
        return half, clip(half + 1 if z % 2 else half - 1, 0, count - 1)

    def correction(x: int, y: int) -> int:
        i, i2 = places(x, len(coarse[0]))
        j, j2 = places(y, len(coarse))
        total = 9 * coarse[j][i] + 3 * coarse[j][i2] + 3 * coarse[j2][i] + coarse[j2][i2]
        value, weight = scale.value[y][x], scale.weight[y][x]
        return divide(value * weight + divide(total, 16) * (16 - weight), 16)

    width, height = len(scale.value[0]), len(scale.value)
    return [[correction(x, y) for x in range(width)] for y in range(height)]
