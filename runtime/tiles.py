"""Pictures of any size through networks of fixed tiles: overlapping windows, blended.

What a pixel becomes depends on the picture and the plan alone, not on how windows are batched: sums
are taken in the order of the plan. A picture is finished in strips from the top, so that memory
follows the tiles, not the picture.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc.regions import Region

Floats = npt.NDArray[np.float32]

MULTIPLE = 32  # of which windows and their corners are
WHOLE_MOST = 3 << 19  # pixels of a picture that a CPU takes in one piece
OVERLAP = 64  # pixels of two neighbours: half of it is about as far as a network's look reaches


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture; it may reach beyond the right and lower border."""

    y: int
    x: int
    height: int
    width: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How a picture is cut."""

    height: int  # of the picture, pixels
    width: int
    rows: tuple[int, ...]  # upper ends of the windows
    columns: tuple[int, ...]  # left ends
    side: tuple[int, int]  # height and width of every window

    @property
    def whole(self) -> bool:
        """One window has it all."""
        return len(self.rows) == len(self.columns) == 1

    @property
    def region(self) -> Region:
        """What all windows together have of the picture."""
        y, x = self.rows[0], self.columns[0]
        bottom, right = self.rows[-1] + self.side[0], self.columns[-1] + self.side[1]
        return Region(x, y, min(right, self.width) - x, min(bottom, self.height) - y)

    def windows_at(self, y: int) -> list[Window]:
        """The windows of a row of them, from the left."""
        return [Window(y, x, *self.side) for x in self.columns]


def plan(
    height: int, width: int, *, whole: int, tile: int, multiple: int = MULTIPLE, even: bool = False
) -> Plan:
    """One window for a picture of up to whole pixels, else tiles.

    tile: side of a window, pixels; multiple: of one that holds a whole picture; both multiples of
    MULTIPLE. even: windows may be smaller, so that those of a row or column share a picture evenly.
    """
    if height * width <= whole:
        side = (_up(height, multiple), _up(width, multiple))
        return Plan(height, width, (0,), (0,), side)
    padded = _up(height, MULTIPLE), _up(width, MULTIPLE)
    sides = [_share(length, tile) if even else tile for length in padded]
    rows, columns = (_starts(*pair) for pair in zip(padded, sides, strict=True))
    return Plan(height, width, rows, columns, (sides[0], sides[1]))


def part_of(plan: Plan, region: Region) -> Plan:
    """Those windows of a plan that a region of the picture takes, as a plan of the same picture."""
    x, y, width, height = region
    return Plan(
        plan.height,
        plan.width,
        tuple(top for top in plan.rows if top < y + height and y < top + plan.side[0]),
        tuple(left for left in plan.columns if left < x + width and x < left + plan.side[1]),
        plan.side,
    )


class Blend:
    """Puts painted windows together, row of windows by row of windows.

    Next to another window a window's weight rises like a cosine over what they share.
    """

    def __init__(self, plan: Plan, channels: int = 3) -> None:
        self._plan = plan
        self._left, right = plan.columns[0], plan.columns[-1] + plan.side[1]
        shape = (plan.side[0], right - self._left)
        self._sum = np.zeros((channels, *shape), np.float32)
        self._weight = np.zeros(shape, np.float32)
        self._ramps = {x: _ramp(plan.columns, x, plan.side[1]) for x in plan.columns}

    def strips(self, rows: Iterable[Iterable[Floats]]) -> Iterator[tuple[int, Floats]]:
        """Finished strips: their upper ends, and (C, h, w) from the plan's left end on.

        rows: painted windows, (C, height, width) each, by the plan's rows, from the left. A strip
        is good until the next one is asked for.
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
            for kept in (self._sum, self._weight):
                kept[..., : height - done, :] = kept[..., done:, :]
                kept[..., height - done :, :] = 0


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _share(length: int, tile: int) -> int:
    """The side of as few windows of at most tile as cover a length, all of one size."""
    count = max(1, -(-(length - OVERLAP) // (tile - OVERLAP)))
    return _up(-(-(length + (count - 1) * OVERLAP) // count), MULTIPLE)


def _starts(length: int, tile: int) -> tuple[int, ...]:
    """Where windows begin along a side; all but the last two are OVERLAP into each other."""
    if length <= tile:
        return (0,)
    stride = tile - OVERLAP
    return (*range(0, length - tile, stride), length - tile)


def _ramp(starts: tuple[int, ...], start: int, side: int) -> Floats:
    """(side,) weights along a side, above 0; 1 where no other window reaches."""
    weight = np.ones(side)
    place = starts.index(start)
    if place > 0:
        shared = starts[place - 1] + side - start
        weight[:shared] *= _rise(shared)
    if place + 1 < len(starts):
        shared = start + side - starts[place + 1]
        weight[side - shared :] *= _rise(shared)[::-1]
    return weight.astype(np.float32)


def _rise(count: int) -> npt.NDArray[np.float64]:
    """A raised cosine from 0 to 1, at the middles of count pixels."""
    return (1 - np.cos(np.pi * (np.arange(count) + 0.5) / count)) / 2
