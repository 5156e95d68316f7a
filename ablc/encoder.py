"""Coding pictures, as a caller sees it."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ablc import _core, rate
from ablc.arrays import Flags, Pixels
from ablc.importance import Importance, check_mask, to_cells
from ablc.schemes import Scheme, choose
from ablc.settings import (
    SIDE_MAX,
    TUNES,
    Assist,
    EncodeSettings,
    SchemeName,
    Subsampling,
    Tune,
    cores,
)
from ablc.size_forecast import fixed_bytes, forecast_of

if TYPE_CHECKING:  # else imported for assistant information alone
    from ablc.runtime.session import Sessions

SAME_STEP = 1.1  # ratio of steps up to which one takes over the other's prediction modes
ASSIST_PASSES = 4  # encodes that make room for assistant information
BALANCED = 64  # largest importance to which one step of the base does justice

Mask = SchemeName | Scheme | Flags


def encode(
    image: Pixels,
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
    icc: bytes = b"",
    exif: bytes = b"",
    xmp: bytes = b"",
) -> bytes:
    """A picture as one .ablc stream (docs/FORMAT.md).

    image: (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8: grey, sRGB, sRGB with alpha;
        H and W in 1..65535. Alpha is coded without loss.
    quality: 1..100, default 50. Instead of it, at most one of:
    target_bytes: size of the stream, met within 2 % and never exceeded.
    bpp: the same in bits per pixel.
    lossless: every sample comes back; importance and mask have no place then.
    effort: 1 (fastest) to 9 (smallest).
    threads: default one per core; the bytes do not depend on it.
    subsampling: of the chroma; "auto" is 4:2:0 below quality 90 and 4:4:4 from there on.
    importance: (H, W) numbers >= 0, 1 = neutral, 0 = spend nothing here, infinite = lossless (in
        whole cells of 8x8 pixels); or a callable that makes one of the picture; or Roi, or
        several: later ones win.
    mask: "rdo" lets the encoder choose which blocks are kept; the name of another scheme, or a
        Scheme, sets a rule; (ceil(H/8), ceil(W/8)) bool says it cell by cell.
    tune: the measure that the encoder's choices serve.
    assist: assistant information to add, which helps a decoder with fill="ppgn" to paint dropped
        blocks: "edge", "style", "content", "latent", "class". Finding it takes networks
        (`ablc[cpu]`) and a picture of at most 1.5 megapixels; its bytes are part of target_bytes.
    icc, exif, xmp: carried along as they are; EXIF without the "Exif" prefix of JPEG files.

    Raises ValueError for any other argument, and if no setting reaches the size asked for;
    FinderError if a finder of regions fails; with assist ModelError and ProviderError as decode().
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
    )
    return encoder.encode(image, importance=importance, mask=mask, icc=icc, exif=exif, xmp=xmp)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder(EncodeSettings):
    """Codes pictures with one set of settings, those of encode(). May be shared by threads."""

    def encode(
        self,
        image: Pixels,
        *,
        importance: Importance | None = None,
        mask: Mask = "rdo",
        icc: bytes = b"",
        exif: bytes = b"",
        xmp: bytes = b"",
    ) -> bytes:
        """A picture as one .ablc stream; the arguments are those of ablc.encode."""
        pixels = check_image(image)  # (H, W, C)
        height, width, _ = pixels.shape
        if self.lossless and not (importance is None and _is_rdo(mask)):
            raise ValueError("lossless keeps everything: importance and mask exclude it")
        target = self.target(height, width)
        plan = _plan(importance, mask, pixels)
        if target is not None:
            plan = replace(plan, importance=_balanced(plan.importance))
        coder = _Coder(
            pixels,
            plan,
            {
                "lossless": self.lossless,
                "subsample": self.subsample,
                "effort": self.effort,
                "threads": self.threads or cores(),
                "tune": TUNES.index(self.tune),
                "icc": icc,
                "exif": exif,
                "xmp": xmp,
            },
        )
        forecast = None if target is None else forecast_of(pixels, plan.importance, plan.mask)

        def encode_once(target: int | None) -> bytes:
            if target is None or forecast is None:
                return coder.encode(self.step, 0.0)
            return rate.hit_target(coder.encode, target, forecast, fixed_bytes)

        data = encode_once(target)
        return self._assisted(data, pixels, target, encode_once) if self.assist else data

    def _assisted(
        self,
        data: bytes,
        pixels: Pixels,
        target: int | None,
        encode_once: Callable[[int | None], bytes],
    ) -> bytes:
        """The stream with assistant information, still of the target's size."""
        from ablc.runtime import assistance_encoder, painter
        from ablc.runtime.latent_networks import LatentNetworks

        networks = LatentNetworks(_sessions(self.threads), painter.update_for(b""))

        def told(data: bytes) -> bytes:
            found = assistance_encoder.sections(data, pixels, self.assist, networks)
            return _core.Stream(data).with_sections(found)

        whole = told(data)
        if target is None:
            return whole
        # What is told depends a little on what is dropped, and so on the size.
        most = 0
        for _ in range(ASSIST_PASSES):
            if (1 - rate.SLACK) * target <= len(whole) <= target:
                break
            most = max(most, len(whole) - len(data))
            if most >= target:
                raise ValueError(f"assistant information alone takes {most} of {target} bytes")
            data = encode_once(target - most)
            whole = told(data)
        if len(whole) > target:
            raise ValueError(f"no setting reaches {target} bytes with assistant information")
        return whole


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """What importance and mask say, as the codec takes it. R, C count cells of 8x8 pixels."""

    importance: npt.NDArray[np.float32] | None  # (R, C)
    mask: Flags | None  # (R, C): the kept cells, if not the encoder's choice
    exact: Flags | None  # (R, C) or (H, W): what comes back without loss


@dataclass(slots=True, eq=False)
class _Coder:
    """One picture, to be coded with one step after another."""

    pixels: Pixels
    plan: _Plan
    settings: dict[str, Any]  # further arguments of _core.encode
    analysis: _core.Analysis = field(default_factory=_core.Analysis)
    analysed: int = 0  # the step at which analysis was made

    def encode(self, step: int, tail: float) -> bytes:
        """The stream of a step, with a tail as rate.py has it."""
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


def _plan(importance: Importance | None, mask: Mask, pixels: Pixels) -> _Plan:
    """Raises ValueError if importance or mask do not fit the picture or each other."""
    cells = None if importance is None else to_cells(importance, pixels)
    weight = cells.weight if cells else None
    exact = cells.exact if cells else None
    if not isinstance(mask, str | Scheme):
        return _Plan(weight, check_mask(mask, *pixels.shape[:2]), exact)
    scheme = Scheme(mask) if isinstance(mask, str) else mask
    if scheme.name == "rdo":
        return _Plan(weight, None, exact)
    kept = choose(scheme, pixels)
    if kept.pixels is None:
        return _Plan(weight, kept.cells, exact)
    if exact is not None:
        raise ValueError(f"a lossless region and the mask {scheme.name!r} exclude each other")
    return _Plan(weight, kept.cells, kept.pixels)


def _balanced(importance: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32] | None:
    """The map in other units, which mean nothing where the size is the goal.

    The base has the step of what is neutral. With very weighty regions that would be too coarse for
    them, and steps would run out, so neutral is put half-way between them and the rest.
    """
    if importance is None or importance.max() <= BALANCED:
        return importance
    return importance * np.float32(np.sqrt(BALANCED / importance.max()))


@functools.lru_cache(maxsize=2)
def _sessions(threads: int | None) -> "Sessions":
    """Those of all encoders of so many threads, kept until the process ends."""
    from ablc.runtime.session import Sessions

    return Sessions("auto", threads)


def _is_rdo(mask: Mask) -> bool:
    """Whether the choice is the encoder's own."""
    name = mask.name if isinstance(mask, Scheme) else mask
    return isinstance(name, str) and name == "rdo"


def check_image(image: object) -> Pixels:
    """The image as contiguous (H, W, C) uint8. Raises ValueError if it is no picture."""
    if not isinstance(image, np.ndarray):
        raise ValueError(f"image must be a numpy array, not {type(image).__name__}")
    if image.dtype != np.uint8 or image.ndim not in (2, 3):
        raise ValueError(f"image must be (H, W, C) uint8, not {image.shape} {image.dtype}")
    pixels = image[:, :, np.newaxis] if image.ndim == 2 else image
    height, width, channels = pixels.shape
    if channels not in (1, 3, 4):
        raise ValueError(f"image must have 1, 3 or 4 channels, not {channels}")
    if not (1 <= height <= SIDE_MAX and 1 <= width <= SIDE_MAX):
        raise ValueError(f"image must be 1..{SIDE_MAX} pixels high and wide, not {height}x{width}")
    return np.ascontiguousarray(pixels)
