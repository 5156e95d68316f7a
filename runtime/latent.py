"""The iterative latent update of Plug & Play Generative Networks, driven from the host.

The step itself, forward pass, gradient and update, is one graph (ablc/export/step.py has its
equation and names). The host sets what changes from step to step, reads the terms of the loss now
and then, and keeps the best code so far.

A step's terms and picture are those of the code that came into it. K iterations are therefore K + 1
runs of the graph, the last of which only judges: the code that is shown may have seen K updates.
"""

import itertools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from ablc.runtime import session as sessions
from ablc.runtime.session import Session

from ablc.settings import check_choice, check_number, check_whole

Floats = npt.NDArray[np.float32]
Form = Literal["product", "reference"]
Stopped = Literal["done", "converged", "budget", "diverged"]

TERMS = ("prior", "class", "known", "edge", "style1", "style2", "style3", "content", "seam")
DIVERGED = 2.0  # times the first loss
BETA1, BETA2, EPSILON = 0.9, 0.99, 1e-8
STRIDE, CLASSES = 16, 1000

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
        loop = _Loop(step, h0.shape)
    found = _update(loop, h0, targets, settings, clock)
    step.spare.append(loop)
    return found


def _update(
    loop: "_Loop",
    h0: Floats,
    targets: Targets,
    settings: Settings,
    clock: Callable[[], float],
) -> Result:
    low, high = (float(loop.step.card.extras[name]) for name in ("low", "high"))
    weights = targets.weights(settings.weights)
    loop.begin(h0, targets, weights)
    noise = np.random.default_rng(settings.seed)
    begun = clock()
    best: Reading | None = None
    best_h, made, stale, first = h0, 0, 0, math.inf
    stopped: Stopped = "done"
    trace = []
    for t in range(settings.iterations + 1):
        if settings.noise:
            loop.set("noise", noise.standard_normal(loop.latent, np.float32))
        loop.set("rates", settings.rates(min(t + 1, settings.iterations), low, high))
        loop.run()
        made = t
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
        if not (math.isfinite(reading.loss) and reading.loss <= most):
            stopped = "diverged"
            best = best or reading
            if t == 0:
                loop.keep_picture()
            break
        if best is None or reading.loss < best.loss:
            stale = stale + 1 if best and reading.loss > best.loss * (1 - settings.tolerance) else 0
            best, best_h = reading, loop.code()
            loop.keep_picture()
        else:
            stale += 1
        if last:
            break
        if over:
            stopped = "budget"
            break
        if stale >= settings.patience:
            stopped = "converged"
            break
        loop.turn()
    assert best is not None  # the first reading comes at t = 0
    picture = loop.picture()
    return Result(picture, best_h, best.loss, best.iteration, made, stopped, tuple(trace))


_GRAPHS = itertools.count(1)  # a captured graph belongs to its buffers: no two share a number


class _Loop:
    """The buffers of an update, on the device of its session.

    Code and moments change places with their successors from run to run, and the picture with the
    best so far: four ways to bind the graph, each with addresses of its own, as a captured CUDA
    graph needs them.
    """

    def __init__(self, step: Session, latent: tuple[int, ...]) -> None:
        """latent: shape of the code, (L, H/16, W/16)."""
        ort = sessions.onnxruntime()
        self.step = step
        self.latent = (1, *latent)
        self._ids = [next(_GRAPHS) for _ in range(4)]
        sizes = sessions.named(1, STRIDE * latent[1], STRIDE * latent[2])

        def room(*shape: int) -> Any:
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, np.float32, step.device, 0)

        self._inputs = {
            name: ort.OrtValue.ortvalue_from_numpy(zeros, step.device, 0)
            for name, zeros in step.blank(sizes).items()
        }
        self._codes = [
            {name: self._inputs.pop(name) for name in ("h", "m", "v")},
            {name: room(*self.latent) for name in ("h", "m", "v")},
        ]
        self._pictures = [room(1, 3, STRIDE * latent[1], STRIDE * latent[2]) for _ in range(2)]
        self._parts = room(1, len(TERMS))
        self._now, self._free = 0, 0  # which code comes in; which picture is not the best
        self._bound: dict[tuple[int, int], tuple[Any, Any]] = {}

    def begin(self, h0: Floats, targets: Targets, weights: Floats) -> None:
        """Another picture, from its code.

        weights: of the graph's sums. They are taken times the places of the code, so that its
        gradient, and what Adam's epsilon means to it, do not depend on the picture's size.
        """
        self._now = 0
        zeros = np.zeros(self.latent, np.float32)
        for name, value in (("h", h0), ("m", zeros), ("v", zeros)):
            self._codes[0][name].update_inplace(_shaped(name, value, self.latent))
        given = {
            "noise": None,
            "known": targets.known,
            "mask": targets.mask,
            "edges": targets.edges,
            "edge_mask": targets.edge_mask,
            **{f"gram{i}": gram for i, gram in enumerate(targets.grams, 1)},
            "content": targets.content,
            "label": targets.label,
            "seam": seam_of(targets.mask),
            "weights": weights * np.float32(self.latent[2] * self.latent[3]),
        }
        for name, array in given.items():
            shape = tuple(self._inputs[name].shape())
            self.set(
                name, np.zeros(shape, np.float32) if array is None else _shaped(name, array, shape)
            )

    def set(self, name: str, value: Floats) -> None:
        """Another value of an input, where the old one was."""
        self._inputs[name].update_inplace(value)

    def run(self) -> None:
        """One step: the next code, the picture and the terms of the present one."""
        key = self._now, self._free
        if key not in self._bound:
            self._bound[key] = self._bind(*key)
        binding, options = self._bound[key]
        try:
            self.step.net.run_with_iobinding(binding, options)
        except Exception as error:
            raise self.step.translated(error) from error

    def turn(self) -> None:
        """Lets the next code be the present one."""
        self._now = 1 - self._now

    def keep_picture(self) -> None:
        """The picture of the last run is the best."""
        self._free = 1 - self._free

    def parts(self) -> Floats:
        """(9,) TERMS of the last run, sums without weights. Waits for the run."""
        return np.asarray(self._parts.numpy()[0])

    def code(self) -> Floats:
        """The code that came into the last run."""
        return np.array(self._codes[self._now]["h"].numpy()[0])

    def picture(self) -> Floats:
        """(3, H, W) the best picture."""
        return np.array(self._pictures[1 - self._free].numpy()[0])

    def _bind(self, now: int, free: int) -> tuple[Any, Any]:
        binding = self.step.net.io_binding()
        for name, value in (*self._inputs.items(), *self._codes[now].items()):
            binding.bind_ortvalue_input(name, value)
        for name, value in self._codes[1 - now].items():
            binding.bind_ortvalue_output(f"{name}_next", value)
        binding.bind_ortvalue_output("picture", self._pictures[free])
        binding.bind_ortvalue_output("parts", self._parts)
        return binding, sessions.run_options(self.step, self._ids[2 * now + free])


def _shaped(name: str, array: Floats, shape: tuple[int, ...]) -> Floats:
    if array.size != math.prod(shape):
        raise ValueError(f"{name} has shape {array.shape}, the network wants {shape}")
    return np.ascontiguousarray(array, np.float32).reshape(shape)
