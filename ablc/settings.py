"""What an encode or a decode is asked to do, checked once, and its translation for the codec."""

import math
import os
from dataclasses import dataclass
from typing import Literal

import numpy as np

QUALITY_DEFAULT = 50
QUALITY_THREES = 16  # below, three values share a step
QUALITY_444 = 90  # from here on subsampling="auto" keeps the full chroma
STEP_FINEST = 16  # at quality 100, in 1/16 grey level
STEP_COARSEST = 16 * 440  # at quality 1
STEP_SLOPE = 0.0567  # octaves of the step that a point of quality is worth ...
STEP_LOW = 1 / 49  # ... up to 50 so much more, where neighbours look much alike ...
STEP_BEND, STEP_BEND_POWER = 2.168, 8  # ... and the octaves gained towards quality 100
SIDE_MAX = 65535  # pixels
THREADS_MAX = 256

Subsampling = Literal["auto", "4:2:0", "4:4:4"]
Tune = Literal["ssim", "psnr"]
Fill = Literal["auto", "classical", "net", "ppgn"]
Assist = Literal["edge", "style", "content", "latent", "class"]
Provider = Literal["auto", "cpu", "cuda", "tensorrt"]

TUNES: tuple[Tune, ...] = ("ssim", "psnr")  # the place is the codec's number
SUBSAMPLINGS: tuple[Subsampling, ...] = ("auto", "4:2:0", "4:4:4")
FILLS: tuple[Fill, ...] = ("auto", "classical", "net", "ppgn")
ASSISTS: tuple[Assist, ...] = ("edge", "style", "content", "latent", "class")
PROVIDERS: tuple[Provider, ...] = ("auto", "cpu", "cuda", "tensorrt")


def step_of(quality: float) -> int:
    """Luma quantisation step in 1/16 grey level; every whole quality from 16 on has its own.

    Below that, under 0.05 bits per pixel, it goes in threes: closer steps scatter more than they
    differ, and better quality must not give a worse picture.
    An octave in about 13 points of quality up to 50, then in about 18, faster towards 100: on Kodak
    50 takes about 0.4, 75 about 1 and 90 about 2.5 bits per pixel.
    """
    if quality < QUALITY_THREES:
        quality = 1 + 3 * ((quality - 1) // 3)
    octaves = STEP_SLOPE * (quality - 1) + STEP_LOW * (min(quality, QUALITY_DEFAULT) - 1)
    octaves += STEP_BEND * math.pow(quality / 100, STEP_BEND_POWER)
    return max(round(STEP_COARSEST * math.pow(2, -octaves)), STEP_FINEST)


def cores() -> int:
    """Number of processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return min(len(os.sched_getaffinity(0)), THREADS_MAX)
    return min(os.cpu_count() or 1, THREADS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeSettings:
    """How pictures are coded. At most one of quality, target_bytes, bpp and lossless is given."""

    quality: float | None = None  # 1..100; None: 50, unless one of the next three is given
    target_bytes: int | None = None  # size of the stream: met within 2 %, never exceeded
    bpp: float | None = None  # the same in bits per pixel
    lossless: bool = False  # every sample comes back
    effort: int = 5  # 1 fastest .. 9 smallest
    threads: int | None = None  # None: one per core; the bytes do not depend on it
    subsampling: Subsampling = "auto"  # of the chroma; auto: 4:2:0 below quality 90
    tune: Tune = "ssim"  # the measure that the encoder's choices serve
    assist: tuple[Assist, ...] = ()  # assistant information, for fill="ppgn" of a decoder

    def __post_init__(self) -> None:
        goals = {"quality": self.quality, "target_bytes": self.target_bytes, "bpp": self.bpp}
        given = [name for name, value in goals.items() if value is not None]
        given += ["lossless"] if self.lossless else []
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: give one of them")
        if self.quality is not None:
            check_number("quality", self.quality, 1, 100)
        if self.target_bytes is not None:
            check_whole("target_bytes", self.target_bytes, 1)
        if self.bpp is not None:
            check_number("bpp", self.bpp, 0, math.inf)
        check_whole("effort", self.effort, 1, 9)
        check_threads(self.threads)
        check_choice("subsampling", self.subsampling, SUBSAMPLINGS)
        check_choice("tune", self.tune, TUNES)
        if isinstance(self.assist, str):
            raise ValueError(f"assist must be several names, not the text {self.assist!r}")
        for name in self.assist:
            check_choice("a name in assist", name, ASSISTS)
        if self.assist and self.lossless:
            raise ValueError("lossless keeps everything: assist excludes it")

    @property
    def step(self) -> int:
        """Luma step where quality rules, in 1/16 grey level."""
        return step_of(QUALITY_DEFAULT if self.quality is None else self.quality)

    @property
    def subsample(self) -> bool:
        """True for 4:2:0."""
        if self.subsampling == "auto":
            return self.quality is None or self.quality < QUALITY_444
        return self.subsampling == "4:2:0"

    def target(self, height: int, width: int) -> int | None:
        """Bytes that the stream may have; None if its size is free."""
        if self.bpp is not None:
            return max(math.floor(self.bpp * height * width / 8), 1)
        return self.target_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeSettings:
    """How streams are decoded."""

    fill: Fill = "auto"  # what paints ablated blocks; auto: the best there is
    iterations: int = 0  # latent steps, for fill="ppgn" alone
    budget_ms: float | None = None  # as many latent steps as fit into this time, at least one
    provider: Provider = "auto"  # where networks run
    model: str | None = None  # id of the network that fills; None: the stream's, else the usual one
    threads: int | None = None  # None: one per core; the pixels do not depend on it
    partial: bool = False  # save what can be saved of a damaged stream, and warn
    max_pixels: int | None = None  # None: PIL.Image.MAX_IMAGE_PIXELS

    def __post_init__(self) -> None:
        check_choice("fill", self.fill, FILLS)
        check_whole("iterations", self.iterations, 0)
        if self.iterations and self.fill != "ppgn":
            raise ValueError(f"iterations={self.iterations} needs fill='ppgn', not {self.fill!r}")
        if self.budget_ms is not None:
            check_number("budget_ms", self.budget_ms, 0, math.inf)
            if not self.iterations:
                raise ValueError(f"budget_ms={self.budget_ms} needs iterations, at most as many")
        check_choice("provider", self.provider, PROVIDERS)
        if self.model is not None and self.fill == "classical":
            raise ValueError(f"model={self.model!r} needs a fill that networks do, not 'classical'")
        check_threads(self.threads)
        if self.max_pixels is not None:
            check_whole("max_pixels", self.max_pixels, 1)


def pixel_limit(max_pixels: int | None) -> int:
    """Most pixels that a stream may ask for; without a number of the caller's, Pillow's limit."""
    if max_pixels is not None:
        return min(max_pixels, SIDE_MAX**2)
    from PIL import Image  # late: coding needs no Pillow

    return SIDE_MAX**2 if Image.MAX_IMAGE_PIXELS is None else Image.MAX_IMAGE_PIXELS


def check_number(name: str, value: object, low: float, high: float) -> None:
    """Raises ValueError unless value is a finite number in low..high, above 0."""
    wanted = f"a number above {low:g}" if high == math.inf else f"a number in {low:g}..{high:g}"
    if low == 0 and high != math.inf:
        wanted += ", above 0"
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError(f"{name} must be {wanted}, not {value!r}")
    if not (math.isfinite(value) and value > 0 and low <= value <= high):
        raise ValueError(f"{name} must be {wanted}, not {value!r}")


def check_whole(name: str, value: object, low: int, high: int | None = None) -> None:
    """Raises ValueError unless value is a whole number in low..high."""
    wanted = f"at least {low}" if high is None else f"in {low}..{high}"
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"{name} must be a whole number {wanted}, not {value!r}")
    if value < low or (high is not None and value > high):
        raise ValueError(f"{name} must be a whole number {wanted}, not {value!r}")


def check_threads(threads: int | None) -> None:
    """Raises ValueError unless threads is None or at least 1."""
    if threads is not None:
        check_whole("threads", threads, 1)


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raises ValueError unless value is one of choices."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def check_out(out: object, shape: tuple[int, ...]) -> None:
    """Raises ValueError unless out is an array that a picture of this shape is decoded into."""
    wanted = f"out must be {shape} uint8, C-contiguous and writable"
    if not isinstance(out, np.ndarray):
        raise ValueError(f"{wanted}, not {type(out).__name__}")
    if out.shape != shape or out.dtype != np.uint8:
        raise ValueError(f"{wanted}, not {out.shape} {out.dtype}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise ValueError(f"{wanted}, which this array is not")
