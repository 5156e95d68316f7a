"""Decoding pictures, as a caller sees it."""

import functools
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from ablc import _core
from ablc.arrays import CELL, Pixels, check_out
from ablc.errors import ModelError, StreamError, warn_of
from ablc.regions import Region
from ablc.settings import (
    STEP_COARSEST,
    DecodeSettings,
    Fill,
    Provider,
    cores,
    pixel_limit,
)

if TYPE_CHECKING:  # else imported when a network is wanted: the rest needs neither it nor its time
    from ablc.runtime.cards import ModelCard
    from ablc.runtime.painter import Painter, PaintJob, Refinement

WARM_SIDE = 64  # pixels of an empty picture that warms up

Box = tuple[int, int, int, int]  # x, y, width, height in pixels


def decode(
    data: bytes,
    *,
    fill: Fill = "auto",
    iterations: int = 0,
    budget_ms: float | None = None,
    provider: Provider = "auto",
    model: str | None = None,
    region: Box | None = None,
    threads: int | None = None,
    partial: bool = False,
    max_pixels: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """The picture in a stream, (H, W, C) uint8 with C 1 (grey), 3 (sRGB) or 4 (with alpha).

    The channels are red, green, blue, alpha; cv2 wants them as `pixels[..., ::-1]`.

    fill: what repairs kept blocks and paints ablated ones: "classical" needs no network, "net" and
        "ppgn" do; "auto" is "net" where ONNX Runtime and the network are installed and the stream
        is as coarse as those that the network helps, else "classical". Whatever it is, the result
        keeps what the stream guarantees (docs/FORMAT.md, Painted pictures).
    iterations: latent steps, for fill="ppgn": 0..8 in a service.
    budget_ms: as many of them as fit into this time, at least one; per picture, or per tile of a
        large one.
    provider: where networks run.
    model: id of the network that fills (`ablc models`); default: the one that the stream names, or
        else "fill-small".
    region: x, y, width, height of the part wanted, in pixels: the same pixels as in the whole, in
        time and memory that follow the part where a picture is tiled (from 1.5 megapixels on).
    threads: default one per core; without networks the pixels do not depend on it.
    partial: save what can be saved of a damaged stream; a StreamWarning names what is lost.
    max_pixels: refuse larger pictures, or regions whose tiles hold more; default
        PIL.Image.MAX_IMAGE_PIXELS.
    out: the array to decode into, which is then returned: (H, W, C) uint8 of the picture's or the
        region's size, C-contiguous and writable. After an error its contents mean nothing.

    Networks stay loaded until the process ends; a Decoder of your own can be closed.

    Raises StreamError if the bytes are damaged or no .ablc stream, LimitError beyond max_pixels,
    ModelError for networks that are missing or damaged, ProviderError if they cannot run where they
    should, ValueError for a wrong argument.
    """
    decoder = _decoder(fill, iterations, budget_ms, provider, model, threads, partial, max_pixels)
    return decoder.decode(data, region=region, out=out)


@functools.lru_cache(maxsize=8)
def _decoder(
    fill: Fill,
    iterations: int,
    budget_ms: float | None,
    provider: Provider,
    model: str | None,
    threads: int | None,
    partial: bool,
    max_pixels: int | None,
) -> "Decoder":
    """The decoders behind decode(), one for each set of settings."""
    return Decoder(
        fill=fill,
        iterations=iterations,
        budget_ms=budget_ms,
        provider=provider,
        model=model,
        threads=threads,
        partial=partial,
        max_pixels=max_pixels,
    )


class _Held:
    """What a decoder makes once and lets go of when it is closed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._painter: Painter | None = None

    def painter(self, make: Callable[[], "Painter"]) -> "Painter":
        with self._lock:
            if self._painter is None:
                self._painter = make()
            return self._painter

    def close(self) -> None:
        with self._lock:
            if self._painter is not None:
                self._painter.close()
            self._painter = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder(DecodeSettings):
    """Decodes streams with one set of settings, those of decode(). May be shared by threads.

    Networks are loaded when they are first needed, or by warm_up(), and stay loaded until close().
    """

    _held: _Held = field(default_factory=_Held, init=False, repr=False, compare=False)

    def decode(
        self, data: bytes, *, region: Box | None = None, out: Pixels | None = None
    ) -> Pixels:
        """The picture in a stream; the arguments are those of ablc.decode."""
        threads = self.threads or cores()
        begun = self._begin(data, None if region is None else Region.of(region), threads, out)
        self._finish([begun], threads)
        if out is None or begun.shown is out:
            return begun.result
        out[...] = begun.shown  # a part of what had to be painted
        return out

    def decode_batch(self, streams: Iterable[bytes]) -> list[Pixels]:
        """The pictures of several streams, in their order, decoded side by side.

        Pictures of one size go through the networks together where that pays. Raises what decode()
        raises for the first stream that does not decode.
        """
        found: list[Pixels] = []
        for picture in self.decode_each(streams):
            if isinstance(picture, Exception):
                raise picture
            found.append(picture)
        return found

    def decode_each(self, streams: Iterable[bytes]) -> list[Pixels | StreamError | ModelError]:
        """As decode_batch; where a stream does not decode, its error is in the picture's place.

        An error of what paints all of them, such as ProviderError, is raised.
        """
        streams = list(streams)
        threads = self.threads or cores()
        workers = max(1, min(threads, len(streams)))
        each = max(1, threads // max(1, len(streams)))

        def begin(data: bytes) -> _Begun | StreamError | ModelError:
            try:
                return self._begin(data, None, each)
            except (StreamError, ModelError) as error:
                return error

        if workers == 1:
            begun = [begin(data) for data in streams]
        else:
            from concurrent.futures import ThreadPoolExecutor  # late: slower to import than we are

            with ThreadPoolExecutor(workers) as pool:
                begun = list(pool.map(begin, streams))
        self._finish([one for one in begun if isinstance(one, _Begun)], threads)
        return [one.result if isinstance(one, _Begun) else one for one in begun]

    def warm_up(self, *sizes: tuple[int, int]) -> None:
        """Loads the networks, and decodes empty pictures of these heights and widths.

        Later pictures of the same sizes then take no longer than those after them. Raises what
        decode() raises about networks; with fill="classical" there is nothing to do.
        """
        if self.fill == "classical":
            return
        for height, width in sizes or ((WARM_SIDE, WARM_SIDE),):
            cells = (-(-height // CELL), -(-width // CELL))
            blank = np.zeros((height, width, 3), np.uint8)
            dropped = np.zeros(cells, np.bool_)
            self.decode(_core.encode(blank, step=STEP_COARSEST, effort=1, mask=dropped))

    def close(self) -> None:
        """Lets go of the networks. The decoder stays usable; it would load them again."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _painter(self) -> "Painter":
        from ablc.runtime.painter import Painter

        return self._held.painter(lambda: Painter(self.provider, self.threads))

    def _card(self, named: bytes, step: float) -> "ModelCard | None":
        """The network that fills a lossy picture; None: the classical fill does.

        named: body of the stream's section MODL; step: the luma step, grey levels.
        """
        if self.fill == "classical":
            return None
        from ablc.runtime import painter, session

        if self.fill in ("net", "ppgn") or self.model is not None:
            return painter.fill_for(named, self.model)
        if not session.installed():
            return None
        try:
            card = painter.fill_for(named)
        except ModelError:
            return None
        return card if painter.helps(card, step) else None

    def _begin(
        self, data: bytes, region: Region | None, threads: int, out: Pixels | None = None
    ) -> "_Begun":
        """The decoded picture or region, in out if that holds all of it, and how to paint it."""
        limit = pixel_limit(self.max_pixels)
        # A region may be small in a picture that is not: its own limit applies when it is decoded.
        most = limit if region is None else None
        stream = _core.Stream(data, max_pixels=most, partial=self.partial)
        header = stream.header
        if out is not None:
            whole = region or Region(0, 0, header.width, header.height)
            check_out(out, (whole.height, whole.width, header.channels))
        card = None if header.lossless else self._card(stream.model, header.step / 16)
        if card is None:
            image, lost = stream.decode(threads=threads, region=region, max_pixels=limit, out=out)
            return _Begun(image, lost)
        from ablc.runtime import tiles
        from ablc.runtime.fill import Part
        from ablc.runtime.painter import PaintJob

        height, width = header.height, header.width
        plan, window = self._painter().plan(card, height, width), None
        if region is not None:
            plan = tiles.part_of(plan, region.check(height, width))
            window = plan.region
        image, lost, guide = stream.decode_guided(
            threads=threads,
            region=window,
            max_pixels=limit,
            out=out if window in (None, region) else None,
        )
        corner = window or Region(0, 0, width, height)
        shown = image
        if region is not None and region != corner:
            shown = image[region._replace(x=region.x - corner.x, y=region.y - corner.y).slices]
        if guide is None:
            return _Begun(shown, lost)
        part = Part(image, guide, corner.y, corner.x)
        refinement = self._refinement(stream) if self.fill == "ppgn" else None
        return _Begun(shown, lost, PaintJob(part, plan, card, refinement))

    def _refinement(self, stream: _core.Stream) -> "Refinement":
        """What comes after N."""
        from ablc.runtime.latent import UpdateSettings

        settings = (
            UpdateSettings(iterations=self.iterations, budget_ms=self.budget_ms)
            if self.iterations
            else None
        )
        return self._painter().refinement(stream, settings, partial=self.partial)

    def _finish(self, begun: Sequence["_Begun"], threads: int) -> None:
        """Paints what is to be painted, and warns of what is lost."""
        for one in begun:
            warn_of(one.lost, stacklevel=4)
        if jobs := [one.job for one in begun if one.job is not None]:
            self._painter().paint(jobs, threads)


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A picture of which only the painting may be missing."""

    shown: Pixels  # a view of what job paints
    lost: list[str]  # by damage, in words
    job: "PaintJob | None" = None

    @property
    def result(self) -> Pixels:
        return np.ascontiguousarray(self.shown)
