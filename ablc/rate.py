"""Finding the settings that make a stream as large as asked for.

A stream's size falls as the step grows. A forecast from the picture says where to begin; what each
encode shows of the forecast's error corrects it, so that two or three encodes suffice as a rule.
Fine steps are coarse dials (from 16 to 17 is 6 %): where two neighbouring steps enclose the goal,
the Lagrangian of the finer one closes the gap in the same way.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

STEP_MIN, STEP_MAX = 16, 16384  # 1/16 grey level
LAMBDA_SLOPE = -0.3  # d log(size) / d log(lambda_scale): a start, encodes correct it
LAMBDA_GRID = 1024  # dial positions per doubling of lambda_scale
LAMBDA_MAX = 4 * LAMBDA_GRID  # lambda_scale 16
SLACK = 0.02  # a stream this much smaller than the target is good enough
AIM = 0.012  # how much smaller than the target encodes try to be
PASSES = 16  # of either dial, at most; photographs take two to four
NEAR, NOISE = 0.04, 0.06  # of log(step): encodes this close agree; a tilt on less is noise
TILT_MOST = 0.8  # of the forecast's slope: how much encodes may change it

Code = Callable[[int, float], bytes]  # (step, lambda_scale) -> stream
Forecast = Callable[[float], float]  # step -> bytes of what the step governs


def hit_target(
    code: Code, target: int, forecast: Forecast, fixed: Callable[[bytes], int] = lambda _: 0
) -> bytes:
    """Largest stream found of at most target bytes, and at least 0.98 target.

    fixed: bytes of a stream that no step changes. Only where no setting falls in that window (a
    picture of a few pixels) the stream is smaller.
    Raises ValueError, naming the bound, if no step reaches target.
    """
    steps = _Dial(
        lambda step: code(step, 1.0), target, STEP_MIN, STEP_MAX, forecast, math.log, fixed
    )
    steps.turn()
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
        lambda position: size * 2 ** (LAMBDA_SLOPE * position / LAMBDA_GRID),
        lambda position: position / LAMBDA_GRID,
        fixed,
        over=(0, size),
        best=steps.best,
    )
    scales.turn()
    return scales.best or steps.best


@dataclass(slots=True)
class _Dial:
    """A whole-numbered setting that makes streams smaller as it grows, and what was tried of it."""

    code: Callable[[int], bytes]
    target: int  # bytes
    low: int
    high: int
    forecast: Forecast
    axis: Callable[[int], float]  # place where the log of forecast is nearly straight
    fixed: Callable[[bytes], int]
    over: tuple[int, int] | None = None  # largest position known to exceed target, its bytes
    under: tuple[int, int] | None = None  # smallest position known to fit, its bytes
    best: bytes | None = None  # largest stream that fits
    last: int = 0  # bytes of the stream coded last
    done: bool = False  # best is within the slack
    errors: list[tuple[float, float]] = field(default_factory=list)  # (axis, log(size / forecast))
    still: int = 0  # bytes that the dial does not change, as seen last

    def turn(self) -> None:
        """Codes until best is good enough or nothing better can be found."""
        for _ in range(PASSES):
            position = self._next()
            if position is None:
                return
            self._probe(position)
            if self.done:
                return

    def _next(self) -> int | None:
        """Position at which the corrected forecast meets the target, between what is known."""
        low = self.over[0] + 1 if self.over else self.low
        high = self.under[0] - 1 if self.under else self.high
        if low > high:
            return None
        if self.over and self.under and len(self.errors) % 4 == 0:
            return (low + high) // 2  # lest it creeps
        aim = math.log(max(self.target * (1 - AIM) - self.still, 1))
        first, last = low, high
        while first < last:  # sizes fall: the first position that is small enough
            middle = (first + last) // 2
            if self._log_size(middle) > aim:
                first = middle + 1
            else:
                last = middle
        if first > low and self._log_size(first - 1) - aim < aim - self._log_size(first):
            first -= 1
        return first

    def _log_size(self, position: int) -> float:
        """Log of the bytes that the dial governs: the forecast, corrected by its errors so far."""
        guess = math.log(max(self.forecast(position), 1e-9))
        if not self.errors:
            return guess
        # A line through the errors: the nearest weigh most, and a tilt between close ones is noise.
        at = self.axis(position)
        weights = [1 / (NEAR**2 + (x - at) ** 2) for x, _ in self.errors]
        total = sum(weights)
        x0 = sum(w * x for w, (x, _) in zip(weights, self.errors, strict=True)) / total
        e0 = sum(w * e for w, (_, e) in zip(weights, self.errors, strict=True)) / total
        both = sum(w * (x - x0) * (e - e0) for w, (x, e) in zip(weights, self.errors, strict=True))
        square = sum(w * (x - x0) ** 2 for w, (x, _) in zip(weights, self.errors, strict=True))
        tilt = both / (square + total * NOISE**2)
        return guess + e0 + min(max(tilt, -TILT_MOST), TILT_MOST) * (at - x0)

    def _probe(self, position: int) -> None:
        data = self.code(position)
        self.last = len(data)
        self.still = min(self.fixed(data), self.last - 1)
        error = math.log((self.last - self.still) / max(self.forecast(position), 1e-9))
        self.errors.append((self.axis(position), error))
        if self.last > self.target:
            self.over = (position, self.last)
            return
        self.under = (position, self.last)
        if self.best is None or self.last > len(self.best):
            self.best = data
        self.done = self.last >= self.target * (1 - SLACK)
