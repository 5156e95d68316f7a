"""The command `ablc report`: a page about a folder of pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablc import terminal
from ablc.cli import console, inputs
from ablc.cli.reproduce import (
    OUT_DEFAULT,
    Cache,
    FolderIn,
    Jobs,
    Limit,
    Out,
    read_folder,
    require_extra,
    store_in,
)
from ablc.importance import FEATHER_DEFAULT
from ablc.settings import cores

if TYPE_CHECKING:  # else imported by the command alone: the others start without them
    from ablc.eval.report.comparison import ReportSettings

REGION_DEFAULT = "auto"
BPP_DEFAULT = 0.25
MODULES = ("imagecodecs", "matplotlib")  # of the extra [eval]


def report(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    bpp: Annotated[
        float | None,
        typer.Option(
            "--bpp", metavar="X", help="Rate of ablc, bits per pixel.", show_default="0.25"
        ),
    ] = None,
    quality: Annotated[
        float | None,
        typer.Option(
            "-q", "--quality", metavar="1..100", help="Quality of ablc, in place of a rate."
        ),
    ] = None,
    roi: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHERE[:WEIGHT]",
            help="Region of interest, as ablc encode takes it; may be repeated.",
            show_default="auto, faces and text or else what stands out",
        ),
    ] = None,
    peers: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Codecs beside ablc, of those of `ablc reproduce rd`.",
            show_default="JPEG, WebP m6, AVIF s6 iq, AVIF s6 ssim, JPEG XL e7",
        ),
    ] = None,
    show: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of pictures that the page shows.")
    ] = 8,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with lpips.onnx, which `python -m ablc.export perceptual` makes.",
            show_default="LPIPS is not measured",
        ),
    ] = None,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Encode your pictures with ablc and other codecs at equal bytes, and make a page of them.

    The page, index.html, also shows the results of `ablc reproduce` in the same folder.
    """
    require_extra(*MODULES)
    from ablc.eval import page, running
    from ablc.eval.report import gallery

    settings = _settings(bpp, quality, roi or [REGION_DEFAULT], weights, peers)
    page.check(out)
    pictures = read_folder(folder, limit)
    out.mkdir(parents=True, exist_ok=True)
    with running.progress(len(pictures.photos), "encoding") as advance:
        failed = gallery.make(
            pictures,
            out,
            settings,
            store_in(cache),
            jobs=jobs or cores(),
            shown=show,
            advance=advance,
        )
    for name, reason in failed:
        terminal.warn(f"{name}: {reason}")
    with terminal.busy("making the page"):
        written = page.write(out)
    console.pairs([("written", str(written))])


def _settings(
    bpp: float | None,
    quality: float | None,
    roi: list[str],
    weights: Path | None,
    peers: str | None,
) -> "ReportSettings":
    """Return the options as settings. Raises ValueError before any picture is read."""
    from ablc.eval.report.comparison import PEERS, Goal, ReportSettings

    if bpp is None and quality is None:
        bpp = BPP_DEFAULT
    goal = Goal(bpp, quality)
    goal.encoder()  # checks both
    if weights is not None:
        _check_weights(weights)
    rois = tuple(inputs.parse_roi(text, FEATHER_DEFAULT) for text in roi)
    where = "; ".join(
        f"{text} (weight {region.weight:g})" for text, region in zip(roi, rois, strict=True)
    )
    names = PEERS if peers is None else tuple(peers.split(","))
    return ReportSettings(goal, rois, where, weights, names)


def _check_weights(folder: Path) -> None:
    """Raise ValueError unless the folder holds LPIPS as an ONNX file."""
    from ablc.eval.measures.perceptual import Judges

    try:
        Judges(folder, ["lpips"])
    except FileNotFoundError as error:
        raise ValueError(str(error)) from error
