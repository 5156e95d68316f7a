"""Decoding: the functions that callers use."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from ablc import _core
from ablc.arguments import Data, stream_of
from ablc.arrays import CELL, Pixels, check_out
from ablc.errors import ModelError, ProviderError, StreamError, warn_of, warn_of_painter
from ablc.painter_slot import PainterSlot
from ablc.regions import Region
from ablc.settings import (
    STEP_COARSEST,
    DecodeSettings,
    Fill,
    Provider,
    pixel_limit,
    thread_count,
)

if TYPE_CHECKING:  # imported at run time only when a network is needed
    from ablc.runtime.choice import Choice
    from ablc.runtime.painter import LatentUpdate, Painter, PaintJob

WARM_SIDE = 64  # side of the empty picture that warm_up decodes, pixels

Box = tuple[int, int, int, int]  # x, y, width, height in pixels


def decode(
    data: Data,
    *,
    fill: Fill = "auto",
    iterations: int = 0,
    budget_ms: float | None = None,
    provider: Provider = "auto",
    model: str | None = None,
    strength: float | None = None,
    region: Box | None = None,
    threads: int | None = None,
    partial: bool = False,
    max_pixels: int | None = None,
    out: Pixels | None = None,
) -> Pixels:
    """Return the picture in a stream, (H, W, C) uint8 with C 1 (grey), 3 (sRGB) or 4 (with alpha).

    The channels are red, green, blue, alpha; cv2 expects blue first: `pixels[..., ::-1]`.

    data: bytes, or a buffer of them: bytearray, memoryview, mmap, a numpy array.
    fill: method that repairs kept blocks and paints dropped ones: "classical" needs no network,
        "net" and "ppgn" do. "auto" is "net" if the stream names its painter, as `paint` of encode()
        has it do, else "classical"; if that painter is missing, a PaintWarning says so once and the
        fill is "classical". With any method the result keeps the guarantees of the stream
        (docs/FORMAT.md, Painted pictures).
    iterations: number of iterations of the latent loop, for fill="ppgn"; 0..8 are practical.
    budget_ms: time for these iterations in milliseconds, per picture or per tile of a large one; at
        least one is run.
    provider: where networks run: "auto", "cpu", "cuda" or "tensorrt".
    model: id of the network that fills (`ablc models`), with which "auto" is "net"; default: the
        one that the stream names, else "fill-small".
    strength: weight of what networks paint, from 0 (the decoded picture) to 1; default: the one
        that the stream recommends for the painter it names, else 1.
    region: x, y, width, height of the part to decode, in pixels. Its pixels equal those in the
        whole picture; time and memory depend on the part only, if the picture is tiled (from 1.5
        megapixels on).
    threads: number of threads; default: one per core. Without networks the pixels do not depend on
        it.
    partial: recover the intact parts of a damaged stream; a StreamWarning names the lost ones.
    max_pixels: greatest number of pixels of a picture, or of the tiles around a region; default:
        PIL.Image.MAX_IMAGE_PIXELS.
    out: array to decode into, which is then returned: (H, W, C) uint8 of the size of the picture or
        the region, C-contiguous and writable. After an error its contents are undefined.

    Networks stay loaded until the process ends; a Decoder can be closed instead.

    Raises StreamError if the bytes are damaged or not an .ablc stream, LimitError beyond
    max_pixels, ModelError if networks are missing or damaged, ProviderError if they cannot run on
    the provider, TypeError if the data is not bytes, ValueError for another wrong argument.
    """
    given = fill, iterations, budget_ms, provider, model, strength, threads, partial, max_pixels
    try:
        decoder = _decoder_of(*given)
    except TypeError:  # an argument has no hash, such as an array
        decoder = _decoder_of.__wrapped__(*given)
    return decoder.decode(data, region=region, out=out)


@functools.lru_cache(maxsize=8, typed=True)  # 1.0 is no number of threads, although it equals 1
def _decoder_of(
    fill: Fill,
    iterations: int,
    budget_ms: float | None,
    provider: Provider,
    model: str | None,
    strength: float | None,
    threads: int | None,
    partial: bool,
    max_pixels: int | None,
) -> "Decoder":
    """Return the decoder that decode() uses for these arguments."""
    settings = DecodeSettings(
        fill=fill,
        iterations=iterations,
        budget_ms=budget_ms,
        provider=provider,
        model=model,
        strength=strength,
        threads=threads,
        partial=partial,
        max_pixels=max_pixels,
    )
    return _decoder(settings)


@functools.lru_cache(maxsize=8)
def _decoder(settings: DecodeSettings) -> "Decoder":
    """Return the one decoder for these settings, whatever types they were given in."""
    return Decoder(**asdict(settings))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoder(DecodeSettings):
    """Decodes streams with one set of settings, those of decode(). Threads may share it.

    Networks are loaded when they are first needed, or by warm_up(), and stay loaded until close().
    Copies and pickles have the same settings and load networks of their own.
    """

    _slot: PainterSlot = field(default_factory=PainterSlot, init=False, repr=False, compare=False)

    def decode(self, data: Data, *, region: Box | None = None, out: Pixels | None = None) -> Pixels:
        """Return the picture in a stream; the arguments are those of ablc.decode."""
        threads = thread_count(self.threads)
        part = None if region is None else Region.of(region)
        picture = self._decode_unpainted(data, part, threads, out)
        self._paint([picture], threads)
        if out is None or picture.shown is out:
            return picture.result
        out[...] = picture.shown  # a larger window had to be painted
        return out

    def decode_batch(self, streams: Iterable[Data]) -> list[Pixels]:
        """Return the pictures of several streams, in their order, decoded in parallel.

        Pictures of one size go through the networks together if that is faster. Raises the error of
        the first stream that cannot be decoded, as decode() does.
        """
        pictures: list[Pixels] = []
        for picture in self.decode_each(streams):
            if isinstance(picture, Exception):
                raise picture
            pictures.append(picture)
        return pictures

    def decode_each(self, streams: Iterable[Data]) -> list[Pixels | StreamError | ModelError]:
        """Return the pictures of several streams, with errors in place of those that fail.

        An error that concerns all pictures, such as ProviderError, is raised.
        """
        streams = list(streams)
        threads = thread_count(self.threads)
        workers = max(1, min(threads, len(streams)))
        each = max(1, threads // max(1, len(streams)))

        def decode_unpainted(data: Data) -> _Unpainted | StreamError | ModelError:
            try:
                return self._decode_unpainted(data, None, each)
            except (StreamError, ModelError) as error:
                return error

        if workers == 1:
            decoded = [decode_unpainted(data) for data in streams]
        else:
            from concurrent.futures import ThreadPoolExecutor  # late: importing it takes long

            with ThreadPoolExecutor(workers) as pool:
                try:
                    decoded = list(pool.map(decode_unpainted, streams))
                except KeyboardInterrupt:
                    _core.cancel_running()  # leaving the block waits for the threads
                    raise
        self._paint([item for item in decoded if isinstance(item, _Unpainted)], threads)
        return [item.result if isinstance(item, _Unpainted) else item for item in decoded]

    def warm_up(self, *sizes: tuple[int, int]) -> None:
        """Load the networks, and decode empty pictures of these heights and widths.

        The first real pictures of these sizes then take no longer than later ones. Raises the
        errors of decode() about networks; does nothing with fill="classical", and with "auto"
        unless there is a model: streams name the others.
        """
        if self.fill == "classical" or (self.fill == "auto" and self.model is None):
            return
        for height, width in sizes or ((WARM_SIDE, WARM_SIDE),):
            cells = (-(-height // CELL), -(-width // CELL))
            blank = np.zeros((height, width, 3), np.uint8)
            dropped = np.zeros(cells, np.bool_)
            self.decode(_core.encode(blank, step=STEP_COARSEST, effort=1, mask=dropped))

    def sharing(self, fill: Fill, model: str | None, strength: float | None) -> "Decoder":
        """Return a decoder with another choice of fill, which has the networks of this one.

        Closing one of the two releases the networks of both. Raises ValueError as decode() does.
        """
        other = replace(self, fill=fill, model=model, strength=strength)
        object.__setattr__(other, "_slot", self._slot)
        return other

    def close(self) -> None:
        """Release the networks. The decoder remains usable and loads them again when needed."""
        self._slot.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _painter(self) -> "Painter":
        from ablc.runtime.painter import Painter

        return self._slot.painter(lambda: Painter(self.provider, self.threads))

    def _choose(self, named: bytes) -> "tuple[Choice | None, str]":
        """Return the network that fills a lossy picture, None for the classical fill; and a text.

        The text says why the painter that the stream names is not used, or is empty.
        named: body of the stream's section MODL.
        """
        automatic = self.fill == "auto" and self.model is None
        if self.fill == "classical" or (automatic and not named):
            return None, ""
        from ablc.runtime import choice, session

        if not automatic:
            return choice.requested(named, self.model, self.strength, partial=self.partial)
        try:
            return choice.recommended(named, self.strength, self._painter()), ""
        except ModelError as error:
            return None, f"painted without a network: {error}"
        except ProviderError as error:
            if self.provider != "auto" and session.installed():
                raise  # a provider that the caller chose is not replaced
            return None, f"painted without a network: {error}"

    def _decode_unpainted(
        self, data: Data, region: Region | None, threads: int, out: Pixels | None = None
    ) -> "_Unpainted":
        """Decode a picture or region, into out if it is no larger, and plan its painting."""
        limit = pixel_limit(self.max_pixels)
        # A large picture may have a small region, to which the limit applies when it is decoded.
        most = limit if region is None else None
        stream = _core.Stream(stream_of(data), max_pixels=most, partial=self.partial)
        header = stream.header
        if out is not None:
            whole = region or Region(0, 0, header.width, header.height)
            check_out(out, (whole.height, whole.width, header.channels))
        chosen, missing = (None, "") if header.lossless else self._choose(stream.model)
        if chosen is None:
            image, lost = stream.decode(threads=threads, region=region, max_pixels=limit, out=out)
            return _Unpainted(image, lost, missing)
        from ablc.runtime import tiles
        from ablc.runtime.fill import Part
        from ablc.runtime.painter import PaintJob

        height, width = header.height, header.width
        plan, window = self._painter().plan(chosen.card, height, width), None
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
            return _Unpainted(shown, lost, missing)
        part = Part(image, guide, corner.y, corner.x)
        latent_update = self._latent_update(stream) if self.fill == "ppgn" else None
        job = PaintJob(part, plan, chosen.card, latent_update, chosen.strength)
        return _Unpainted(shown, lost, missing, job)

    def _latent_update(self, stream: _core.Stream) -> "LatentUpdate":
        """Return the latent update of the picture after N, for fill="ppgn"."""
        from ablc.runtime.latent import UpdateSettings

        settings = (
            UpdateSettings(iterations=self.iterations, budget_ms=self.budget_ms)
            if self.iterations
            else None
        )
        return self._painter().latent_update(stream, settings, partial=self.partial)

    def _paint(self, pictures: Sequence["_Unpainted"], threads: int) -> None:
        """Paint the pictures that need it; warn of lost parts and of painters that are missing."""
        for picture in pictures:
            if picture.lost and picture.missing:  # the name is one more part that damage has hit
                warn_of([*picture.lost, picture.missing], stacklevel=4)
                continue
            warn_of(picture.lost, stacklevel=4)
            warn_of_painter(picture.missing, stacklevel=4)
        if jobs := [picture.job for picture in pictures if picture.job is not None]:
            self._painter().paint(jobs, threads)


@dataclass(frozen=True, slots=True, eq=False)
class _Unpainted:
    """A decoded picture whose painting, if it needs any, is still to be done."""

    shown: Pixels  # a view of the pixels that job paints
    lost: list[str]  # parts lost by damage, in words
    missing: str = ""  # why the painter that the stream names is not used; else empty
    job: "PaintJob | None" = None  # the painting; None if there is none to do

    @property
    def result(self) -> Pixels:
        return np.ascontiguousarray(self.shown)
