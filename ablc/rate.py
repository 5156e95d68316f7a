"""Rate control: the best stream that fits a given number of bytes.

The size of a stream falls as the step grows, close to a power law, so the step is sought by secants
on log(size) over log(step), at last inside a bracket of one step that is too large a stream and one
that fits. Fine steps are coarse dials (from 16 to 17 is 6 %): where two neighbouring steps enclose
the goal, the Lagrangian of the finer one closes the gap in the same way.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

STEP_MIN, STEP_MAX = 16, 16384  # 1/16 grey level
STEP_SLOPE = -1.2  # d log(size) / d log(step) of a photograph: a start, probes correct it
LAMBDA_SLOPE = -0.3  # d log(size) / d log(lambda_scale), likewise
LAMBDA_GRID = 64  # dial positions per doubling of lambda_scale
LAMBDA_MAX = 4 * LAMBDA_GRID  # lambda_scale 16
SLACK = 0.02  # a stream this much smaller than the target is good enough
PASSES = 10  # of either dial, at most
LEAPS = 5  # on one side of the target, before the end of the dial is asked

Code = Callable[[int, float], bytes]  # (step, lambda_scale) -> stream


def first_step(bpp: float) -> int:
    """Step to try first, in 1/16 grey level: what photographs need on average for bpp."""
    return min(max(round(230 * math.pow(bpp, -0.9)), STEP_MIN), STEP_MAX)


def hit_target(code: Code, target: int, *, start: int = 640) -> bytes:
    """Largest stream found of at most target bytes, and at least 0.98 target.

    Only where no setting falls in that window (a picture of a few pixels) it is smaller.
    Raises ValueError, naming the bound, if no step reaches target.
    """
    steps = _Dial(lambda step: code(step, 1.0), target, STEP_MIN, STEP_MAX, math.log, STEP_SLOPE)
    steps.turn(start)
    if steps.best is None:
        raise ValueError(
            f"the smallest stream of this picture has {steps.last} bytes, {target} were asked for"
        )
    if steps.done:
        return steps.best
    if steps.over is None:
        raise ValueError(
            f"the largest stream of this picture has {steps.last} bytes, {target} were asked for"
        )
    step, size = steps.over
    scales = _Dial(
        lambda position: code(step, 2 ** (position / LAMBDA_GRID)),
        target,
        0,
        LAMBDA_MAX,
        lambda position: position / LAMBDA_GRID * math.log(2),
        LAMBDA_SLOPE,
        over=(0, size),
        best=steps.best,
    )
    scales.turn(scales.leap(0, size))
    return scales.best or steps.best


@dataclass(slots=True)
class _Dial:
    """A whole-numbered setting that makes streams smaller as it grows, and what was tried of it."""

    code: Callable[[int], bytes]
    target: int  # bytes
    low: int
    high: int
    log: Callable[[int], float]  # place on the axis where log(size) is nearly straight
    slope: float  # of log(size) on that axis, below 0
    over: tuple[int, int] | None = None  # largest position known to exceed target, its bytes
    under: tuple[int, int] | None = None  # smallest position known to fit, its bytes
    best: bytes | None = None  # largest stream that fits
    last: int = 0  # bytes of the stream coded last
    done: bool = False  # best is within the slack

    def turn(self, position: int) -> None:
        """Codes at position and on, until best is good enough or nothing better can be found."""
        leaps = secants = 0
        for _ in range(PASSES):
            self._probe(position)
            if self.done:
                return
            if self.over and self.under:
                if self.under[0] - self.over[0] <= 1:
                    return
                position = self._inside(self.over, self.under, halve=secants % 3 == 2)
                secants += 1
            elif position == (self.low if self.under else self.high):
                return
            elif leaps == LEAPS:  # far off, or the picture hardly answers: ask the end of the dial
                position = self.low if self.under else self.high
            else:
                position = self.leap(position, self.last)
                leaps += 1

    def leap(self, position: int, size: int) -> int:
        """Next position where one side is known alone: as far as the slope says."""
        goal = self.log(position) + math.log(self._aim / size) / self.slope
        if size > self.target:
            return self._nearest(goal, min(position + 1, self.high), self.high)
        return self._nearest(goal, self.low, max(position - 1, self.low))

    @property
    def _aim(self) -> float:
        """Bytes in the middle of the slack."""
        return self.target * (1 - SLACK / 2)

    def _probe(self, position: int) -> None:
        known = self.over or self.under
        data = self.code(position)
        self.last = len(data)
        if known and known[0] != position and known[1] != self.last:
            run = self.log(position) - self.log(known[0])
            self.slope = min(max(math.log(self.last / known[1]) / run, -3), -0.1)
        if self.last > self.target:
            self.over = (position, self.last)
            return
        self.under = (position, self.last)
        if self.best is None or self.last > len(self.best):
            self.best = data
        self.done = self.last >= self.target * (1 - SLACK)

    def _inside(self, over: tuple[int, int], under: tuple[int, int], *, halve: bool) -> int:
        """Next position between two others: on the secant, or half-way lest it creeps."""
        (left, large), (right, small) = over, under
        part = 0.5 if halve else math.log(large / self._aim) / math.log(large / small)
        goal = self.log(left) + part * (self.log(right) - self.log(left))
        return self._nearest(goal, left + 1, right - 1)

    def _nearest(self, goal: float, low: int, high: int) -> int:
        """Position in low..high whose place on the axis is nearest to goal."""
        while low < high:
            middle = (low + high) // 2
            if self.log(middle) + self.log(middle + 1) < 2 * goal:
                low = middle + 1
            else:
                high = middle
        return low
