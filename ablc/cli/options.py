"""Options that several commands have, made from those of ablc.settings."""

from typing import Annotated, Any

import typer

from ablc import settings
from ablc.options import Option
from ablc.settings import Edges, Fill, Provider, SchemeName, Subsampling, Tune

FIDELITY, REGIONS, MASKS = "Fidelity or length", "Regions", "Masks by rule"  # headings of options
PAINTING = "Painting"


def flag(option: Option, *names: str, panel: str | None = None, metavar: str | None = None) -> Any:
    """Return Typer's form of an option.

    names: as they are typed; default: made from the name of the parameter. panel: the heading of
    its group in --help. metavar: stands for the value there; default: its range or unit.
    """
    limits: dict[str, Any] = {"min": option.low, "max": option.high} if option.whole else {}
    return typer.Option(
        *names,
        help=option.help,
        metavar=metavar or _metavar(option),
        show_default=option.unset or True,
        rich_help_panel=panel,
        **limits,
    )


def _metavar(option: Option) -> str | None:
    """Return what stands for the value of an option; None if Typer knows better."""
    if not option.bounded:
        return None
    if option.whole or option.high is None:
        return option.unit.upper()
    return f"{option.low or option.above or 0:g}..{option.high:g}"


Quality = Annotated[float | None, flag(settings.QUALITY, "-q", "--quality", panel=FIDELITY)]
Bytes = Annotated[int | None, flag(settings.TARGET_BYTES, "--bytes", panel=FIDELITY)]
Bpp = Annotated[float | None, flag(settings.BPP, "--bpp", panel=FIDELITY)]
Lossless = Annotated[bool, flag(settings.LOSSLESS, "--lossless", panel=FIDELITY)]
Rois = Annotated[
    list[str] | None,
    typer.Option(
        metavar="WHERE[:WEIGHT]",
        help="Region of interest that counts WEIGHT times (default 16; below 1: less than the "
        "rest; 0: nothing; inf: lossless). WHERE is X,Y,W,H in pixels; a picture of the same size "
        "that is white inside; faces, text or saliency to find such parts; auto for faces and "
        "text, or else what stands out; or the name of a plug-in. Faces and text need the extra "
        "'schemes'. May be repeated: later regions win.",
        rich_help_panel=REGIONS,
    ),
]
LosslessRoi = Annotated[
    bool,
    typer.Option(
        "--lossless-roi",
        help="Reproduce every pixel of the regions exactly.",
        rich_help_panel=REGIONS,
    ),
]
Feather = Annotated[int, flag(settings.FEATHER, panel=REGIONS)]
Mask = Annotated[SchemeName, flag(settings.MASK, panel=MASKS, metavar="RULE")]
MaskShare = Annotated[float | None, flag(settings.MASK_SHARE, panel=MASKS)]
MaskRandom = Annotated[float, flag(settings.MASK_RANDOM, panel=MASKS)]
EdgeFinder = Annotated[Edges, flag(settings.EDGES, panel=MASKS)]
Seed = Annotated[int, flag(settings.SEED, panel=MASKS)]
Effort = Annotated[int, flag(settings.EFFORT)]
Chroma = Annotated[Subsampling, flag(settings.SUBSAMPLING)]
Measure = Annotated[Tune, flag(settings.TUNE)]
Assistance = Annotated[str | None, flag(settings.ASSIST, panel=PAINTING, metavar="NAME,NAME,...")]
Paint = Annotated[str | None, flag(settings.PAINT, panel=PAINTING, metavar="ID[:STRENGTH]")]
KeepInvisible = Annotated[
    bool | None, flag(settings.KEEP_INVISIBLE, "--keep-invisible/--no-keep-invisible")
]
Painter = Annotated[Fill, flag(settings.FILL, panel=PAINTING)]
Model = Annotated[str | None, flag(settings.MODEL, panel=PAINTING, metavar="ID")]
Strength = Annotated[float | None, flag(settings.STRENGTH, panel=PAINTING)]
Iterations = Annotated[int, flag(settings.ITERATIONS, panel=PAINTING)]
BudgetMs = Annotated[float | None, flag(settings.BUDGET_MS, panel=PAINTING)]
RunOn = Annotated[Provider, flag(settings.PROVIDER, panel=PAINTING)]
Partial = Annotated[bool, flag(settings.PARTIAL, "--partial")]
Threads = Annotated[int | None, flag(settings.THREADS)]
MaxPixels = Annotated[int | None, flag(settings.MAX_PIXELS)]
Strip = Annotated[bool, flag(settings.STRIP, "--strip")]
