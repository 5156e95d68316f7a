"""FORMAT.md, section 11, Prediction of a block from the decoded samples around it."""

from collections.abc import Callable
from dataclasses import dataclass

from reference.conventions import Plane, clip255
from reference.levels import Block

PLANAR, DC, FIRST_DIRECTION, DIRECTIONS = 0, 1, 2, 32  # luma modes
RIGHT, DOWN, LAST_MODE = 9, 25, 33
DISPLACEMENTS = (
    *(26, 21, 17, 13, 9, 5, 2, 0, -2, -5, -9, -13, -17, -21, -26, -32),
    *(-26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32),
)
TAPS = (
    *((0, 64, 0, 0), (-1, 64, 1, 0), (-2, 64, 2, 0), (-2, 62, 4, 0)),
    *((-3, 61, 6, 0), (-4, 61, 8, -1), (-4, 59, 10, -1), (-4, 57, 12, -1)),
    *((-5, 56, 15, -2), (-5, 54, 17, -2), (-5, 51, 20, -2), (-5, 49, 22, -2)),
    *((-5, 47, 25, -3), (-5, 44, 28, -3), (-4, 41, 30, -3), (-4, 39, 33, -4)),
    *((-4, 36, 36, -4), (-4, 33, 39, -4), (-3, 30, 41, -4), (-3, 28, 44, -5)),
    *((-3, 25, 47, -5), (-2, 22, 49, -5), (-2, 20, 51, -5), (-2, 18, 53, -5)),
    *((-2, 15, 56, -5), (-1, 12, 57, -4), (-1, 10, 59, -4), (-1, 9, 60, -4)),
    *((0, 5, 62, -3), (0, 3, 63, -2), (0, 3, 63, -2), (0, 1, 64, -1)),
)
NEAREST = {8: 7, 16: 1, 32: 0, 64: 0}  # side -> directions no farther from an axis are not smooth


@dataclass(frozen=True)
class Border:
    """The samples around a block from its corner on."""

    top: list[int]
    left: list[int]


def border_of(rec: Plane, available: Callable[[int, int], bool], x: int, y: int, n: int) -> Border:
    """Section 11, Border, of the block of side n at (x, y)."""
    column = [(x - 1, y + i) for i in range(2 * n - 1, -1, -1)]
    row = [(x + i, y - 1) for i in range(2 * n)]
    places = (*column, (x - 1, y - 1), *row)
    line = [rec[j][i] if available(i, j) else None for i, j in places]
    value = next((sample for sample in line if sample is not None), 128)
    filled = []
    for sample in line:
        value = value if sample is None else sample
        filled.append(value)
    return Border(filled[2 * n :], filled[2 * n :: -1])


def predict(mode: int, border: Border, n: int, smooth: bool) -> Block:
    """Return the prediction with a luma mode, 0..33. `smooth` is true for luma."""
    if mode == PLANAR:
        if smooth and n > 4:
            border = Border(softened(border.top, n), softened(border.left, n))
        return flat(border, n, planar=True)
    if mode == DC:
        return flat(border, n, planar=False)
    oblique = min(abs(mode - RIGHT), abs(mode - DOWN))
    return direction(border, mode - FIRST_DIRECTION, n, smooth and n > 4 and oblique > NEAREST[n])


# ---- Planar and DC -----------------------------------------------------------------------------
def softened(side: list[int], n: int) -> list[int]:
    """Return `top'` or `left'`, of which the corner is not used."""
    return [
        side[0],
        *((side[i - 1] + 2 * side[i] + side[i + 1] + 2) >> 2 for i in range(1, n + 2)),
    ]


def flat(border: Border, n: int, planar: bool) -> Block:
    """Section 11, Planar and DC."""
    top, left = border.top, border.left
    k = n.bit_length() - 1
    h = (2 * k - 2) >> 2
    v = (n + sum(top[1 : n + 1]) + sum(left[1 : n + 1])) >> (k + 1)
    block = [[0] * n for _ in range(n)]
    for y in range(n):
        wt = 32 >> min((2 * y) >> h, 31)
        for x in range(n):
            wl = 32 >> min((2 * x) >> h, 31)
            if planar:
                across = (n - 1 - x) * left[y + 1] + (x + 1) * top[n + 1]
                down = (n - 1 - y) * top[x + 1] + (y + 1) * left[n + 1]
                v = (across + down + n) >> (k + 1)
            mixed = left[y + 1] * wl + top[x + 1] * wt + (64 - wl - wt) * v
            block[y][x] = clip255((mixed + 32) >> 6)
    return block


# ---- Directions --------------------------------------------------------------------------------
def direction(border: Border, d: int, n: int, smooth: bool) -> Block:
    """Section 11, Directions."""
    from_above = d >= DIRECTIONS // 2
    main, side = (border.top, border.left) if from_above else (border.left, border.top)
    displacement = DISPLACEMENTS[d]
    block = slide(main, side, displacement, n, smooth)
    if displacement >= 0:
        mix_side(block, side, displacement)
    return block if from_above else [list(column) for column in zip(*block, strict=True)]


def slide(main: list[int], side: list[int], displacement: int, n: int, smooth: bool) -> Block:
    """Return the block before samples near `side` are mixed with it."""
    ref = dict(enumerate(main))
    ref[2 * n + 1] = ref[2 * n + 2] = main[2 * n]
    for i in range(1, n + 3):
        if displacement < 0:
            inverse = (8192 + -displacement // 2) // -displacement
            ref[-i] = side[min((i * inverse + 128) >> 8, 2 * n)]
        else:
            ref[-i] = side[1]
    block = [[0] * n for _ in range(n)]
    for y in range(n):
        a = (y + 1) * displacement
        g = (a & 31) >> 1
        taps = (16 - g, 32 - g, 16 + g, g) if smooth else TAPS[a & 31]
        for x in range(n):
            j = (a >> 5) + 1 + x
            total = sum(tap * ref[j - 1 + i] for i, tap in enumerate(taps))
            block[y][x] = clip255((total + 32) >> 6)
    return block


def mix_side(block: Block, side: list[int], displacement: int) -> None:
    """Mix samples near `side` with it."""
    n = len(block)
    k = n.bit_length() - 1
    inverse = 0
    if displacement == 0:
        h = (2 * k - 2) >> 2
    else:
        inverse = (16384 + displacement // 2) // displacement
        h = min(2, k + 9 - (3 * inverse - 2).bit_length())
        if h < 0:
            return
    for y, row in enumerate(block):
        for x in range(min(n, 3 << h)):
            w = 32 >> ((2 * x) >> h)
            if displacement == 0:
                s = row[x] + side[y + 1] - side[0]
            else:
                s = side[min(y + 1 + (((x + 1) * inverse + 256) >> 9), 2 * n)]
            row[x] = clip255((s * w + (64 - w) * row[x] + 32) >> 6)
