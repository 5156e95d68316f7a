"""FORMAT.md, section 13, Refinement of luma."""

from functools import cache
from typing import Any

from reference.conventions import (
    Plane,
    Window,
    ceil_divide,
    clip,
    clip255,
    crop,
    extended,
    filled,
    paste,
    square,
)
from reference.initial_models import band
from reference.mask import step_of
from reference.squares import CELL, Cell
from reference.tables import table

BLOCK = 4  # side of the blocks that share a filter
REACH = 3  # of the filter
WINDOW = BLOCK + 2 * REACH
BEYOND = BLOCK + REACH - 1  # the farthest from the picture that a sample of a window can lie
SUMMED = 8  # side of the squares that second differences are summed over
BEFORE = 2  # how far such a square begins before its block
PAIRS = (
    *((0, -3), (-1, -2), (0, -2), (1, -2), (-2, -1), (-1, -1)),
    *((0, -1), (1, -1), (2, -1), (-3, 0), (-2, 0), (-1, 0)),
)
ACROSS, DOWN, FALLING, RISING = (1, 0), (0, 1), (1, 1), (-1, 1)


def refine(luma: Plane, cells: list[list[Cell]], q: int) -> Plane:
    """Return the refined luma of a picture with the header's step q."""
    width, height = len(luma[0]), len(luma)
    blocks = filled(ceil_divide(width, BLOCK) * BLOCK, ceil_divide(height, BLOCK) * BLOCK)
    samples = extended(luma, BEYOND)
    differences = [
        extended(second_differences(luma, *along), BEYOND)
        for along in (ACROSS, DOWN, FALLING, RISING)
    ]
    for y in range(0, height, BLOCK):
        for x in range(0, width, BLOCK):
            step = step_of(q, cells[y // CELL][x // CELL].offset)
            before = BEYOND - BEFORE
            sums = [
                sum(map(sum, square(plane, x + before, y + before, SUMMED)))
                for plane in differences
            ]
            window = square(samples, x + BEYOND - REACH, y + BEYOND - REACH, WINDOW)
            paste(blocks, x, y, refine_block(window, step, class_of(*sums)))
    return crop(blocks, width, height)


def second_differences(luma: Plane, dx: int, dy: int) -> Plane:
    """Return `|2 v(x, y) - a - b|` at every sample, a and b on both sides along (dx, dy)."""
    v = extended(luma, 1)
    width, height = len(luma[0]), len(luma)

    def shifted(y: int, x: int) -> list[int]:
        return v[y + 1][x + 1 : x + 1 + width]

    return [
        [
            abs(2 * sample - a - b)
            for sample, a, b in zip(luma[y], shifted(y - dy, -dx), shifted(y + dy, dx), strict=True)
        ]
        for y in range(height)
    ]


def class_of(across: int, down: int, falling: int, rising: int) -> int:
    """Section 13, Class, 0..44."""
    z = across + down
    strength = (z >= 128) + (z >= 256) + (z >= 512) + (z >= 1024)
    s1, s0 = max(across, down), min(across, down)
    o1, o0 = max(falling, rising), min(falling, rising)
    straight = s1 * o0 > o1 * s0
    first, second = (across, down) if straight else (falling, rising)
    larger, smaller = max(first, second), min(first, second)
    direction = (0 if straight else 2) + (0 if first > second else 1)
    if 2 * larger <= 3 * smaller:
        return 9 * strength
    return 9 * strength + 1 + 2 * direction + (larger > 3 * smaller)


@cache  # large flat areas repeat a few windows
def refine_block(window: Window, step: int, class_: int) -> Plane:
    """Section 13, Filter: the block in the middle of a window."""
    w = filters()[band(step)][class_]
    r = clip((3 * step + 80) // 160, 2, 60)

    def refined(x: int, y: int) -> int:
        v = window[y][x]
        total = 64
        for weight, (dx, dy) in zip(w, PAIRS, strict=True):
            a, b = window[y + dy][x + dx], window[y - dy][x - dx]
            total += weight * (clip(a - v, -r, r) + clip(b - v, -r, r))
        return clip255(v + (total >> 7))

    block = range(REACH, REACH + BLOCK)
    return [[refined(x, y) for x in block] for y in block]


@cache
def filters() -> Any:
    """Return the weights by band and class."""
    return table("refine_tables.inc", "kRefine")
