"""FORMAT.md, section 10, Transform: the inverse DCT-II or DST-VII of a block."""

from functools import cache
from operator import mul

from reference.conventions import clip
from reference.levels import Block

FIRST = {4: 512, 8: 362, 16: 256, 32: 181, 64: 128}  # K[0][x]
COSINES = {
    4: (724, 669, 512, 277, 0),
    8: (512, 502, 473, 426, 362, 284, 196, 100, 0),
    16: (362, 360, 355, 346, 334, 319, 301, 280, 256, 230, 201, 171, 139, 105, 71, 35, 0),
    32: (
        *(256, 256, 255, 253, 251, 248, 245, 241, 237, 231, 226, 220, 213, 206, 198, 190, 181),
        *(172, 162, 152, 142, 132, 121, 109, 98, 86, 74, 62, 50, 38, 25, 13, 0),
    ),
    64: (
        *(181, 181, 181, 181, 180, 180, 179, 178, 178, 177, 176, 174, 173, 172, 170, 169, 167),
        *(165, 164, 162, 160, 158, 155, 153, 151, 148, 145, 143, 140, 137, 134, 131, 128, 125),
        *(122, 118, 115, 111, 108, 104, 101, 97, 93, 89, 85, 81, 77, 73, 69, 65, 61, 57, 53, 48),
        *(44, 40, 35, 31, 27, 22, 18, 13, 9, 4, 0),
    ),
}
SINES = {
    4: (0, 233, 439, 591, 672),
    8: (0, 91, 179, 261, 335, 396, 445, 478, 495),
    16: (0, 34, 67, 100, 133, 163, 193, 220, 246, 269, 290, 309, 324, 337, 346, 353, 356),
    32: (
        *(0, 12, 25, 37, 49, 61, 73, 84, 96, 107, 118, 129, 139, 149, 159, 168, 177, 186, 194),
        *(202, 209, 216, 222, 228, 233, 238, 242, 245, 248, 250, 252, 253, 254),
    ),
}


@cache
def kernel(n: int, sine: bool) -> list[list[int]]:
    """Return K of the DST-VII (`sine`) or the DCT-II, by frequency and place."""
    basis = dst if sine else dct
    return [[basis(n, k, x) for x in range(n)] for k in range(n)]


def dct(n: int, k: int, x: int) -> int:
    """Return `K[k][x]` of the DCT-II."""
    if k == 0:
        return FIRST[n]
    c = COSINES[n]
    a = (2 * x + 1) * k % (4 * n)
    if a <= n:
        return c[a]
    if a <= 2 * n:
        return -c[2 * n - a]
    if a <= 3 * n:
        return -c[a - 2 * n]
    return c[4 * n - a]


def dst(n: int, k: int, x: int) -> int:
    """Return `K[k][x]` of the DST-VII."""
    s = SINES[n]
    count = 2 * n + 1  # N of the document
    a = (2 * k + 1) * (x + 1) % (2 * count)
    if a < count:
        return s[min(a, count - a)]
    return -s[min(a - count, 2 * count - a)]


@cache
def by_place(n: int, sine: bool) -> list[tuple[int, ...]]:
    """Return `K[.][x]` for each x."""
    return list(zip(*kernel(n, sine), strict=True))


def inverse(coefficients: Block, sine: bool) -> Block:
    """Return the residual of a block."""
    n = len(coefficients)
    rows = by_place(n, sine)
    half = [[0] * n for _ in range(n)]
    for u, column in enumerate(zip(*coefficients, strict=True)):
        if any(column):
            for y in range(n):
                total = sum(map(mul, rows[y], column))
                half[y][u] = clip((total + 128) >> 8, -32768, 32767)
    return [[(sum(map(mul, row, rows[x])) + 8192) >> 14 for x in range(n)] for row in half]
