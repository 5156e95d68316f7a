"""FORMAT.md, section 11, Prediction: chroma, by a mode of luma or from luma itself."""

from dataclasses import dataclass

from reference.conventions import Plane, clip, clip255, divide
from reference.levels import Block
from reference.prediction import DC, DOWN, LAST_MODE, PLANAR, RIGHT, Border, predict

LUMA_MODES = {1: PLANAR, 2: DC, 3: DOWN, 4: RIGHT}  # by chroma mode
FROM_LUMA, FROM_COLUMN, FROM_ROW = 5, 6, 7  # chroma modes


@dataclass(frozen=True)
class Luma:
    """Decoded luma around the block whose corner is at (x, y) of a chroma plane."""

    rec: Plane
    x: int
    y: int
    shift: int  # of the chroma plane

    def at(self, x: int, y: int) -> int:
        """Section 11, From luma: `Y(x, y)`."""
        x, y = self.x + x, self.y + y
        if self.shift == 0:
            return self.rec[y][x]
        total = sum(self.rec[2 * y + j][2 * x + i] for j in (0, 1) for i in (0, 1))
        return (total + 2) >> 2


def predict_chroma(mode: int, luma_mode: int, border: Border, luma: Luma, n: int) -> Block:
    """Return the prediction with a chroma mode, 0..7. `luma_mode` is that of the middle."""
    if mode == 0:
        return predict(luma_mode, border, n, smooth=False)
    if mode in LUMA_MODES:
        chosen = LUMA_MODES[mode]
        return predict(LAST_MODE if chosen == luma_mode else chosen, border, n, smooth=False)
    pairs: list[tuple[int, int]] = []
    if mode != FROM_COLUMN and luma.y > 0:
        pairs += [(luma.at(i, -1), border.top[i + 1]) for i in range(n)]
    if mode != FROM_ROW and luma.x > 0:
        pairs += [(luma.at(-1, i), border.left[i + 1]) for i in range(n)]
    slope, offset = fit(pairs)
    return [
        [clip255((slope * luma.at(x, y) + offset + 32) >> 6) for x in range(n)] for y in range(n)
    ]


def fit(pairs: list[tuple[int, int]]) -> tuple[int, int]:
    """Return `slope` and `offset` of the line through pairs of luma and chroma, in 1/64."""
    slope, offset = 0, 8192
    if pairs:
        m = len(pairs)
        p, c = (sum(values) for values in zip(*pairs, strict=True))
        spread = m * sum(a * a for a, _ in pairs) - p * p
        if spread > 0:
            product = m * sum(a * b for a, b in pairs) - p * c
            slope = clip(divide(product * 64, spread), -256, 256)
        offset = divide(c * 64 - slope * p, m)
    return slope, offset
