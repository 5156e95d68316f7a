"""Rate control: finds the settings with which a stream has the requested length.

The length of a stream falls as the step grows. A forecast from the picture gives the first step,
and the error of the forecast, seen after each encode, corrects it. Near the target a finer dial
takes over, because the lengths of neighbouring steps scatter by one per cent and those of the
finest are 6 % apart: the tail, the share of the picture's end that is encoded with bits at another
price.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

STEP_MIN, STEP_MAX = 16, 16384  # 1/16 grey level
TAIL = 1024  # positions of that dial in each direction
TAIL_EFFECT = 0.03  # on log(length) per octave of the step above TAIL_STEP, all in the tail ...
TAIL_STEP = 20  # 1/16 grey level
DEARER, CHEAPER = 1.15, 0.85  # ... and more where bits cost more than where they cost less
SLACK = 0.02  # a stream this much shorter than the target is accepted
AIM = 0.01  # encodes aim this far below the target
CLOSE = 0.03  # distance from the target at which the tail takes over
PASSES = 16  # of either dial, at most; photographs take two to four in all
TILT_MOST = 0.8  # greatest correction of the forecast's slope
NEAR, NOISE = 0.04, 0.06  # of log(step): encodes this close agree; a tilt on less is noise

Encode = Callable[[int, float], bytes]  # (step, tail in -1..1) -> stream
Forecast = Callable[[float], float]  # position of a dial -> bytes that depend on it


def hit_target(
    encode: Encode, target: int, forecast: Forecast, fixed: Callable[[bytes], int] = lambda _: 0
) -> bytes:
    """Return the longest stream that was found with 0.98 target to target bytes.

    The stream is shorter only if no setting falls into that window: in pictures of a few pixels.

    forecast: step -> bytes. fixed: number of bytes of a stream that neither dial changes.

    Raises ValueError, which names the bound, if no step reaches the target.
    """
    steps = _Dial(
        lambda step: encode(step, 0.0), target, STEP_MIN, STEP_MAX, forecast, math.log, fixed
    )
    tails: _Dial | None = None
    tails_at = 0
    for close in (CLOSE, 0.0):  # near the target, or else as near as steps get
        steps.turn(close)
        if steps.done and steps.best is not None:
            return steps.best
        step, length = steps.closest()
        if tails is None or step != tails_at:
            tails, tails_at = _tails(encode, step, length, steps), step
            tails.turn()
        if tails.done and tails.best is not None:
            return tails.best
    if steps.over is None:
        raise ValueError(
            f"the largest stream of this picture has {steps.last} bytes, {target} were requested"
        )
    dials = [dial for dial in (steps, tails) if dial]
    fitting = [dial.best for dial in dials if dial.best is not None]
    if not fitting:
        least = min(dial.over[1] for dial in dials if dial.over)
        raise ValueError(
            f"the smallest stream of this picture has {least} bytes, {target} were requested"
        )
    return max(fitting, key=len)


def _tails(encode: Encode, step: int, length: int, steps: "_Dial") -> "_Dial":
    """Return the dial of tails at a step; length: bytes of its stream without a tail."""
    tails = _Dial(
        lambda tail: encode(step, tail / TAIL),
        steps.target,
        -TAIL,
        TAIL,
        lambda tail: max(length - steps.still, 1) * math.exp(_tail_effect(step, tail / TAIL)),
        lambda tail: tail / TAIL,
        steps.fixed,
        still=steps.still,
    )
    tails.note(0, length)
    return tails


def _tail_effect(step: int, tail: float) -> float:
    """Return the forecast of the change of log(length), measured on photographs."""
    octaves = math.log2(max(step / TAIL_STEP, 3))
    return -TAIL_EFFECT * octaves * tail * (DEARER if tail > 0 else CHEAPER)


@dataclass(slots=True)
class _Dial:
    """A whole-numbered setting that makes streams shorter as it grows, and the positions tried."""

    encode: Callable[[int], bytes]
    target: int  # bytes
    low: int
    high: int
    forecast: Forecast
    axis: Callable[[int], float]  # of a position; the log of forecast is nearly linear in it
    fixed: Callable[[bytes], int]
    over: tuple[int, int] | None = None  # largest position known to exceed target, its bytes
    under: tuple[int, int] | None = None  # smallest position known to fit, its bytes
    best: bytes | None = None  # longest stream that fits
    last: int = 0  # bytes of the last stream
    done: bool = False  # best is within the slack
    errors: list[tuple[float, float]] = field(
        default_factory=list
    )  # (axis, log(length / forecast))
    still: int = 0  # bytes of the last stream that the dial does not change

    def turn(self, close: float = 0.0) -> None:
        """Encode until best is accepted, a stream is close, or no better one can be found."""
        for _ in range(PASSES):
            position = self._next()
            if position is None:
                return
            data = self.encode(position)
            self.still = min(self.fixed(data), len(data) - 1)
            self.note(position, len(data))
            if len(data) <= self.target and (self.best is None or len(data) > len(self.best)):
                self.best = data
                self.done = len(data) >= self.target * (1 - SLACK)
            if self.done or abs(math.log(len(data) / self.target)) < close:
                return

    def closest(self) -> tuple[int, int]:
        """Return the position whose stream came nearest to the target, and its bytes."""
        known = [side for side in (self.over, self.under) if side]
        return min(known, key=lambda side: abs(math.log(side[1] / self.target)))

    def note(self, position: int, length: int) -> None:
        """Record that the stream at a position has this length in bytes."""
        self.last = length
        error = math.log(max(length - self.still, 1) / max(self.forecast(position), 1e-9))
        self.errors.append((self.axis(position), error))
        if length > self.target:
            self.over = (position, length)
        else:
            self.under = (position, length)

    def _next(self) -> int | None:
        """Return the untried position where the forecast meets the target; None if none is left."""
        low = self.over[0] + 1 if self.over else self.low
        high = self.under[0] - 1 if self.under else self.high
        if low > high:
            return None
        if self.over and self.under and len(self.errors) % 4 == 0:
            return (
                low + high
            ) // 2  # bisects from time to time, in case the forecast converges slowly
        aim = math.log(max(self.target * (1 - AIM) - self.still, 1))
        first, last = low, high
        while first < last:  # lengths fall: the first position that is short enough
            middle = (first + last) // 2
            if self._log_length(middle) > aim:
                first = middle + 1
            else:
                last = middle
        if first > low and self._log_length(first - 1) - aim < aim - self._log_length(first):
            first -= 1
        return first

    def _log_length(self, position: int) -> float:
        """Return the log of the corrected forecast of the bytes that depend on the dial."""
        guess = math.log(max(self.forecast(position), 1e-9))
        if not self.errors:
            return guess
        # A line through the errors: near ones weigh most, and a tilt between close ones is noise.
        at = self.axis(position)
        weights = [1 / (NEAR**2 + (x - at) ** 2) for x, _ in self.errors]
        total = sum(weights)
        x0 = sum(w * x for w, (x, _) in zip(weights, self.errors, strict=True)) / total
        e0 = sum(w * e for w, (_, e) in zip(weights, self.errors, strict=True)) / total
        both = sum(w * (x - x0) * (e - e0) for w, (x, e) in zip(weights, self.errors, strict=True))
        square = sum(w * (x - x0) ** 2 for w, (x, _) in zip(weights, self.errors, strict=True))
        tilt = both / (square + total * NOISE**2)
        return guess + e0 + min(max(tilt, -TILT_MOST), TILT_MOST) * (at - x0)
