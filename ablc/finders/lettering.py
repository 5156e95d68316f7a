"""Text: rows of strokes alike in height, width and brightness, on a quieter ground.

Letters are connected components of a local threshold, once dark ones and once bright ones. Chains
of neighbours that are alike are lines; a line is text if its letters stand in a straight row,
densely, differ in shape, and if there is less detail above and below them than in them.
"""

from dataclasses import dataclass, fields
from types import ModuleType

import numpy as np
import numpy.typing as npt

from ablc.arrays import Flags, Pixels
from ablc.errors import FinderError
from ablc.finders.reduced import Box, fill, opencv, reduced

SIDE = 1024  # longest side of the reduced picture
WINDOW, THRESHOLD = 41, 18  # side of the local threshold's window, pixels; distance from its mean
SMALLEST = 7  # height of a letter
LETTERS = 1500  # at most, the largest: their distances are compared pair by pair
STEEPEST = 0.35  # slope of a line
MARGIN = 0.4  # of a line's height, added on all sides

Grey = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """Components that might be letters: one number of each for every letter, pixels and levels."""

    left: Numbers
    top: Numbers
    width: Numbers
    height: Numbers
    fill: Numbers  # share of its box that a letter covers
    stroke: Numbers  # mean width of its strokes
    level: Numbers  # mean grey level
    ground: Numbers  # mean grey level around them in its box

    def __getitem__(self, index: npt.NDArray[np.generic]) -> "Letters":
        return Letters(*(getattr(self, field.name)[index] for field in fields(self)))

    @property
    def contrast(self) -> Numbers:
        """Grey levels between the letters and their ground."""
        return self.ground - self.level

    def __len__(self) -> int:
        return len(self.left)

    @property
    def box(self) -> Box:
        """The box around all of them."""
        right, bottom = self.left + self.width, self.top + self.height
        return self.left.min(), self.top.min(), right.max(), bottom.max()


@dataclass(frozen=True, slots=True)
class Line:
    """A chain of letters, with what tells text from bricks, leaves and railings."""

    box: Box
    letters: int
    height: float  # median of its letters'
    slope: float
    straightness: tuple[
        float, float
    ]  # distance of middles and feet from a line, in heights, sorted
    density: float  # widths of its letters over its own
    uneven: float  # deviation of the letters' levels, over their contrast
    strokes: float  # deviation of the width of their strokes, over its mean
    shapes: float  # deviation of their widths over heights
    bars: float  # share of letters that are nothing but an upright bar
    quiet: float  # detail in the letters over detail above and below them

    def is_text(self) -> bool:
        """True if the line is text for certain, or nearly so."""
        if abs(self.slope) > STEEPEST or not 0.6 <= self.density <= 1.15:
            return False
        if self.bars > 0.5 or self.shapes < 0.04:
            return False
        best, worst = self.straightness
        if self.letters >= 5 and best <= 0.06 and worst < 0.15:
            return self.uneven <= 0.13 and self.strokes <= 0.13 and self.quiet > 1.3
        straight = self.letters >= 4 and best <= 0.05 and worst < 0.125
        return straight and self.uneven <= 0.1 and self.strokes <= 0.13 and self.quiet > 2

    def may_continue(self, other: "Line") -> bool:
        """True if the line might be text, lies beside a line of text, and is like it."""
        if self.straightness[0] > 0.15 or self.uneven > 0.2 or self.strokes > 0.25:
            return False
        if max(self.height, other.height) > 2 * min(self.height, other.height):
            return False
        apart = [
            max(self.box[i], other.box[i]) - min(self.box[i + 2], other.box[i + 2]) for i in (0, 1)
        ]
        return max(apart) < 2 * other.height


def text(pixels: Pixels) -> Flags:
    """Return a mask (H, W) of what looks like lines of text, level ones or a little inclined.

    Raises FinderError unless OpenCV is installed.
    """
    cv2 = opencv()
    if cv2 is None:
        raise FinderError("the finder text needs OpenCV: pip install 'ablc[schemes]'")
    picture = reduced(pixels, "L", side=SIDE)
    grey = cv2.GaussianBlur(np.asarray(picture), (3, 3), 0)
    detail = np.abs(cv2.Sobel(grey, cv2.CV_32F, 1, 0)) + np.abs(cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    lines = [
        line
        for levels in (grey, 255 - grey)  # dark letters, then bright ones
        for line in _lines(_letters(cv2, levels), detail)
    ]
    scale = max(pixels.shape[:2]) / max(picture.size)
    return fill(map(_with_margin, _texts(lines)), pixels.shape[:2], scale)


def _texts(lines: list[Line]) -> list[Line]:
    """Return the lines that are text for certain, and those that continue them, and so on."""
    texts = [line for line in lines if line.is_text()]
    others = [line for line in lines if not line.is_text()]
    for text in texts:  # grows meanwhile
        texts += [line for line in others if line.may_continue(text)]
        others = [line for line in others if not line.may_continue(text)]
    return texts


def _letters(cv2: ModuleType, grey: Grey) -> Letters:
    """Return the dark components of a picture (H, W) that have the size and contrast of letters."""
    height, width = grey.shape
    dark = cv2.adaptiveThreshold(
        grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, WINDOW, THRESHOLD
    )
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    x, y, w, h, area = boxes.T.astype(np.int64)
    share = area / (w * h)
    fits = (h >= SMALLEST) & (h <= 0.4 * height) & (w <= 2.5 * h) & (area >= 2 * SMALLEST)
    fits &= (share > 0.12) & (share < 0.92)
    fits &= (x > 0) & (y > 0) & (x + w < width) & (y + h < height)
    fits[0] = False  # the ground
    labels = labels.ravel()
    depth = cv2.distanceTransform(dark, cv2.DIST_L2, 3).ravel()
    stroke = 4 * np.bincount(labels, depth, count) / np.maximum(area, 1)  # a strip's mean is 1/4
    level = np.bincount(labels, grey.ravel(), count) / np.maximum(area, 1)
    index = np.flatnonzero(fits & (stroke < 0.55 * h))
    index = index[np.argsort(-area[index], kind="stable")[:LETTERS]]
    ground, deviation = np.zeros((2, count))
    ground[index], deviation[index] = _ground(cv2, grey, dark == 0, boxes[index])
    contrast = ground - level
    index = index[(contrast > 28)[index] & (deviation < 0.6 * contrast)[index]]
    return Letters(
        *(values[index].astype(np.float64) for values in (x, y, w, h, share, stroke, level, ground))
    )


def _ground(
    cv2: ModuleType, grey: Grey, ground: Flags, boxes: npt.NDArray[np.int32]
) -> tuple[Numbers, Numbers]:
    """Return mean and deviation of the ground in boxes and 2 pixels around them."""
    height, width = grey.shape
    x, y, w, h = boxes[:, :4].T
    left, top = np.maximum(x - 2, 0), np.maximum(y - 2, 0)
    right, bottom = np.minimum(x + w + 2, width), np.minimum(y + h + 2, height)

    def sums(values: Numbers) -> Numbers:
        table = cv2.integral(values)
        of_boxes: Numbers = (
            table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
        )
        return of_boxes

    levels = np.where(ground, grey, 0).astype(np.float64)
    count = np.maximum(sums(ground.astype(np.float64)), 1)
    mean = sums(levels) / count
    return mean, np.sqrt(np.maximum(sums(levels * levels) / count - mean * mean, 0))


def _lines(letters: Letters, detail: npt.NDArray[np.float32]) -> list[Line]:
    """Return the chains of three letters and more."""
    chains = _chains(letters)
    numbers, counts = np.unique(chains, return_counts=True)
    return [_line(letters[chains == number], detail) for number in numbers[counts >= 3]]


def _chains(letters: Letters) -> npt.NDArray[np.int64]:
    """Return for every letter the number of its chain: the first letter of it."""
    chains = np.arange(len(letters))
    if len(letters) == 0:
        return chains
    linked = _linked(letters)
    while True:
        least = np.where(linked, chains, len(chains)).min(axis=1)
        joined = np.minimum(chains, least)
        joined = joined[joined]
        if (joined == chains).all():
            return chains
        chains = joined


def _linked(letters: Letters) -> Flags:
    """Return (N, N) flags: which letters stand beside each other and are alike."""

    def smaller(values: Numbers) -> Numbers:
        return np.minimum(values[:, None], values)

    def larger(values: Numbers) -> Numbers:
        return np.maximum(values[:, None], values)

    def apart(values: Numbers) -> Numbers:
        return np.abs(values[:, None] - values)

    height, least = larger(letters.height), smaller(letters.height)
    gap = larger(letters.left) - smaller(letters.left + letters.width)
    linked: Flags = (height < 1.9 * least) & (gap < 0.9 * height) & (gap > -0.4 * least)
    linked &= apart(letters.top + letters.height / 2) < 0.55 * height
    linked &= apart(letters.level) < 0.35 * smaller(letters.contrast) + 8
    linked &= larger(letters.stroke) < 1.7 * smaller(letters.stroke)
    return linked


def _line(letters: Letters, detail: npt.NDArray[np.float32]) -> Line:
    """Return the letters of one chain as a line, measured on the detail (H, W) of the picture."""
    height = float(np.median(letters.height))
    middle = letters.left + letters.width / 2
    slope, centre, from_middles = _fit(middle, letters.top + letters.height / 2)
    _, _, from_feet = _fit(middle, letters.top + letters.height)
    left, _, right, _ = letters.box
    columns = np.arange(int(left), int(right))
    row = centre + slope * (columns - middle.mean())

    def busy(first: float, last: float) -> float:  # from the row, in heights; down is positive
        rows = row + height * np.linspace(first, last, 4)[:, None]
        inside = np.clip(np.rint(rows), 0, detail.shape[0] - 1).astype(np.int64)
        return float(detail[inside, columns].mean())

    best, worst = sorted((from_middles / height, from_feet / height))
    around = (busy(-0.9, -0.65) + busy(0.65, 0.9)) / 2
    return Line(
        box=letters.box,
        letters=len(letters),
        height=height,
        slope=slope,
        straightness=(best, worst),
        density=float(letters.width.sum() / (right - left)),
        uneven=float(letters.level.std() / letters.contrast.mean()),
        strokes=float(letters.stroke.std() / letters.stroke.mean()),
        shapes=float((letters.width / letters.height).std()),
        bars=float(((letters.width < 0.45 * letters.height) & (letters.fill > 0.6)).mean()),
        quiet=busy(-0.35, 0.35) / max(around, 1e-6),
    )


def _fit(x: Numbers, y: Numbers) -> tuple[float, float, float]:
    """Return slope, mean and mean absolute distance of the straight line through points."""
    offset = x - x.mean()
    slope = float((offset * y).sum() / max((offset * offset).sum(), 1e-6))
    return slope, float(y.mean()), float(np.abs(y - y.mean() - slope * offset).mean())


def _with_margin(line: Line) -> Box:
    """Return the box of a line, widened on all sides."""
    left, top, right, bottom = line.box
    margin = MARGIN * line.height
    return left - margin, top - margin, right + margin, bottom + margin
