"""FORMAT.md, section 8, Upsampling: P0, the prediction of a plane from its base."""

from functools import cache
from operator import mul

from reference.conventions import Plane, Window, clip255, filled, nearest, paste
from reference.tables import table

SIDE = 8  # of the samples that come of one sample of the base
REACH = range(-2, 3)  # of the 5x5 samples of the base that one is predicted with
BINOMIAL = (1, 2, 1)
CENTRE = 12  # of the 25 samples of a window, row by row


def upsample(base: Plane, x: int, y: int, width: int, height: int) -> Plane:
    """Return P0 of `width` by `height` samples of the base, from (x, y) on."""
    p0 = filled(SIDE * width, SIDE * height)
    for j in range(height):
        for i in range(width):
            window = tuple(tuple(nearest(base, x + i + a, y + j + b) for a in REACH) for b in REACH)
            paste(p0, SIDE * i, SIDE * j, predict_cell(window))
    return p0


def gradient_class(window: Window) -> int:
    """Section 8, Class of a base sample, 0..48."""
    g = [[(sample + 8) >> 4 for sample in row] for row in window]
    xx = xy = yy = 0
    for j in (1, 2, 3):
        for i in (1, 2, 3):
            above, row, below = g[j - 1], g[j], g[j + 1]
            gx = above[i + 1] - above[i - 1] + 2 * (row[i + 1] - row[i - 1])
            gx += below[i + 1] - below[i - 1]
            gy = below[i - 1] - above[i - 1] + 2 * (below[i] - above[i])
            gy += below[i + 1] - above[i + 1]
            weight = BINOMIAL[i - 1] * BINOMIAL[j - 1]
            xx += weight * gx * gx
            xy += weight * gx * gy
            yy += weight * gy * gy
    t, c, z = xx + yy, xx - yy, 2 * xy
    strength = (t >= 4096) + (t >= 65536) + (t >= 409600)
    if strength == 0:
        return 0
    coherent = int(25 * (c * c + z * z) > 14 * t * t)
    return 1 + (2 * (strength - 1) + coherent) * 8 + sector(c, z)


def sector(c: int, z: int) -> int:
    """Return the eighth of a turn that a gradient points to."""
    if 256 * abs(z) <= 106 * abs(c):
        return 0 if c >= 0 else 4
    if 256 * abs(c) <= 106 * abs(z):
        return 2 if z >= 0 else 6
    if z >= 0:
        return 1 if c >= 0 else 3
    return 7 if c >= 0 else 5


@cache
def filters() -> list[list[tuple[int, ...]]]:
    """Return the taps of each of the 64 samples of a cell, by class."""
    return [list(zip(*taps, strict=True)) for taps in table("upsample_tables.inc", "kUpsample8")]


@cache  # large flat areas repeat a few windows
def predict_cell(window: Window) -> Plane:
    """Section 8, Filter: the 8x8 samples of P0 for one sample of the base."""
    samples = [sample for row in window for sample in row]
    centre = samples.pop(CENTRE)
    differences = [sample - centre for sample in samples]
    block = [
        clip255((1024 * centre + 8192 + sum(map(mul, differences, taps))) >> 14)
        for taps in filters()[gradient_class(window)]
    ]
    return [block[at : at + SIDE] for at in range(0, SIDE * SIDE, SIDE)]


def activity(base: Plane, i: int, j: int) -> int:
    """Section 8, Activity of a luma base sample, 0..5."""
    around = [nearest(base, i + a, j + b) for b in (-1, 0, 1) for a in (-1, 0, 1)]
    d = max(around) - min(around)
    return (d >= 80) + (d >= 192) + (d >= 400) + (d >= 720) + (d >= 1280)
