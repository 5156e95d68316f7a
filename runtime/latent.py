"""The iterative latent update of Plug & Play Generative Networks, driven from the host.

An iteration, that is forward pass, gradient and update of the code, is one graph, the update graph
(export/update.py has its equation and names). The host sets the inputs that change between
iterations, reads the terms of the loss, and keeps the best code so far.

An iteration returns terms and picture of the code that came into it. So K updates take K + 1 runs
of the graph; the last run only judges.

The graph does not know the term "photorealism". The host computes the term's gradient in the
picture of the present code before every run, and the graph takes it from there.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np

from ablc.arrays import Floats
from ablc.options import check_choice, check_number, check_whole
from ablc.runtime.buffers import PARTS, Buffers
from ablc.runtime.loss_targets import TERMS, Targets
from ablc.runtime.photorealism import Photorealism
from ablc.runtime.session import Session

Form = Literal["product", "reference"]
Stopped = Literal["done", "converged", "budget", "diverged"]
Generate = Callable[[Floats], Floats]  # G, from a code to its picture, (3, H, W)

DIVERGED = 2.0  # times the first loss
BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8

# Weights of the means of the terms. A term without a target in the stream counts nothing.
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
class UpdateSettings:
    """How the code is updated: by Adam, with a rate that falls in a line to 0.

    Raises ValueError for values out of range.
    """

    form: ClassVar[Form] = "product"

    iterations: int = 8  # updates of the code
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))  # of terms' means
    rate: float = 0.05  # of the first update
    budget_ms: float | None = None  # as many updates as fit, at least one
    tolerance: float = 1e-3  # relative fall of the loss that counts as progress
    patience: int = 4  # iterations without progress before the loop ends

    def __post_init__(self) -> None:
        check_whole("iterations", self.iterations, 1, 1000)
        for name, weight in self.weights.items():
            check_choice("a name in weights", name, TERMS)
            if not (math.isfinite(weight) and weight >= 0):
                raise ValueError(f"weights[{name!r}] must be a finite number >= 0, not {weight!r}")
        check_number("rate", self.rate, 0, math.inf)
        if self.budget_ms is not None:
            check_number("budget_ms", self.budget_ms, 0, math.inf)
        if not 0 <= self.tolerance < 1:
            raise ValueError(f"tolerance must be a number in 0..1, not {self.tolerance!r}")
        check_whole("patience", self.patience, 1)

    def rates(self, iteration: int, low: float, high: float) -> Floats:
        """Return (10,) for the graph's input "rates" in iteration 1, 2, ...

        low, high: bounds of the code's values.
        """
        left = 1 - (iteration - 1) / self.iterations
        return _rates(self.rate * left, iteration, low, high, adam=True)

    def draw_noise(self, shape: tuple[int, ...]) -> Callable[[], Floats] | None:
        """Return a source of the graph's input "noise"; None for none."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSettings(UpdateSettings):
    """The update as the reference implementation of PPGN has it, for studies alone.

    The code moves by rate d / mean |d| with added noise. The result is the last code, since the
    loss may rise, and patience has no effect.
    """

    form: ClassVar[Form] = "reference"

    rate: float = 1.0  # of every update
    noise: float = 0.0  # e3
    seed: int = 0  # of the noise

    def __post_init__(self) -> None:
        UpdateSettings.__post_init__(self)  # super() does not work in a class with slots
        if not (math.isfinite(self.noise) and self.noise >= 0):
            raise ValueError(f"noise must be a finite number >= 0, not {self.noise!r}")
        check_whole("seed", self.seed, 0)

    def rates(self, iteration: int, low: float, high: float) -> Floats:
        """Return (10,) as UpdateSettings.rates() does."""
        return _rates(self.rate, iteration, low, high, adam=False, noise=self.noise)

    def draw_noise(self, shape: tuple[int, ...]) -> Callable[[], Floats] | None:
        """Return a source of standard normal numbers; None without noise."""
        if not self.noise:
            return None
        rng = np.random.default_rng(self.seed)
        return lambda: rng.standard_normal(shape, np.float32)


def _rates(
    rate: float, iteration: int, low: float, high: float, *, adam: bool, noise: float = 0.0
) -> Floats:
    """Return (10,) in the order of RATES in export/update.py."""
    unbias = [1 / (1 - beta**iteration) for beta in (BETA1, BETA2)]
    return np.array(
        [rate, BETA1, BETA2, EPSILON, *unbias, float(adam), noise, low, high], np.float32
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """The loss of a code."""

    iteration: int  # number of updates that the code has had
    loss: float
    terms: dict[str, float]  # weighted; their sum is the loss
    milliseconds: float  # since the loop began


@dataclass(frozen=True, slots=True, eq=False)
class UpdateResult:
    """The best code, and how it was found."""

    picture: Floats  # (3, H, W), G of the code, not clipped
    h: Floats  # (L, H/16, W/16)
    loss: float
    iteration: int  # number of updates that it has had
    iterations: int  # number of updates that were made
    stopped: Stopped
    trace: tuple[Reading, ...]  # a reading for every iteration


def run(
    update: Session,
    h0: Floats,
    targets: Targets,
    settings: UpdateSettings,
    clock: Callable[[], float] = time.perf_counter,
    generate: Generate | None = None,
) -> UpdateResult:
    """Return the best code that the update finds from h0, (L, H/16, W/16), for one picture.

    The loop ends early without progress, or when budget_ms has passed, judged by the mean time of
    the iterations so far. If the loss rises to DIVERGED times the first, or is not finite, the
    result is the best code before; if the first loss is not finite, the result is h0, with a
    picture that may not be finite either.

    update: of a network of the role "step", the update graph. generate: its G; only photorealism
    needs it.
    Raises ProviderError, GpuMemoryError; ModelError if the graph is too old for photorealism.
    """
    try:
        loop = update.spare.pop()  # threads may take turns with a session, each with its buffers
        if loop.latent != (1, *h0.shape):
            raise IndexError
    except IndexError:
        loop = Buffers(update, h0.shape)
    with update.alone():
        result = _iterate(loop, h0, targets, settings, clock, generate)
    update.spare.append(loop)
    return result


class _Judge:
    """Finds the best reading so far, and when to end.

    Of the reference form the last reading counts, and it ends early only without time or numbers.
    """

    def __init__(self, settings: UpdateSettings) -> None:
        self._reference = settings.form == "reference"
        self.best = Reading(0, math.inf, {}, 0.0)
        self._settings = settings
        self._most = math.inf
        self._sound = True
        self._stale = 0

    def is_better(self, reading: Reading) -> bool:
        """True if a reading, which comes after all before it, is the best; the first always is."""
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

    def end(self, last: bool, over: bool) -> Stopped | None:
        """Return why the loop ends after the reading that was judged; None if it continues.

        last: no iteration is left; over: no time is left.
        """
        if not self._sound:
            return "diverged"
        if last:
            return "done"
        if over:
            return "budget"
        stale = not self._reference and self._stale >= self._settings.patience
        return "converged" if stale else None


def _iterate(
    loop: Buffers,
    h0: Floats,
    targets: Targets,
    settings: UpdateSettings,
    clock: Callable[[], float],
    generate: Generate | None,
) -> UpdateResult:
    low, high = (float(loop.update.card.extras[name]) for name in ("low", "high"))
    weights = targets.weights(settings.weights)
    # Weights are multiplied by the code's positions so that its gradient, and the effect of Adam's
    # epsilon, do not depend on the picture's size.
    positions = np.float32(h0.shape[1] * h0.shape[2])
    given = targets.inputs() | {"noise": None, "push": None, "weights": weights[:PARTS] * positions}
    loop.begin(h0, given)
    noise = settings.draw_noise(loop.latent)
    begun = clock()
    term = _host_term(targets, weights, generate)
    judge, best_h, energy = _Judge(settings), h0, 0.0
    trace: list[Reading] = []
    stopped: Stopped | None = None
    while stopped is None:
        t = len(trace)
        if noise is not None:
            loop.set("noise", noise())
        loop.set("rates", settings.rates(min(t + 1, settings.iterations), low, high))
        if term is not None:
            energy, gradient = term(loop.code())
            loop.set("push", (weights[-1] * positions * gradient)[np.newaxis])
        loop.run()
        elapsed = 1000 * (clock() - begun)
        terms = dict(zip(TERMS, map(float, weights * [*loop.parts(), energy]), strict=True))
        trace.append(Reading(t, sum(terms.values()), terms, elapsed))
        if judge.is_better(trace[-1]):
            best_h = loop.code()
            loop.keep_picture()
        stopped = judge.end(t == settings.iterations, _is_over(settings, t, elapsed))
        if stopped is None:
            loop.turn()
    best = judge.best
    return UpdateResult(loop.picture(), best_h, best.loss, best.iteration, t, stopped, tuple(trace))


def _is_over(settings: UpdateSettings, updates: int, elapsed: float) -> bool:
    """True if another update would take more time, in milliseconds, than is left."""
    if settings.budget_ms is None or updates == 0:
        return False
    return elapsed * (updates + 2) / (updates + 1) > settings.budget_ms


def _host_term(targets: Targets, weights: Floats, generate: Generate | None) -> Photorealism | None:
    """Return the term that the host computes; None if it counts nothing."""
    if targets.guide is None or not weights[-1]:
        return None
    if generate is None:
        raise ValueError("photorealism needs G: generate must be given")
    return Photorealism(targets.guide, targets.known, targets.mask, generate)
