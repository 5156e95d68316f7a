"""Painting of decoded pictures: windows, N, the latent update, projection.

decode -> N -> [latent update through G, C and E] -> projection onto what the stream guarantees
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ablc import _core
from ablc.arrays import CELL, Floats
from ablc.errors import GpuMemoryError, ModelError, StreamError
from ablc.network_names import NetworkName
from ablc.runtime import assistance_decoder, fill, latent, registry, tiles
from ablc.runtime.assistance import Assistance
from ablc.runtime.cards import ModelCard
from ablc.runtime.detail_transfer import transfer_detail
from ablc.runtime.fill import Part
from ablc.runtime.latent_networks import LatentNetworks
from ablc.runtime.session import Session, Sessions, Sizes, named_sizes
from ablc.runtime.tiles import Blend, Window, WindowPlan
from ablc.settings import Provider

FILL_DEFAULT = "fill-small"
UPDATE_PREFIX = "step-"  # of the ids of update graphs
UPDATE_DEFAULT = "step-small"  # the update graph; streams name it so
STRENGTH = 1.0  # of networks for which neither stream nor caller states one
DETAIL_SHARE = 1.0  # less improves LPIPS of dropped blocks little or not at all (docs/DESIGN.md)


@dataclass(frozen=True, slots=True)
class Layout:
    """How pictures are cut and batched for a provider."""

    whole: int  # pixels, at most, of a picture that is painted in one piece
    tile: int  # side of the windows of larger pictures, pixels
    multiple: int  # divides the sides of whole pictures
    batch: int  # windows in one pass, at most
    fixed: bool  # whether sessions are made for one size


# A core gains nothing from batches, and loses nothing by graphs of any size. A GPU needs few sizes,
# known when the session is made.
CPU = Layout(whole=tiles.WHOLE_MOST, tile=1024, multiple=32, batch=1, fixed=False)
GPU = Layout(whole=1 << 20, tile=512, multiple=64, batch=16, fixed=True)


@dataclass(frozen=True, slots=True)
class LatentUpdate:
    """The latent update after N."""

    update: ModelCard  # of the update graph; E, G and C are those of its preset
    settings: latent.UpdateSettings | None  # None: G(E(N's picture)), without an update
    known: Assistance | None = None  # the stream's data about the original
    share: float = DETAIL_SHARE  # of the detail in dropped blocks that becomes G's, 0..1
    watch: Callable[[latent.UpdateResult], object] | None = None  # called for every window


@dataclass(frozen=True, slots=True, eq=False)
class PaintJob:
    """A picture to paint in place."""

    part: Part
    plan: WindowPlan
    card: ModelCard  # of N
    latent_update: LatentUpdate | None = None
    strength: float = STRENGTH  # weight of what networks paint, against the decoded picture, 0..1


View = tuple[PaintJob, Window]


class Painter:
    """Paints decoded pictures. Threads may share it; sessions are made when first needed."""

    def __init__(self, provider: Provider = "auto", threads: int | None = None) -> None:
        """provider, threads: as in Sessions."""
        self.sessions = Sessions(provider, threads)
        self._checked: set[str] = set()  # hashes of networks that can run

    def check(self, card: ModelCard) -> None:
        """Raise ModelError or ProviderError unless a network can run; its file is read once."""
        if card.sha256 not in self._checked:
            registry.verify(card)
            self.sessions.provider(card)
            self._checked.add(card.sha256)

    def layout(self, card: ModelCard) -> Layout:
        """Return the layout for the provider in use. Raises what Sessions.get() raises."""
        return CPU if self.sessions.provider(card) == "cpu" else GPU

    def plan(self, card: ModelCard, height: int, width: int) -> WindowPlan:
        """Return the plan of a picture of that size in pixels."""
        layout = self.layout(card)
        return tiles.plan(
            height,
            width,
            whole=layout.whole,
            tile=layout.tile,
            multiple=layout.multiple,
            even=not layout.fixed,
        )

    def latent_update(
        self,
        stream: _core.Stream,
        settings: latent.UpdateSettings | None,
        share: float = DETAIL_SHARE,
        partial: bool = False,
    ) -> LatentUpdate:
        """Return the latent update of a stream, with its assistant information.

        settings: None for G of the first code, without an update. share: as in LatentUpdate.
        partial: whether damaged sections are ignored; else they raise StreamError, or ModelError.
        Raises ModelError.
        """
        update, known = update_for(readable(stream.model) if partial else stream.model), None
        networks = LatentNetworks(self.sessions, update)
        with suppress(StreamError) if partial else nullcontext():
            known = assistance_decoder.read(stream, networks)
        return LatentUpdate(update, settings, known, share)

    def paint(self, jobs: Sequence[PaintJob], threads: int) -> None:
        """Paint decoded pictures in place; pictures of one window share passes.

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
        """Release all sessions."""
        self.sessions.close()

    def _rows(self, job: PaintJob) -> Iterator[Iterator[Floats]]:
        """Yield the painted windows of a job, by the rows of its plan."""
        for y in job.plan.rows:
            # Here all rows above y are painted; from y on they are as decoded.
            yield self._run([(job, window) for window in job.plan.windows_at(y)])

    def _run(self, views: Sequence[View]) -> Iterator[Floats]:
        """Yield the painted windows, (3, H, W) each; all have one size and one N."""
        most = largest = self.layout(views[0][0].card).batch
        start = 0
        while start < len(views):
            batch = min(most, 1 << (len(views) - start).bit_length() - 1)
            chosen = views[start : start + batch]
            try:
                filled = self._fill(chosen)
            except GpuMemoryError:
                if batch == 1 or most < largest:  # a smaller batch is tried once
                    raise
                most = batch // 2
                continue
            for (job, window), painted in zip(chosen, filled, strict=True):
                yield _mixed(job, window, self._update_window(job, window, painted))
            start += batch

    def _fill(self, views: Sequence[View]) -> Floats:
        """Return N's pictures, (B, 3, H, W)."""
        job, window = views[0]
        parts = [(job.part, window) for job, window in views]
        return fill.run(self._session(job.card, window, len(views)), parts)

    def _update_window(self, job: PaintJob, window: Window, filled: Floats) -> Floats:
        """Return N's picture of a window, (3, H, W), with G's detail in dropped blocks."""
        latent_update = job.latent_update
        if latent_update is None:
            return filled
        decoded, (cells,), _ = job.part.window(window)
        if cells.all():
            return filled
        side = (window.height, window.width)
        sizes = self._sizes(latent_update.update, 1, side)
        networks = LatentNetworks(self.sessions, latent_update.update, sizes)
        known = latent_update.known
        code = assistance_decoder.start(filled, decoded, known, window, networks)
        if latent_update.settings is None:
            generated = networks.picture(code)
        else:
            kept = cells.repeat(CELL, 0).repeat(CELL, 1)
            targets = assistance_decoder.targets(filled, decoded, kept, known, window, networks)
            result = networks.update(code, targets, latent_update.settings)
            if latent_update.watch is not None:
                latent_update.watch(result)
            generated = result.picture
        if not np.isfinite(generated).all():
            return filled
        return transfer_detail(filled, generated, cells, latent_update.share)

    def _session(self, card: ModelCard, window: Window, batch: int = 1) -> Session:
        return self.sessions.get(card, self._sizes(card, batch, (window.height, window.width)))

    def _sizes(self, card: ModelCard, batch: int, side: tuple[int, int]) -> Sizes:
        return named_sizes(batch, *side) if self.layout(card).fixed else ()


def fill_for(model: bytes, model_id: str | None = None) -> ModelCard:
    """Return the card of the N that paints: the requested one, else the stream's, else the default.

    model: body of the stream's section MODL; may be empty, or name another kind of network.
    Raises ModelError if the network is not installed, or is of another role.
    """
    if model_id is not None:
        card = registry.card(model_id)
    else:
        unnamed = painter_named(model) is None
        card = registry.card(FILL_DEFAULT) if unnamed else registry.find_named(model)
    if card.role != "fill":
        raise ModelError(f"{card.id} is a network of the role {card.role}, not one that fills")
    return card


def update_for(model: bytes) -> ModelCard:
    """Return the card of the update graph: the stream's, or the default.

    model: body of the stream's section MODL; may be empty, or name another kind of network.
    Raises ModelError if the network is not installed.
    """
    named = bool(model) and painter_named(model) is None
    return registry.find_named(model) if named else registry.card(UPDATE_DEFAULT)


def painter_named(model: bytes) -> NetworkName | None:
    """Return the painter that a stream names; None for none, or for the update graph alone.

    model: body of the section MODL; may be empty. Raises ModelError if it is damaged.
    """
    name = registry.parse_name(model) if model else None
    return None if name is None or name.model_id.startswith(UPDATE_PREFIX) else name


def readable(model: bytes) -> bytes:
    """Return the body of a section MODL if it is intact, else nothing."""
    try:
        registry.parse_name(model)
    except ModelError:
        return b""
    return model


def _mixed(job: PaintJob, window: Window, painted: Floats) -> Floats:
    """Return a painted window, (3, H, W), mixed with the decoded one as the strength says."""
    if job.strength == 1:
        return painted
    decoded, _, _ = job.part.window(window)
    return decoded + np.float32(job.strength) * (painted - decoded)


def _kind(job: PaintJob) -> tuple[str, tuple[int, int]]:
    return job.card.sha256, job.plan.side


def _only(plan: WindowPlan) -> Window:
    return plan.windows_at(plan.rows[0])[0]


def _project(part: Part, painted: Floats, top: int, threads: int) -> None:
    channels = part.pixels.shape[2]
    part.guide.project(part.pixels, fill.as_channels(painted, channels), top, threads)
