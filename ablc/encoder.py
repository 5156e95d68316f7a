"""Encoding: the functions that callers use."""

import functools
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ablc import _core, rate
from ablc.arguments import Data, PictureLike, check_image, metadata_of, picture_of
from ablc.arrays import CELL, Flags, Floats, Pixels
from ablc.importance import Importance, check_mask, to_cells
from ablc.invisible import blackened, find_invisible, hidden_cells, smoothed
from ablc.schemes import Scheme, choose
from ablc.settings import (
    TUNES,
    Assist,
    EncodeSettings,
    SchemeName,
    Subsampling,
    Tune,
    thread_count,
)
from ablc.size_forecast import fixed_bytes, forecast_of

if TYPE_CHECKING:  # imported at run time only for assistant information
    from ablc.pictures import Picture
    from ablc.runtime.session import Sessions

SAME_STEP = 1.1  # greatest ratio of steps between which prediction modes are reused
ASSIST_PASSES = 4  # encodes that make room for assistant information
BALANCED = 64  # greatest importance for which the step of importance 1 needs no correction

Mask = SchemeName | Scheme | Flags


def encode(
    image: PictureLike,
    *,
    quality: float | None = None,
    target_bytes: int | None = None,
    bpp: float | None = None,
    lossless: bool = False,
    effort: int = 5,
    threads: int | None = None,
    subsampling: Subsampling = "auto",
    importance: Importance | None = None,
    mask: Mask = "rdo",
    tune: Tune = "ssim",
    assist: tuple[Assist, ...] = (),
    paint: str | None = None,
    keep_invisible: bool | None = None,
    icc: Data | None = None,
    exif: Data | None = None,
    xmp: Data | str | None = None,
) -> bytes:
    """Return a picture as one .ablc stream (docs/FORMAT.md).

    image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8: grey, sRGB, sRGB with alpha;
        H and W in 1..65535. Alpha is encoded without loss. Or what makes such an array: an object
        with __array__, a Pillow image, or the path of a picture, which is turned upright as its
        EXIF data says. A UserWarning names what these lose, such as 16 bits per sample.
    quality: 1..100, from the smallest file to the finest picture; default 50. At most one of
        quality, target_bytes, bpp and lossless may be given.
    target_bytes: length of the stream in bytes, met within 2 % and never exceeded.
    bpp: length of the stream in bits per pixel, met within 2 % and never exceeded.
    lossless: reproduce every sample exactly; excludes importance and mask.
    effort: 1 (fastest) to 9 (smallest file).
    threads: number of threads; default: one per core. The bytes do not depend on it.
    subsampling: "4:2:0" halves width and height of the chroma, "4:4:4" does not; "auto" is 4:2:0
        below quality 90.
    importance: (H, W) numbers >= 0, 1 = neutral, 0 = spend nothing here, infinite = lossless (in
        whole cells of 8x8 pixels); or a callable that returns such a map for the picture; or an
        Roi or several, of which later ones win. A UserWarning names an Roi that is to be lossless
        and has no pixels, for example because its finder found nothing.
    mask: "rdo" lets the encoder choose the blocks to keep by rate and distortion; the name of
        another scheme, or a Scheme, applies a rule; (ceil(H/8), ceil(W/8)) bool sets the cells to
        keep.
    tune: the measure of quality that the encoder optimises, "ssim" or "psnr".
    assist: kinds of assistant information to add, which helps a decoder with fill="ppgn" to paint
        dropped blocks: "edge", "style", "content", "latent", "class". It needs networks
        (`ablc[cpu]`) and a picture of at most 1.5 megapixels, and counts towards target_bytes.
    paint: the network that should paint the decoded picture, which the stream then names and
        decoders with fill="auto" use: its id, and after a colon the strength that is recommended,
        0..1, rounded to hundredths: "fill-small", "fill-small:0.7". It takes some 20 bytes, which
        count towards target_bytes. The network must be installed; with the hash of a version in its
        name (inspect shows it: "fill-small@029f1ac111bfcbba") it need not be. None: none.
    keep_invisible: whether the colour of pixels with alpha 0 is kept. None: in lossless streams
        only; in others it is free, and costs next to nothing.
    icc, exif, xmp: metadata to store unchanged, bytes or a buffer; the prefix "Exif" of JPEG files
        is left out. None: that of a file, the profile of a Pillow image, and none of an array;
        b"": none.

    Raises ValueError for any other argument, and if no setting reaches the requested length;
    TypeError for metadata that is not bytes; FinderError if a finder of regions fails; PictureError
    and OSError if a file cannot be read; with paint ModelError if that network is not installed, is
    damaged or does not fill; with assist ModelError and ProviderError as decode().
    """
    encoder = Encoder(
        quality=quality,
        target_bytes=target_bytes,
        bpp=bpp,
        lossless=lossless,
        effort=effort,
        threads=threads,
        subsampling=subsampling,
        tune=tune,
        assist=assist,
        paint=paint,
        keep_invisible=keep_invisible,
    )
    return encoder.encode(image, importance=importance, mask=mask, icc=icc, exif=exif, xmp=xmp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder(EncodeSettings):
    """Encodes pictures with one set of settings, those of encode(). Threads may share it."""

    def encode(
        self,
        image: PictureLike,
        *,
        importance: Importance | None = None,
        mask: Mask = "rdo",
        icc: Data | None = None,
        exif: Data | None = None,
        xmp: Data | str | None = None,
    ) -> bytes:
        """Return a picture as one .ablc stream; the arguments are those of ablc.encode."""
        data, notes = self.encode_noting(
            image, importance=importance, mask=mask, icc=icc, exif=exif, xmp=xmp
        )
        for note in notes:
            warnings.warn(note, UserWarning, stacklevel=3)
        return data

    def encode_noting(
        self,
        image: PictureLike,
        *,
        importance: Importance | None = None,
        mask: Mask = "rdo",
        icc: Data | None = None,
        exif: Data | None = None,
        xmp: Data | str | None = None,
    ) -> tuple[bytes, tuple[str, ...]]:
        """Return what encode() returns, and as sentences the warnings that it issues."""
        source = picture_of(image)
        pixels = check_image(image if source is None else source.pixels)  # (H, W, C)
        height, width, _ = pixels.shape
        if self.lossless and not (importance is None and _is_rdo(mask)):
            raise ValueError("lossless keeps everything: importance and mask exclude it")
        target = self.target(height, width)
        carried = _metadata(source, icc=icc, exif=exif, xmp=xmp)
        carried["model"] = _painter_name(self.paint)
        pixels, plan = self._seen(pixels, importance, mask)
        if target is not None:
            plan = replace(plan, importance=_balanced(plan.importance))
        picture_encoder = _PictureEncoder(
            pixels,
            plan,
            {
                "lossless": self.lossless,
                "subsample": self.subsample,
                "effort": self.effort,
                "threads": thread_count(self.threads),
                "tune": TUNES.index(self.tune),
                **carried,
            },
        )
        forecast = None if target is None else forecast_of(pixels, plan.importance, plan.mask)

        def encode_once(target: int | None) -> bytes:
            if target is None or forecast is None:
                return picture_encoder.encode(self.step, 0.0)
            return rate.hit_target(picture_encoder.encode, target, forecast, fixed_bytes)

        data = encode_once(target)
        data = self._assisted(data, pixels, target, encode_once) if self.assist else data
        return data, (*(source.notes if source else ()), *plan.notes)

    def _seen(
        self, pixels: Pixels, importance: Importance | None, mask: Mask
    ) -> "tuple[Pixels, _CellPlan]":
        """Return the pixels to encode, and their plan; both leave out what alpha 0 hides."""
        invisible = None if self.keeps_invisible else find_invisible(pixels)
        if invisible is None:
            return pixels, _plan(importance, mask, pixels)
        if self.lossless:
            return blackened(pixels, invisible), _plan(importance, mask, pixels)
        smooth = smoothed(pixels, invisible)
        plan = _plan(importance, mask, smooth)
        if plan.exact is not None:  # every pixel of a lossless region comes back
            smooth = np.where(_pixels_of(plan.exact, invisible)[..., None], pixels, smooth)
        hidden = hidden_cells(invisible)
        if not hidden.any():
            return smooth, plan
        weight = np.ones(hidden.shape, np.float32) if plan.importance is None else plan.importance
        return smooth, replace(plan, importance=np.where(hidden, np.float32(0), weight))

    def _assisted(
        self,
        data: bytes,
        pixels: Pixels,
        target: int | None,
        encode_once: Callable[[int | None], bytes],
    ) -> bytes:
        """Return the stream with assistant information, still within the target."""
        from ablc.runtime import assistance_encoder, painter
        from ablc.runtime.latent_networks import LatentNetworks

        networks = LatentNetworks(_sessions(self.threads), painter.update_for(b""))

        def with_assistance(data: bytes) -> bytes:
            sections = assistance_encoder.sections(data, pixels, self.assist, networks)
            return _core.Stream(data).with_sections(sections)

        whole = with_assistance(data)
        if target is None:
            return whole
        # The information depends slightly on which blocks are dropped, and so does its length.
        reserved = 0
        for _ in range(ASSIST_PASSES):
            if (1 - rate.SLACK) * target <= len(whole) <= target:
                break
            reserved = max(reserved, len(whole) - len(data))
            if reserved >= target:
                raise ValueError(f"assistant information alone takes {reserved} of {target} bytes")
            data = encode_once(target - reserved)
            whole = with_assistance(data)
        if len(whole) > target:
            raise ValueError(f"no setting reaches {target} bytes with assistant information")
        return whole


@dataclass(frozen=True, slots=True, eq=False)
class _CellPlan:
    """Importance and mask in the form of the codec. R and C count cells of 8x8 pixels."""

    importance: Floats | None  # (R, C)
    mask: Flags | None  # (R, C): the cells to keep; None if the encoder chooses
    exact: Flags | None  # (R, C) or (H, W): cells or pixels to reproduce exactly
    notes: tuple[str, ...] = ()  # on the regions, one sentence each


@dataclass(slots=True, eq=False)
class _PictureEncoder:
    """One picture that is encoded with several steps in turn."""

    pixels: Pixels
    plan: _CellPlan
    settings: dict[str, Any]  # further arguments of _core.encode
    analysis: _core.Analysis = field(default_factory=_core.Analysis)
    analysed: int = 0  # the step of the analysis

    def encode(self, step: int, tail: float) -> bytes:
        """Return the stream for a step (1/16 grey level) and a tail (-1..1, see ablc.rate)."""
        if not 1 / SAME_STEP < step / max(self.analysed, 1) < SAME_STEP:
            self.analysis, self.analysed = _core.Analysis(), step
        return _core.encode(
            self.pixels,
            step=step,
            tail=tail,
            importance=self.plan.importance,
            mask=self.plan.mask,
            exact=self.plan.exact,
            analysis=self.analysis,
            **self.settings,
        )


def _metadata(source: "Picture | None", **given: object) -> dict[str, bytes]:
    """Return the metadata to store: what is given, or else that of the picture."""
    return {
        name: metadata_of(
            name, getattr(source.metadata, name) if value is None and source else value
        )
        for name, value in given.items()
    }


def _plan(importance: Importance | None, mask: Mask, pixels: Pixels) -> _CellPlan:
    """Return importance and mask of a picture (H, W, C) in the form of the codec.

    Raises ValueError if they do not fit the picture or each other.
    """
    cells = None if importance is None else to_cells(importance, pixels)
    neutral = cells is None or bool((cells.weight == 1).all())  # as without a map
    weight = None if cells is None or neutral else cells.weight
    exact = cells.exact if cells else None
    notes = cells.notes if cells else ()
    if not isinstance(mask, str | Scheme):
        return _CellPlan(weight, check_mask(mask, *pixels.shape[:2]), exact, notes)
    scheme = Scheme(mask) if isinstance(mask, str) else mask
    if scheme.name == "rdo":
        return _CellPlan(weight, None, exact, notes)
    kept = choose(scheme, pixels)
    if kept.pixels is None:
        return _CellPlan(weight, kept.cells, exact, notes)
    if exact is not None:
        raise ValueError(f"a lossless region and the mask {scheme.name!r} exclude each other")
    return _CellPlan(weight, kept.cells, kept.pixels, notes)


def _pixels_of(exact: Flags, like: Flags) -> Flags:
    """Return flags of pixels (H, W), like others, for flags of pixels or cells."""
    if exact.shape == like.shape:
        return exact
    height, width = like.shape
    return exact.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]


def _balanced(importance: Floats | None) -> Floats | None:
    """Return the map multiplied by a factor; with a target only the ratios in it matter.

    The header has the step of importance 1. Next to regions of a very high weight that step would
    be very coarse, and the range of steps would not suffice, so the map is divided by the square
    root of the excess over BALANCED.
    """
    if importance is None or importance.max() <= BALANCED:
        return importance
    return importance * np.float32(np.sqrt(BALANCED / importance.max()))


def _painter_name(paint: str | None) -> bytes:
    """Return the body of the section MODL for the setting paint; empty: no section."""
    if paint is None:
        return b""
    from ablc.runtime import choice  # late: most encoding needs nothing of networks

    return choice.pack(paint)


@functools.lru_cache(maxsize=2)
def _sessions(threads: int | None) -> "Sessions":
    """Return the sessions that encoders with this number of threads share."""
    from ablc.runtime.session import Sessions

    return Sessions("auto", threads)


def _is_rdo(mask: Mask) -> bool:
    """Return True if the encoder chooses the blocks to keep."""
    name = mask.name if isinstance(mask, Scheme) else mask
    return isinstance(name, str) and name == "rdo"
