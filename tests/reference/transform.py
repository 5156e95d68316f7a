"""FORMAT.md, section 12, Transform: the inverse DCT of a block."""

from functools import cache
from operator import mul

from reference.conventions import clip
from reference.levels import Block

FIRST = {8: 362, 16: 256, 32: 181}  # K[0][x]
COSINES = {
    8: (512, 502, 473, 426, 362, 284, 196, 100, 0),
    16: (362, 360, 355, 346, 334, 319, 301, 280, 256, 230, 201, 171, 139, 105, 71, 35, 0),
    32: (
        *(256, 256, 255, 253, 251, 248, 245, 241, 237, 231, 226, 220, 213, 206, 198, 190, 181),
        *(172, 162, 152, 142, 132, 121, 109, 98, 86, 74, 62, 50, 38, 25, 13, 0),
    ),
}


@cache
def kernel(n: int) -> list[list[int]]:
    """Return K, by frequency and place."""
    return [[basis(n, k, x) for x in range(n)] for k in range(n)]


def basis(n: int, k: int, x: int) -> int:
    """Return `K[k][x]`."""
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


def inverse(coefficients: Block) -> Block:
    """Return the residual of a block."""
    n = len(coefficients)
    by_place = list(zip(*kernel(n), strict=True))  # K[.][x] for each x
    half = [[0] * n for _ in range(n)]
    for u, column in enumerate(zip(*coefficients, strict=True)):
        if any(column):
            for y in range(n):
                total = sum(map(mul, by_place[y], column))
                half[y][u] = clip((total + 128) >> 8, -32768, 32767)
    return [[(sum(map(mul, row, by_place[x])) + 8192) >> 14 for x in range(n)] for row in half]
