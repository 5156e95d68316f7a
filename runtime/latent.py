"""The iterative latent update of Plug & Play Generative Networks, driven from the host.

The step itself, forward pass, gradient and update, is one graph (ablc/export/step.py has its
equation and names). The host sets what changes from step to step, reads the terms of the loss now
and then, and keeps the best code so far.

A step's terms and picture are those of the code that came into it. K iterations are therefore K + 1
runs of the graph, the last of which only judges: the code that is shown may have seen K updates.

A term that the graph does not know, "photorealism", is the host's: before every run it finds the
term's gradient in the picture of the very code that goes in, and the graph takes it from there.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from ablc.options import check_choice, check_number, check_whole
from ablc.runtime.buffers import PARTS, Buffers
from ablc.runtime.photorealism import Photorealism
from ablc.runtime.session import Session
from ablc.runtime.targets import TERMS, Targets

Floats = npt.NDArray[np.float32]
Form = Literal["product", "reference"]
Stopped = Literal["done", "converged", "budget", "diverged"]

DIVERGED = 2.0  # times the first loss
BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8

# Weights of the means of the terms. What the stream does not hold has none, whatever stands here.
WEIGHTS: Mapping[str, float] = {
    "prior": 0.02,
    "class": 1e-4,
    "known": 1.0,
    "edge": 0.5,
    "style1": 0.1,
    "style2": 0.1,
    "style3": 0.1,
    "content": 0.05,
    "seam": 0.25,
    "photorealism": 0.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the update runs."""

    iterations: int = 8  # updates of the code
    form: Form = "product"  # Adam with a falling rate; reference: lr d / mean |d|, noise, clip
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))  # of terms' means
    rate: float = 0.05  # of the first update; the reference's is 1
    falling: bool = True  # the rate, in a line to 0 beyond the last update; else it stays
    noise: float = 0.0  # e3, of the reference form
    seed: int = 0  # of the noise
    budget_ms: float | None = None  # as many updates as fit, at least one
    tolerance: float = 1e-3  # relative fall of the loss that counts as progress
    patience: int = 4  # readings without progress before the loop ends, of the product form
    every: int = 1  # runs between two readings of the loss
    trace: bool = False  # keep every reading

    def __post_init__(self) -> None:
        check_whole("iterations", self.iterations, 1, 1000)
        check_choice("form", self.form, ("product", "reference"))
        for name, weight in self.weights.items():
            check_choice("a name in weights", name, TERMS)
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"weights[{name!r}] must be a finite number >= 0, not {weight!r}")
        check_number("rate", self.rate, 0, math.inf)
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise ValueError(f"noise must be a finite number >= 0, not {self.noise!r}")
        check_whole("seed", self.seed, 0)
        if self.budget_ms is not None:
            check_number("budget_ms", self.budget_ms, 0, math.inf)
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"tolerance must be a number in 0..1, not {self.tolerance!r}")
        check_whole("patience", self.patience, 1)
        check_whole("every", self.every, 1)

    def rates(self, step: int, low: float, high: float) -> Floats:
        """What the graph's input "rates" holds at update step 1, 2, ..."""
        left = 1 - (step - 1) / self.iterations if self.falling else 1.0
        adam = self.form == "product"
        return np.array(
            [
                self.rate * left,
                BETA1,
                BETA2,
                EPSILON,
                1 / (1 - BETA1**step),
                1 / (1 - BETA2**step),
                float(adam),
                self.noise,
                low,
                high,
            ],
            np.float32,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """The loss of a code, as the host saw it."""

    iteration: int  # updates that the code has seen
    loss: float
    terms: dict[str, float]  # weighted; their sum is the loss
    milliseconds: float  # since the loop began


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The best code, and how it was found."""

    picture: Floats  # (3, H, W), G of it, not clipped
    h: Floats  # (L, H/16, W/16)
    loss: float
    iteration: int  # updates that it has seen
    iterations: int  # updates that were made
    stopped: Stopped
    trace: tuple[Reading, ...]


def run(
    step: Session,
    h0: Floats,
    targets: Targets,
    settings: Settings,
    clock: Callable[[], float] = time.perf_counter,
    generate: Callable[[Floats], Floats] | None = None,
) -> Result:
    """The best code that the update finds from h0, (L, H/16, W/16), for one picture.

    Of the reference form it is the last one: that form is there to be studied, and its loss may
    rise. The loop ends early without progress, or out of budget_ms, judged by the mean time of the
    runs so far. If the loss rises to DIVERGED times the first, or is no number, the best code
    before stands; if the first is none, h0 does, with a picture that may hold no numbers.

    step: of a network of the role "step". generate: its G, from a code to (3, H, W); photorealism
    needs it, and nothing else does.
    Raises ProviderError, GpuMemoryError; ModelError if the step is too old for photorealism.
    """
    try:
        loop = step.spare.pop()  # threads may take turns at a session, each with its own buffers
        if loop.latent != (1, *h0.shape):
            raise IndexError
    except IndexError:
        loop = Buffers(step, h0.shape)
    with step.alone():
        found = _update(loop, h0, targets, settings, clock, generate)
    step.spare.append(loop)
    return found


class _Judge:
    """The best reading so far, and when to end.

    Of the reference form the last one counts, and it ends early for want of time or numbers alone.
    """

    def __init__(self, settings: Settings) -> None:
        self._reference = settings.form == "reference"
        self.best = Reading(0, math.inf, {}, 0.0)
        self._settings = settings
        self._most = math.inf
        self._sound = True
        self._stale = 0

    def better(self, reading: Reading) -> bool:
        """Whether a reading, which comes after all before it, is the best; the first always is."""
        first = reading.iteration == 0
        if first and not self._reference:
            self._most = DIVERGED * reading.loss
        self._sound = math.isfinite(reading.loss) and reading.loss <= self._most
        lower = self._reference or reading.loss < self.best.loss
        better = first or (self._sound and lower)
        progress = better and reading.loss <= self.best.loss * (1 - self._settings.tolerance)
        self._stale = 0 if progress else self._stale + 1
        if better:
            self.best = reading
        return better

    def ends(self, last: bool, over: bool) -> Stopped | None:
        """Why the loop ends after the reading that was judged; None: it goes on."""
        if not self._sound:
            return "diverged"
        if last:
            return "done"
        if over:
            return "budget"
        stale = not self._reference and self._stale >= self._settings.patience
        return "converged" if stale else None


def _update(
    loop: Buffers,
    h0: Floats,
    targets: Targets,
    settings: Settings,
    clock: Callable[[], float],
    generate: Callable[[Floats], Floats] | None,
) -> Result:
    low, high = (float(loop.step.card.extras[name]) for name in ("low", "high"))
    weights = targets.weights(settings.weights)
    # Weights go in times the places of the code, so that its gradient, and what Adam's epsilon
    # means to it, do not depend on the picture's size.
    places = np.float32(h0.shape[1] * h0.shape[2])
    given = targets.inputs() | {"noise": None, "push": None, "weights": weights[:PARTS] * places}
    loop.begin(h0, given)
    noise = np.random.default_rng(settings.seed)
    begun = clock()
    term = _of_host(targets, weights, generate)
    judge, best_h, energy = _Judge(settings), h0, 0.0
    trace = []
    stopped: Stopped = "done"
    for t in range(settings.iterations + 1):
        if settings.noise:
            loop.set("noise", noise.standard_normal(loop.latent, np.float32))
        loop.set("rates", settings.rates(min(t + 1, settings.iterations), low, high))
        if term is not None:
            energy, gradient = term(loop.code())
            loop.set("push", (weights[-1] * places * gradient)[np.newaxis])
        loop.run()
        last = t == settings.iterations
        elapsed = 1000 * (clock() - begun)
        over = _over(settings, t, elapsed)
        if last or over or t % settings.every == 0:
            terms = dict(zip(TERMS, map(float, weights * [*loop.parts(), energy]), strict=True))
            trace.append(Reading(t, sum(terms.values()), terms, elapsed))
            if judge.better(trace[-1]):
                best_h = loop.code()
                loop.keep_picture()
            end = judge.ends(last, over)
            if end is not None:
                stopped = end
                break
        loop.turn()
    best = judge.best
    kept = tuple(trace) if settings.trace else ()
    return Result(loop.picture(), best_h, best.loss, best.iteration, t, stopped, kept)


def _over(settings: Settings, updates: int, elapsed: float) -> bool:
    """Whether the time, in milliseconds, that another update would take is more than there is."""
    if settings.budget_ms is None or updates == 0:
        return False
    return elapsed * (updates + 2) / (updates + 1) > settings.budget_ms


def _of_host(
    targets: Targets, weights: Floats, generate: Callable[[Floats], Floats] | None
) -> Photorealism | None:
    """The host's term; None where it has no say."""
    if targets.guide is None or not weights[-1]:
        return None
    if generate is None:
        raise ValueError("photorealism needs G: generate must be given")
    return Photorealism(targets.guide, targets.known, targets.mask, generate)
