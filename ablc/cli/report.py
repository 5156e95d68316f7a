"""The command `ablc report`: a page about a folder of pictures."""

from pathlib import Path
from typing import Annotated

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

REGION_DEFAULT = "auto"
BPP_DEFAULT = 0.25
WANTED = ("imagecodecs", "matplotlib")  # of the extra [eval]


def report(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    bpp: Annotated[
        float | None,
        typer.Option("--bpp", metavar="X", help="Bits per pixel.", show_default="0.25"),
    ] = None,
    quality: Annotated[
        float | None,
        typer.Option("-q", "--quality", metavar="1..100", help="Quality of ablc, instead."),
    ] = None,
    roi: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHERE[:WEIGHT]",
            help="Region, as ablc encode has it; may be repeated.",
            show_default="auto, what stands out",
        ),
    ] = None,
    show: Annotated[
        int, typer.Option(min=1, metavar="N", help="Pictures that the page shows.")
    ] = 8,
    weights: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Weights of LPIPS.", show_default="LPIPS is not measured"),
    ] = None,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Code your pictures with ablc and its peers at equal bytes, and make a page to look at.

    The page, index.html, also shows what `ablc reproduce` has left in the same folder.
    """
    require_extra(*WANTED)
    from ablc.eval import page, running
    from ablc.eval.report import gallery
    from ablc.eval.report.versions import Goal, Plan

    if bpp is None and quality is None:
        bpp = BPP_DEFAULT
    goal = Goal(bpp, quality)
    goal.encoder()  # refuses numbers that are none before a picture is read
    if weights is not None:
        _check_weights(weights)
    texts = roi or [REGION_DEFAULT]
    rois = tuple(inputs.parse_roi(text, FEATHER_DEFAULT) for text in texts)
    where = "; ".join(
        f"{text} (weight {roi.weight:g})" for text, roi in zip(texts, rois, strict=True)
    )
    plan = Plan(goal, rois, where, weights)
    found = read_folder(folder, limit)
    out.mkdir(parents=True, exist_ok=True)
    kept = store_in(cache)
    with running.progress(len(found.photos), "coding") as step:
        failed = gallery.make(found, out, plan, kept, jobs=jobs or cores(), shown=show, step=step)
    for name, reason in failed:
        terminal.warn(f"{name}: {reason}")
    with terminal.busy("making the page"):
        written = page.write(out)
    console.pairs([("written", str(written))])


def _check_weights(folder: Path) -> None:
    """Raises ValueError unless the folder holds those of LPIPS."""
    from ablc.eval.measures.perceptual import Judges

    try:
        Judges(folder, ["lpips"])
    except FileNotFoundError as error:
        raise ValueError(str(error)) from error
