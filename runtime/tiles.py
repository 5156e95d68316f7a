"""Pictures of any size through networks: cut into overlapping windows, painted, blended.

The value of a pixel depends on the picture and the plan alone, not on how windows are batched, as
sums are taken in the order of the plan. A picture is finished in strips from the top, so that the
memory needed depends on the windows, not on the picture.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc.arrays import Floats
from ablc.regions import Region

MULTIPLE = 64  # sides and corners of windows are multiples of it
WHOLE_MOST = 3 << 19  # pixels, at most, of a picture that a CPU takes in one piece
OVERLAP = 64  # of neighbouring windows, pixels; networks see about half as far


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, which may extend beyond the right and lower border; in pixels."""

    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class WindowPlan:
    """How a picture is cut into windows."""

    height: int  # of the picture, pixels
    width: int
    rows: tuple[int, ...]  # tops of the windows
    columns: tuple[int, ...]  # left ends of the windows
    side: tuple[int, int]  # height and width of every window

    @property
    def whole(self) -> bool:
        """True if one window has the whole picture."""
        return len(self.rows) == len(self.columns) == 1

    @property
    def region(self) -> Region:
        """The part of the picture that the windows cover together."""
        y, x = self.rows[0], self.columns[0]
        bottom, right = self.rows[-1] + self.side[0], self.columns[-1] + self.side[1]
        return Region(x, y, min(right, self.width) - x, min(bottom, self.height) - y)

    def windows_at(self, y: int) -> list[Window]:
        """Return the windows of a row, from the left."""
        return [Window(y, x, *self.side) for x in self.columns]


def plan(
    height: int, width: int, *, whole: int, tile: int, multiple: int = MULTIPLE, even: bool = False
) -> WindowPlan:
    """Return a plan of one window for a picture of up to whole pixels, else of several.

    height, width: of the picture in pixels; tile: side of one of several windows in pixels;
    multiple: divides the sides of a single window; both are multiples of MULTIPLE. even: windows
    may be smaller than tile, so that those of a row or column share a picture evenly.
    """
    if height * width <= whole:
        side = (_up(height, multiple), _up(width, multiple))
        return WindowPlan(height, width, (0,), (0,), side)
    padded = _up(height, MULTIPLE), _up(width, MULTIPLE)
    sides = [_share(length, tile) if even else tile for length in padded]
    rows, columns = (_starts(*pair) for pair in zip(padded, sides, strict=True))
    return WindowPlan(height, width, rows, columns, (sides[0], sides[1]))


def part_of(plan: WindowPlan, region: Region) -> WindowPlan:
    """Return a plan of the same picture with only those windows that a region needs."""
    x, y, width, height = region
    return WindowPlan(
        plan.height,
        plan.width,
        tuple(top for top in plan.rows if top < y + height and y < top + plan.side[0]),
        tuple(left for left in plan.columns if left < x + width and x < left + plan.side[1]),
        plan.side,
    )


class Blend:
    """Blends painted windows, one row of windows after another.

    The weight of a window rises like a cosine over the overlap with another window.
    """

    def __init__(self, plan: WindowPlan, channels: int = 3) -> None:
        self._plan = plan
        self._left, right = plan.columns[0], plan.columns[-1] + plan.side[1]
        shape = (plan.side[0], right - self._left)
        self._sum = np.zeros((channels, *shape), np.float32)
        self._weight = np.zeros(shape, np.float32)
        self._ramps = {x: _ramp(plan.columns, x, plan.side[1]) for x in plan.columns}

    def strips(self, rows: Iterable[Iterable[Floats]]) -> Iterator[tuple[int, Floats]]:
        """Yield finished strips: their tops, and (C, h, w) from the plan's left end on.

        rows: painted windows, (C, height, width) each, by the plan's rows, from the left. A strip
        is valid until the next one is requested.
        """
        tops = self._plan.rows
        height, width = self._plan.side
        for i, (top, painted) in enumerate(zip(tops, rows, strict=True)):
            down = _ramp(tops, top, height)[:, np.newaxis]
            for x, window in zip(self._plan.columns, painted, strict=True):
                weight = down * self._ramps[x]
                at = np.s_[:, x - self._left : x - self._left + width]
                self._sum[(slice(None), *at)] += weight * window
                self._weight[at] += weight
            done = tops[i + 1] - top if i + 1 < len(tops) else height
            strip = self._sum[:, :done]
            strip /= self._weight[:done]
            yield top, strip
            for sums in (self._sum, self._weight):
                sums[..., : height - done, :] = sums[..., done:, :]
                sums[..., height - done :, :] = 0


def _up(n: int, multiple: int) -> int:
    """Return the smallest multiple that is at least n."""
    return -(-n // multiple) * multiple


def _share(length: int, tile: int) -> int:
    """Return the side of the fewest equal windows, at most tile each, that cover a length."""
    count = max(1, -(-(length - OVERLAP) // (tile - OVERLAP)))
    return _up(-(-(length + (count - 1) * OVERLAP) // count), MULTIPLE)


def _starts(length: int, tile: int) -> tuple[int, ...]:
    """Return the starts of windows along a side; all but the last two overlap by OVERLAP."""
    if length <= tile:
        return (0,)
    stride = tile - OVERLAP
    return (*range(0, length - tile, stride), length - tile)


def _ramp(starts: tuple[int, ...], start: int, side: int) -> Floats:
    """Return (side,) weights along a side, above 0; 1 where there is no other window."""
    weight = np.ones(side)
    index = starts.index(start)
    if index > 0:
        shared = starts[index - 1] + side - start
        weight[:shared] *= _rise(shared)
    if index + 1 < len(starts):
        shared = start + side - starts[index + 1]
        weight[side - shared :] *= _rise(shared)[::-1]
    return weight.astype(np.float32)


def _rise(count: int) -> npt.NDArray[np.float64]:
    """Return a raised cosine from 0 to 1, at the middles of count pixels."""
    return (1 - np.cos(np.pi * (np.arange(count) + 0.5) / count)) / 2
