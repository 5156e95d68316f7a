"""The iterative latent update of Plug & Play Generative Networks, driven from the host.

The step itself, forward pass, gradient and update, is one graph (ablc/export/step.py has its
equation and names). The host sets what changes from step to step, reads the terms of the loss now
and then, and keeps the best code so far.

A step's terms and picture are those of the code that came into it. K iterations are therefore K + 1
runs of the graph, the last of which only judges: the code that is shown may have seen K updates.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
from ablc.runtime.buffers import STRIDE, Buffers
from ablc.runtime.session import Session

from ablc.settings import check_choice, check_number, check_whole

Floats = npt.NDArray[np.float32]
Form = Literal["product", "reference"]
Stopped = Literal["done", "converged", "budget", "diverged"]

TERMS = ("prior", "class", "known", "edge", "style1", "style2", "style3", "content", "seam")
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
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the update runs."""

    iterations: int = 8  # updates of the code
    form: Form = "product"  # Adam with a falling rate; reference: lr d / mean |d|, noise, clip
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))  # of terms' means
    rate: float = 0.05  # of the first update; the reference's is 1
    noise: float = 0.0  # e3, of the reference form
    seed: int = 0  # of the noise
    budget_ms: float | None = None  # as many updates as fit, at least one
    tolerance: float = 1e-3  # relative fall of the loss that counts as progress
    patience: int = 4  # readings without progress before the loop ends
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
        left = 1 - (step - 1) / self.iterations
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """What a picture should be like. What is None has no say."""

    known: Floats  # (3, H, W) sRGB 0..1
    mask: Floats  # (H, W), 1 where known holds, else 0
    edges: Floats | None = None  # (3, H, W): LoG of the original
    edge_mask: Floats | None = None  # (H, W), 1 where edges holds
    grams: tuple[Floats | None, ...] = (None, None, None)  # (N, N) of F^1, F^2, F^3
    content: Floats | None = None  # (N, H/16, W/16): F^3 of the original
    label: Floats | None = None  # (1000,) wanted shares of the classes

    def counts(self) -> dict[str, float]:
        """By how many values each term is a sum of; 0 for one that has no target."""
        seam = float(seam_of(self.mask).sum())
        found = {
            "prior": self.mask.size / STRIDE**2,  # of every channel; their sum is what counts
            "known": 3 * float(self.mask.sum()),
            "seam": 6 * seam,
            "edge": 0.0 if self.edge_mask is None else 3 * float(self.edge_mask.sum()),
            "content": 0.0 if self.content is None else self.content.size,
            "class": 0.0 if self.label is None else 1.0,
        }
        for i, gram in enumerate(self.grams, 1):
            # Of the whole matrix, relative to its own size: Grams differ by orders of magnitude.
            found[f"style{i}"] = 0.0 if gram is None else max(float(np.square(gram).sum()), 1e-12)
        return found

    def inputs(self) -> dict[str, Floats | None]:
        """What the graph is given of them, by name; None: zeros."""
        return {
            "known": self.known,
            "mask": self.mask,
            "edges": self.edges,
            "edge_mask": self.edge_mask,
            **{f"gram{i}": gram for i, gram in enumerate(self.grams, 1)},
            "content": self.content,
            "label": self.label,
            "seam": seam_of(self.mask),
        }

    def weights(self, wanted: Mapping[str, float]) -> Floats:
        """(9,) weights of the graph's sums, from those of the means."""
        counts = self.counts()
        return np.array(
            [wanted.get(t, 0.0) / counts[t] if counts[t] else 0.0 for t in TERMS], np.float32
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


def seam_of(mask: Floats) -> Floats:
    """(H, W) 1 where a pixel and its right or lower neighbour lie on two sides of the mask."""
    seam = np.zeros_like(mask)
    seam[:, :-1] = mask[:, 1:] != mask[:, :-1]
    seam[:-1] = np.maximum(seam[:-1], mask[1:] != mask[:-1])
    return seam


def run(
    step: Session,
    h0: Floats,
    targets: Targets,
    settings: Settings,
    clock: Callable[[], float] = time.perf_counter,
) -> Result:
    """The best code that the update finds from h0, (L, H/16, W/16), for one picture.

    The loop ends early without progress, or out of budget_ms, judged by the mean time of the runs
    so far. If the loss rises to DIVERGED times the first, or is no number, the best code before
    stands; if the first is none, h0 does, with a picture that may hold no numbers.

    step: of a network of the role "step". Raises ProviderError, GpuMemoryError.
    """
    try:
        loop = step.spare.pop()  # threads may take turns at a session, each with its own buffers
        if loop.latent != (1, *h0.shape):
            raise IndexError
    except IndexError:
        loop = Buffers(step, h0.shape)
    with step.alone():
        found = _update(loop, h0, targets, settings, clock)
    step.spare.append(loop)
    return found


def _update(
    loop: Buffers,
    h0: Floats,
    targets: Targets,
    settings: Settings,
    clock: Callable[[], float],
) -> Result:
    low, high = (float(loop.step.card.extras[name]) for name in ("low", "high"))
    weights = targets.weights(settings.weights)
    # Weights go in times the places of the code, so that its gradient, and what Adam's epsilon
    # means to it, do not depend on the picture's size.
    places = h0.shape[1] * h0.shape[2]
    loop.begin(h0, {**targets.inputs(), "noise": None, "weights": weights * np.float32(places)})
    noise = np.random.default_rng(settings.seed)
    begun = clock()
    best, best_h = Reading(0, math.inf, {}, 0.0), h0
    first, stale = math.inf, 0
    stopped: Stopped = "done"
    trace = []
    for t in range(settings.iterations + 1):
        if settings.noise:
            loop.set("noise", noise.standard_normal(loop.latent, np.float32))
        loop.set("rates", settings.rates(min(t + 1, settings.iterations), low, high))
        loop.run()
        last = t == settings.iterations
        elapsed = 1000 * (clock() - begun)
        over = (
            settings.budget_ms is not None
            and t > 0
            and elapsed * (t + 2) / (t + 1) > settings.budget_ms
        )
        if not (last or over or t % settings.every == 0):
            loop.turn()
            continue
        terms = loop.parts() * weights
        reading = Reading(
            t, float(terms.sum()), dict(zip(TERMS, map(float, terms), strict=True)), elapsed
        )
        if settings.trace:
            trace.append(reading)
        if t == 0:
            first = reading.loss
        # The reference form is there to be studied: its loss may rise.
        most = DIVERGED * first if settings.form == "product" else math.inf
        sound = math.isfinite(reading.loss) and reading.loss <= most
        better = t == 0 or (sound and reading.loss < best.loss)
        progress = better and reading.loss <= best.loss * (1 - settings.tolerance)
        stale = 0 if progress else stale + 1
        if better:
            best, best_h = reading, loop.code()
            loop.keep_picture()
        if not sound:
            stopped = "diverged"
            break
        if last:
            break
        if over:
            stopped = "budget"
            break
        if stale >= settings.patience:
            stopped = "converged"
            break
        loop.turn()
    return Result(loop.picture(), best_h, best.loss, best.iteration, t, stopped, tuple(trace))
