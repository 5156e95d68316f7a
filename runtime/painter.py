"""From decoded pictures to painted ones: windows, N, latent steps, projection.

decode -> N -> [latent steps through G, C and E] -> projection onto what the stream guarantees
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.errors import GpuMemoryError, ModelError, StreamError
from ablc.runtime import assisting, fill, latent, registry, tiles
from ablc.runtime.assist import Assistance
from ablc.runtime.assisting import Networks
from ablc.runtime.cards import Card
from ablc.runtime.detail import combine
from ablc.runtime.fill import CELL, Part
from ablc.runtime.session import Session, Sessions, Sizes, named
from ablc.runtime.tiles import Blend, Plan, Window
from ablc.settings import Provider

Floats = npt.NDArray[np.float32]

FILL_DEFAULT = "fill-small"
STEP_DEFAULT = "step-small"
STRENGTH = 1.0  # less of it betters LPIPS of dropped blocks little or not (docs/DESIGN.md)


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures meet a provider."""

    whole: int  # most pixels of a picture that goes through in one piece
    tile: int  # side of the tiles of larger ones
    multiple: int  # of the sides of whole pictures
    batch: int  # windows in one pass
    fixed: bool  # sessions are made for one size


# A core gains nothing from batches, and a graph of any size costs it nothing. A GPU wants few
# sizes, known when the session is made.
CPU = Layout(whole=tiles.WHOLE_MOST, tile=1024, multiple=32, batch=1, fixed=False)
GPU = Layout(whole=1 << 20, tile=512, multiple=64, batch=16, fixed=True)


@dataclass(frozen=True, slots=True)
class Refinement:
    """The latent update after N."""

    step: Card  # of the step's graph; E and G are those of its preset
    settings: latent.Settings | None  # None: G(E(N's picture)), without an update
    told: Assistance | None = None  # what the stream tells of the original
    strength: float = STRENGTH  # share of the detail in dropped blocks that becomes G's, 0..1
    watch: Callable[[latent.Result], object] | None = None  # is told of every window's update


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A picture to paint, in place."""

    part: Part
    plan: Plan
    card: Card  # of N
    refinement: Refinement | None = None


View = tuple[Job, Window]


class Painter:
    """Paints decoded pictures. May be shared by threads; sessions are made when first needed."""

    def __init__(self, provider: Provider = "auto", threads: int | None = None) -> None:
        """provider, threads: as Sessions takes them."""
        self.sessions = Sessions(provider, threads)

    def layout(self, card: Card) -> Layout:
        """How pictures meet the provider in use. Raises what Sessions.get() raises."""
        return CPU if self.sessions.provider(card) == "cpu" else GPU

    def plan(self, card: Card, height: int, width: int) -> Plan:
        """How a picture of that size is cut."""
        layout = self.layout(card)
        return tiles.plan(
            height,
            width,
            whole=layout.whole,
            tile=layout.tile,
            multiple=layout.multiple,
            even=not layout.fixed,
        )

    def refinement(
        self,
        stream: _core.Stream,
        settings: latent.Settings | None,
        strength: float = STRENGTH,
        partial: bool = False,
    ) -> Refinement:
        """The latent update of a stream, with what the stream tells of the original.

        partial: damaged sections tell nothing, else they raise StreamError. Raises ModelError.
        """
        step, told = step_for(stream.model), None
        networks = Networks(self.sessions, step)
        with suppress(StreamError) if partial else nullcontext():
            told = assisting.read(stream, networks)
        return Refinement(step, settings, told, strength)

    def paint(self, jobs: Sequence[Job], threads: int) -> None:
        """Paints the decoded pictures in place; those of one window each share passes.

        threads: of the projection. Raises ModelError, ProviderError, GpuMemoryError.
        """
        whole = sorted((job for job in jobs if job.plan.whole), key=_kind)
        for _, alike in groupby(whole, _kind):
            group = list(alike)
            views = [(job, _only(job.plan)) for job in group]
            for job, painted in zip(group, self._run(views), strict=True):
                _project(job.part, painted, 0, threads)
        for job in jobs:
            if not job.plan.whole:
                for y, strip in Blend(job.plan).strips(self._rows(job)):
                    _project(job.part, strip, y - job.part.y, threads)

    def close(self) -> None:
        """Lets go of all sessions."""
        self.sessions.close()

    def _rows(self, job: Job) -> Iterator[Iterator[Floats]]:
        """The painted windows of a job, by the rows of its plan."""
        for y in job.plan.rows:
            # By now all rows above y are painted; from y on they are as they were decoded.
            yield self._run([(job, window) for window in job.plan.windows_at(y)])

    def _run(self, views: Sequence[View]) -> Iterator[Floats]:
        """The painted windows, (3, H, W) each, of one size and one N all."""
        most = largest = self.layout(views[0][0].card).batch
        start = 0
        while start < len(views):
            batch = min(most, 1 << (len(views) - start).bit_length() - 1)
            some = views[start : start + batch]
            try:
                filled = self._fill(some)
            except GpuMemoryError:
                if batch == 1 or most < largest:  # a smaller batch is tried once
                    raise
                most = batch // 2
                continue
            for (job, window), painted in zip(some, filled, strict=True):
                yield self._refine(job, window, painted)
            start += batch

    def _fill(self, views: Sequence[View]) -> Floats:
        """(B, 3, H, W) of N."""
        (job, window), parts = views[0], [(job.part, window) for job, window in views]
        filled: Floats = fill.run(self._session(job.card, window, len(views)), parts)
        return filled

    def _refine(self, job: Job, window: Window, filled: Floats) -> Floats:
        """N's picture of a window, (3, H, W), with G's detail in dropped blocks."""
        refinement = job.refinement
        if refinement is None:
            return filled
        decoded, (cells,), _ = job.part.window(window)
        if cells.all():
            return filled
        side = (window.height, window.width)
        sizes = self._sizes(refinement.step, 1, side)
        networks = Networks(self.sessions, refinement.step, sizes)
        told = refinement.told
        code = assisting.start(filled, decoded, told, window, networks)
        if refinement.settings is None:
            generated = networks.picture(code)
        else:
            kept = cells.repeat(CELL, 0).repeat(CELL, 1)
            aims = assisting.targets(filled, decoded, kept, told, window, networks)
            found = networks.update(code, aims, refinement.settings)
            if refinement.watch is not None:
                refinement.watch(found)
            generated = found.picture
        if not np.isfinite(generated).all():
            return filled
        combined: Floats = combine(filled, generated, cells, refinement.strength)
        return combined

    def _session(self, card: Card, window: Window, batch: int = 1) -> Session:
        return self.sessions.get(card, self._sizes(card, batch, (window.height, window.width)))

    def _sizes(self, card: Card, batch: int, side: tuple[int, int]) -> Sizes:
        return named(batch, *side) if self.layout(card).fixed else ()


def fill_for(model: bytes, wanted: str | None = None) -> Card:
    """The card of the N that paints: the one asked for, else that of the stream, else ours.

    model: body of the stream's section MODL; may be empty, or name another kind of network.
    Raises ModelError if it is not there or no such network.
    """
    if wanted is not None:
        card = registry.card(wanted)
    else:
        card = registry.card(FILL_DEFAULT) if _of_step(model) else registry.find_named(model)
    if card.role != "fill":
        raise ModelError(f"{card.id} is a network of the kind {card.role}, not one that fills")
    return card


def step_for(model: bytes) -> Card:
    """The card of the latent step: the one that the stream names, or ours.

    model: body of the stream's section MODL; may be empty, or name another kind of network.
    Raises ModelError if it is not there.
    """
    return registry.find_named(model) if model and _of_step(model) else registry.card(STEP_DEFAULT)


def _of_step(model: bytes) -> bool:
    """Whether the name in a stream is none, or that of a latent step: then N is ours."""
    return not model or registry.parse_name(model)[0].startswith("step-")


def helps(card: Card, step: float) -> bool:
    """Whether a network was found to better pictures of that luma step, in grey levels."""
    finest = card.extras.get("finest_step", 0.0)
    return isinstance(finest, int | float) and step >= finest


def _kind(job: Job) -> tuple[str, tuple[int, int]]:
    return job.card.sha256, job.plan.side


def _only(plan: Plan) -> Window:
    return plan.windows_at(plan.rows[0])[0]


def _project(part: Part, painted: Floats, top: int, threads: int) -> None:
    channels = part.pixels.shape[2]
    part.guide.project(part.pixels, fill.as_channels(painted, channels), top, threads)
