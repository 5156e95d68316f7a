"""FORMAT.md, section 13, Prediction of a block from P0 and what is decoded around it."""

from dataclasses import dataclass

from reference.conventions import Plane, clip, clip255, nearest
from reference.levels import Block

P0, FADE, FIRST_DIRECTION = 0, 1, 2  # luma modes
DOWN, RIGHT = 9, 26  # luma modes of the directions straight down and straight right
FROM_LUMA = {4: -4, 5: -2, 6: 2, 7: 4}  # chroma modes -> k
FADES = (45, 30, 20, 13, 9, 6, 4, 3, 2, 1, 1, 1)
DISPLACEMENTS = (
    *(-26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26, 32),
    *(-32, -26, -21, -17, -13, -9, -5, -2, 0, 2, 5, 9, 13, 17, 21, 26),
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
PART = 8  # side of the parts whose means are corrected


@dataclass(frozen=True)
class Place:
    """A block of a plane: P0 and decoded samples of the padded tile, its corner and its side."""

    p0: Plane
    rec: Plane
    x: int
    y: int
    n: int

    def p0_block(self) -> Block:
        """Return P0 of the block."""
        return [row[self.x : self.x + self.n] for row in self.p0[self.y : self.y + self.n]]


@dataclass(frozen=True)
class Border:
    """The samples around a block from its corner on, and their errors."""

    top: list[int]
    left: list[int]
    top_errors: list[int]
    left_errors: list[int]


def border_of(place: Place) -> Border:
    """Section 13, Border."""
    height, width = len(place.p0), len(place.p0[0])

    def sample_and_error(x: int, y: int) -> tuple[int, int]:
        if 0 <= x < width and 0 <= y < height:
            return place.rec[y][x], place.rec[y][x] - place.p0[y][x]
        return nearest(place.p0, x, y), 0

    steps = range(-1, 2 * place.n)
    top = [sample_and_error(place.x + i, place.y - 1) for i in steps]
    left = [sample_and_error(place.x - 1, place.y + i) for i in steps]
    return Border(
        [sample for sample, _ in top],
        [sample for sample, _ in left],
        [error for _, error in top],
        [error for _, error in left],
    )


def predict_luma(place: Place, mode: int) -> Block:
    """Return the prediction with a luma mode, 0..33."""
    if mode == P0:
        return place.p0_block()
    if mode == FADE:
        return fade(place)
    block = direction(border_of(place), mode - FIRST_DIRECTION, place.n)
    return correct_mean(block, place.p0_block())


def fade(place: Place) -> Block:
    """Section 13, Fade."""
    w = (*FADES, *[0] * place.n)
    border = border_of(place)
    te, le = border.top_errors, border.left_errors
    return [
        [
            clip255(p0 + ((te[x + 1] * w[y] + le[y + 1] * w[x] + 32) >> 6))
            for x, p0 in enumerate(row)
        ]
        for y, row in enumerate(place.p0_block())
    ]


def direction(border: Border, d: int, n: int) -> Block:
    """Section 13, Directions."""
    from_above = d < 16
    main, side = (border.top, border.left) if from_above else (border.left, border.top)
    displacement = DISPLACEMENTS[d]
    ref = dict(enumerate(main))
    ref[2 * n + 1] = ref[2 * n + 2] = main[2 * n]
    if displacement < 0:
        inverse = (8192 + -displacement // 2) // -displacement
        for i in range(1, n + 3):
            ref[-i] = side[min((i * inverse + 128) >> 8, 2 * n)]
    else:
        for i in range(1, n + 3):
            ref[-i] = side[1]

    block = [[0] * n for _ in range(n)]
    for y in range(n):
        a = (y + 1) * displacement
        taps = TAPS[a & 31]
        for x in range(n):
            j = (a >> 5) + 1 + x
            block[y][x] = (sum(taps[k] * ref[j - 1 + k] for k in range(4)) + 32) >> 6
    return block if from_above else [list(column) for column in zip(*block, strict=True)]


def correct_mean(block: Block, p0: Block) -> Block:
    """Section 13, Mean correction."""
    n = len(block)
    m = n // PART
    means = [[mean_error(block, p0, PART * i, PART * j) for i in range(m)] for j in range(m)]
    if m == 1:
        return [[clip255(sample - means[0][0]) for sample in row] for row in block]
    at = [clip(2 * x - 7, 0, 16 * (m - 1)) for x in range(n)]
    i = [min(a // 16, m - 2) for a in at]
    w = [at[x] - 16 * i[x] for x in range(n)]
    u = [[row[i[x]] * (16 - w[x]) + row[i[x] + 1] * w[x] for x in range(n)] for row in means]
    return [
        [
            clip255(block[y][x] - ((u[i[y]][x] * (16 - w[y]) + u[i[y] + 1][x] * w[y] + 128) >> 8))
            for x in range(n)
        ]
        for y in range(n)
    ]


def mean_error(block: Block, p0: Block, x: int, y: int) -> int:
    """Return `M` of the part at (x, y)."""
    part = range(PART)
    return (32 + sum(block[y + b][x + a] - p0[y + b][x + a] for b in part for a in part)) >> 6


# ---- Chroma ------------------------------------------------------------------------------------
def predict_chroma(place: Place, mode: int, luma_mode: int, luma: Place, shift: int) -> Block:
    """Return the prediction with a chroma mode, 0..7. `luma_mode` is that of the top left cell."""
    direction_of_luma = luma_mode if luma_mode >= FIRST_DIRECTION else DOWN
    if mode in (P0, FADE):
        return predict_luma(place, mode)
    if mode == 2:
        return predict_luma(place, direction_of_luma)
    if mode == 3:
        return predict_luma(place, DOWN if direction_of_luma == RIGHT else RIGHT)
    k = FROM_LUMA[mode]
    return [
        [
            clip255(p0 + ((k * luma_error(luma, place.x + x, place.y + y, shift) + 4) >> 3))
            for x, p0 in enumerate(row)
        ]
        for y, row in enumerate(place.p0_block())
    ]


def luma_error(luma: Place, x: int, y: int, shift: int) -> int:
    """Section 13, Chroma: `e` at a chroma sample."""
    side = 1 << shift
    total = sum(
        luma.rec[side * y + b][side * x + a] - luma.p0[side * y + b][side * x + a]
        for b in range(side)
        for a in range(side)
    )
    return (total + 2) >> 2 if shift else total
