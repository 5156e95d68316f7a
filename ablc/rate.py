"""Finding the settings that make a stream as large as asked for.

A stream's size falls as the step grows. A forecast from the picture says where to begin; what each
encode shows of the forecast's error corrects it. Near the target a finer dial takes over, since
steps scatter by a per cent or, the finest of them, lie 6 % apart: the tail, the share of the
picture's end that is coded with bits at another price.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

STEP_MIN, STEP_MAX = 16, 16384  # 1/16 grey level
TAIL = 1024  # positions of that dial each way
TAIL_EFFECT = 0.03  # on log(size) for every octave of the step above TAIL_STEP, all in the tail ...
TAIL_STEP = 20  # 1/16 grey level
DEARER, CHEAPER = 1.15, 0.85  # ... and more where bits cost more than where they cost less
SLACK = 0.02  # a stream this much smaller than the target is good enough
AIM = 0.01  # how much smaller than the target encodes try to be
CLOSE = 0.03  # distance from the target at which the tail takes over
PASSES = 16  # of either dial, at most; photographs take two to four in all
TILT_MOST = 0.8  # of the forecast's slope: how much encodes may change it
NEAR, NOISE = 0.04, 0.06  # of log(step): encodes this close agree; a tilt on less is noise

Code = Callable[[int, float], bytes]  # (step, tail in -1..1) -> stream
Forecast = Callable[[float], float]  # position of a dial -> bytes of what it governs


def hit_target(
    code: Code, target: int, forecast: Forecast, fixed: Callable[[bytes], int] = lambda _: 0
) -> bytes:
    """Largest stream found of at most target bytes, and at least 0.98 target.

    forecast: step -> bytes. fixed: bytes of a stream that neither dial changes. Only where no
    setting falls in that window (a picture of a few pixels) the stream is smaller.
    Raises ValueError, naming the bound, if no step reaches target.
    """
    steps = _Dial(
        lambda step: code(step, 0.0), target, STEP_MIN, STEP_MAX, forecast, math.log, fixed
    )
    tails: _Dial | None = None
    tails_at = 0
    for close in (CLOSE, 0.0):  # near the target, or failing that as near as steps get
        steps.turn(close)
        if steps.done and steps.best is not None:
            return steps.best
        step, size = steps.closest()
        if tails is None or step != tails_at:
            tails, tails_at = _tails(code, step, size, steps), step
            tails.turn()
        if tails.done and tails.best is not None:
            return tails.best
    if steps.over is None:
        raise ValueError(
            f"the largest stream of this picture has {steps.last} bytes, {target} were asked for"
        )
    dials = [dial for dial in (steps, tails) if dial]
    fitting = [dial.best for dial in dials if dial.best is not None]
    if not fitting:
        least = min(dial.over[1] for dial in dials if dial.over)
        raise ValueError(
            f"the smallest stream of this picture has {least} bytes, {target} were asked for"
        )
    return max(fitting, key=len)


def _tails(code: Code, step: int, size: int, steps: "_Dial") -> "_Dial":
    """The dial of tails at a step, whose stream without a tail has so many bytes."""
    tails = _Dial(
        lambda tail: code(step, tail / TAIL),
        steps.target,
        -TAIL,
        TAIL,
        lambda tail: max(size - steps.still, 1) * math.exp(_tail_effect(step, tail / TAIL)),
        lambda tail: tail / TAIL,
        steps.fixed,
        still=steps.still,
    )
    tails.note(0, size)
    return tails


def _tail_effect(step: int, tail: float) -> float:
    """Forecast of log(size) over that without a tail, measured on photographs."""
    octaves = math.log2(max(step / TAIL_STEP, 3))
    return -TAIL_EFFECT * octaves * tail * (DEARER if tail > 0 else CHEAPER)


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

    def turn(self, close: float = 0.0) -> None:
        """Codes until best is good enough, a stream is close, or nothing better can be found."""
        for _ in range(PASSES):
            position = self._next()
            if position is None:
                return
            data = self.code(position)
            self.still = min(self.fixed(data), len(data) - 1)
            self.note(position, len(data))
            if len(data) <= self.target and (self.best is None or len(data) > len(self.best)):
                self.best = data
                self.done = len(data) >= self.target * (1 - SLACK)
            if self.done or abs(math.log(len(data) / self.target)) < close:
                return

    def closest(self) -> tuple[int, int]:
        """Of all positions tried, the one whose stream is nearest to the target; its bytes."""
        known = [side for side in (self.over, self.under) if side]
        return min(known, key=lambda side: abs(math.log(side[1] / self.target)))

    def note(self, position: int, size: int) -> None:
        """Takes to heart that the stream at a position has so many bytes."""
        self.last = size
        error = math.log(max(size - self.still, 1) / max(self.forecast(position), 1e-9))
        self.errors.append((self.axis(position), error))
        if size > self.target:
            self.over = (position, size)
        else:
            self.under = (position, size)

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
