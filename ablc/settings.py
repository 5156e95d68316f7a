"""Settings of encoding and decoding: their meaning, their ranges, their values for the codec."""

import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from ablc.cgroups import cpu_quota
from ablc.network_names import NetworkName
from ablc.options import Option, check_choice, check_options

QUALITY_DEFAULT = 50
QUALITY_THREES = 16  # below, three qualities share a step
QUALITY_444 = 90  # from here on subsampling="auto" keeps the full chroma
STEP_FINEST = 16  # at quality 100, in 1/16 grey level
STEP_COARSEST = 16 * 440  # at quality 1
STEP_SLOPE = 0.0567  # octaves of the step that a point of quality is worth ...
STEP_LOW = 1 / 49  # ... and so much more up to quality 50 ...
STEP_BEND, STEP_BEND_POWER = 2.168, 8  # ... and the octaves gained towards quality 100
SIDE_MAX = 65535  # pixels
THREADS_MAX = 256

Subsampling = Literal["auto", "4:2:0", "4:4:4"]
Tune = Literal["ssim", "psnr"]
SchemeName = Literal[
    "rdo", "centre", "pixels", "edge-pixels", "edge-blocks", "edge-blocks+random", "random-blocks"
]
Edges = Literal["canny", "log"]
Fill = Literal["auto", "classical", "net", "ppgn"]
Assist = Literal["edge", "style", "content", "latent", "class"]
Provider = Literal["auto", "cpu", "cuda", "tensorrt"]

TUNES: tuple[Tune, ...] = get_args(Tune)  # the position is the codec's number
SCHEMES: tuple[SchemeName, ...] = get_args(SchemeName)

QUALITY = Option(
    "Fidelity, from 1 (smallest file) to 100 (finest picture).",
    low=1,
    high=100,
    unset=f"{QUALITY_DEFAULT}, unless a length is given",
)
TARGET_BYTES = Option(
    "Length of the stream in bytes: met within 2 % and never exceeded.",
    low=1,
    whole=True,
    unit="bytes",
    unset="",
)
BPP = Option(
    "Length of the stream in bits per pixel: met within 2 % and never exceeded.",
    above=0,
    unit="bits",
    unset="",
)
LOSSLESS = Option("Reproduce every sample exactly.", flag=True)
EFFORT = Option(
    "Search effort, from 1 (fastest) to 9 (smallest file).",
    low=1,
    high=9,
    whole=True,
    unit="n",
)
THREADS = Option("Threads to run on.", low=1, whole=True, unit="n", unset="one per core")
SUBSAMPLING = Option(
    "Resolution of the chroma: 4:2:0 halves its width and height, auto does so below quality "
    f"{QUALITY_444}.",
    choices=get_args(Subsampling),
)
TUNE = Option("Measure of quality that the encoder optimises.", choices=TUNES)
ASSIST = Option(
    "Assistant information to add for decoders that paint with fill ppgn: "
    f"{', '.join(get_args(Assist))}."
)
PAINT = Option(
    "Network that should paint the decoded picture, for the stream to name: its id and, after a "
    "colon, the strength to recommend, 0..1 (fill-small:0.7). It must be installed, unless its id "
    "has the hash of a version (ID@HASH, as `ablc inspect` shows it).",
    unset="",
)
KEEP_INVISIBLE = Option(
    "Keep the colour of pixels with alpha 0, which nobody sees and which costs bytes.",
    flag=True,
    unset="in lossless streams only",
)
FEATHER = Option(
    "Width of the soft border around each region of interest, in pixels.",
    low=0,
    whole=True,
    unit="pixels",
)
MASK = Option(
    "Rule that selects the blocks or pixels to keep. rdo: the encoder decides by rate and "
    "distortion; centre: a square of 100x100 pixels; pixels: random pixels; edge-pixels: pixels "
    "on edges; edge-blocks: blocks near edges; edge-blocks+random: the same with some random "
    "blocks; random-blocks.",
    choices=SCHEMES,
)
MASK_SHARE = Option(
    "Share of all pixels or blocks that the rule keeps.",
    above=0,
    high=1,
    unset="0.01 of the pixels, 0.3 of the blocks",
)
MASK_RANDOM = Option(
    "Share of random blocks among those that edge-blocks+random keeps.", low=0, high=1
)
EDGES = Option(
    "How rules find edges: canny, or log for zero crossings of the Laplacian of the Gaussian.",
    choices=get_args(Edges),
)
SEED = Option("Seed of the random numbers that rules draw.", low=0, whole=True, unit="n")
STRIP = Option("Leave out the ICC profile, EXIF and XMP.", flag=True)
FILL = Option(
    "Method that paints dropped blocks: classical (no network), net or ppgn (networks). auto is "
    "net for streams that name their painter, or if a model is given, else classical.",
    choices=get_args(Fill),
)
ITERATIONS = Option(
    "Iterations of the latent loop, for fill ppgn only.", low=0, whole=True, unit="n"
)
BUDGET_MS = Option(
    "Time for the iterations of one picture, or of each tile of a large one, in milliseconds; at "
    "least one iteration is run.",
    above=0,
    unit="ms",
    unset="",
)
MODEL = Option(
    "Id of the network that paints; `ablc models` lists them.",
    unset="the one that the stream names, else fill-small",
)
STRENGTH = Option(
    "Weight of what networks paint, from 0 (the decoded picture) to 1.",
    low=0,
    high=1,
    unset="the one that the stream recommends, else 1",
)
PROVIDER = Option(
    "Hardware and library that run networks; auto takes the fastest that works.",
    choices=get_args(Provider),
)
PARTIAL = Option("Recover what is intact of a damaged stream, with a warning.", flag=True)
MAX_PIXELS = Option(
    "Refuse pictures with more pixels than this.",
    low=1,
    whole=True,
    unit="pixels",
    unset="89 million",
)


def step_of(quality: float) -> int:
    """Return the luma quantisation step of a quality in 1/16 grey level.

    Each whole quality from 16 on has a step of its own. Below, under 0.05 bits per pixel, three
    qualities share a step, because the results of closer steps scatter more than they differ, and a
    higher quality must not give a worse picture. Up to quality 50 about 13 points halve the step,
    then about 18, fewer towards 100: on Kodak quality 50 takes about 0.4, 75 about 1 and 90 about
    2.5 bits per pixel.
    """
    if quality < QUALITY_THREES:
        quality = 1 + 3 * ((quality - 1) // 3)
    octaves = STEP_SLOPE * (quality - 1) + STEP_LOW * (min(quality, QUALITY_DEFAULT) - 1)
    octaves += STEP_BEND * math.pow(quality / 100, STEP_BEND_POWER)
    return max(round(STEP_COARSEST * math.pow(2, -octaves)), STEP_FINEST)


def cores() -> int:
    """Return the number of processor cores that this process may use, at most THREADS_MAX.

    Those are the cores that it may run on, or fewer if its control group has a quota.
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return min(count, cpu_quota() or count, THREADS_MAX)


def thread_count(threads: int | None) -> int:
    """Return the number of threads to run on: at most THREADS_MAX, and one per core for None."""
    return cores() if threads is None else min(threads, THREADS_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeSettings:
    """How pictures are encoded. At most one of quality, target_bytes, bpp and lossless is given."""

    quality: Annotated[float | None, QUALITY] = None
    target_bytes: Annotated[int | None, TARGET_BYTES] = None
    bpp: Annotated[float | None, BPP] = None
    lossless: Annotated[bool, LOSSLESS] = False
    effort: Annotated[int, EFFORT] = 5
    threads: Annotated[int | None, THREADS] = None  # No effect on the bytes.
    subsampling: Annotated[Subsampling, SUBSAMPLING] = "auto"
    tune: Annotated[Tune, TUNE] = "ssim"
    assist: Annotated[tuple[Assist, ...], ASSIST] = ()
    paint: Annotated[str | None, PAINT] = None
    keep_invisible: Annotated[bool | None, KEEP_INVISIBLE] = None

    def __post_init__(self) -> None:
        targets = {"quality": self.quality, "target_bytes": self.target_bytes, "bpp": self.bpp}
        given = [name for name, value in targets.items() if value is not None]
        given += ["lossless"] if self.lossless else []
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: give one of them")
        check_options(self)
        if isinstance(self.assist, str):
            raise ValueError(f"assist must be several names, not the text {self.assist!r}")
        if not isinstance(self.assist, Iterable):
            raise ValueError(f"assist must be several names, not {self.assist!r}")
        object.__setattr__(self, "assist", tuple(self.assist))
        for name in self.assist:
            check_choice("a name in assist", name, get_args(Assist))
        if self.assist and self.lossless:
            raise ValueError("lossless keeps everything: assist excludes it")
        if self.paint is not None:
            self._check_paint()

    def _check_paint(self) -> None:
        """Raise ValueError unless paint names a network, and the stream can."""
        NetworkName.parse(self.paint)
        if self.lossless:
            raise ValueError(
                "lossless keeps everything, there is nothing to paint: it excludes paint"
            )
        if self.assist:
            raise ValueError("paint and assist exclude each other: a stream names one network")

    @property
    def step(self) -> int:
        """Luma step of the quality, in 1/16 grey level."""
        return step_of(QUALITY_DEFAULT if self.quality is None else self.quality)

    @property
    def subsample(self) -> bool:
        """True for 4:2:0."""
        if self.subsampling == "auto":
            return self.quality is None or self.quality < QUALITY_444
        return self.subsampling == "4:2:0"

    @property
    def keeps_invisible(self) -> bool:
        """True if the colour of pixels with alpha 0 is kept."""
        return self.lossless if self.keep_invisible is None else self.keep_invisible

    def target(self, height: int, width: int) -> int | None:
        """Return the greatest length of the stream in bytes; None if there is no target."""
        if self.bpp is not None:
            return max(math.floor(self.bpp * height * width / 8), 1)
        return self.target_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeSettings:
    """How streams are decoded."""

    fill: Annotated[Fill, FILL] = "auto"
    iterations: Annotated[int, ITERATIONS] = 0
    budget_ms: Annotated[float | None, BUDGET_MS] = None
    provider: Annotated[Provider, PROVIDER] = "auto"
    model: Annotated[str | None, MODEL] = None
    strength: Annotated[float | None, STRENGTH] = None
    threads: Annotated[int | None, THREADS] = None  # No effect on pixels without networks.
    partial: Annotated[bool, PARTIAL] = False
    max_pixels: Annotated[int | None, MAX_PIXELS] = None

    def __post_init__(self) -> None:
        check_options(self)
        if self.iterations and self.fill != "ppgn":
            raise ValueError(f"iterations={self.iterations} needs fill='ppgn', not {self.fill!r}")
        if self.budget_ms is not None and not self.iterations:
            raise ValueError(f"budget_ms={self.budget_ms} needs iterations, at most as many")
        if not isinstance(self.model, str | None):
            raise ValueError(f"model must be the id of a network, not {self.model!r}")
        for name in ("model", "strength"):
            value = getattr(self, name)
            if value is not None and self.fill == "classical":
                raise ValueError(f"{name}={value!r} needs a fill that networks do, not 'classical'")


def pixel_limit(max_pixels: int | None) -> int:
    """Return the greatest number of pixels allowed: max_pixels, or else Pillow's limit.

    Raises ValueError unless max_pixels is a whole number from 1 on, or None.
    """
    max_pixels = MAX_PIXELS.check("max_pixels", max_pixels)
    if max_pixels is not None:
        return min(max_pixels, SIDE_MAX**2)
    from PIL import Image  # late: encoding does not need Pillow

    return SIDE_MAX**2 if Image.MAX_IMAGE_PIXELS is None else Image.MAX_IMAGE_PIXELS
