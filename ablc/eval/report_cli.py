"""The command `ablc report`: a page about a folder of pictures."""

from importlib.util import find_spec
from typing import Annotated

import typer

from ablc import console, inputs
from ablc.eval.cli import OUT_DEFAULT, Cache, FolderIn, Jobs, Limit, Out
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
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Code your pictures with ablc and its peers at equal bytes, and make a page to look at.

    The page, index.html, also shows what `ablc reproduce` has left in the same folder.
    """
    require_extra()
    from ablc.eval import gallery, page, running, store
    from ablc.eval.folder import scan
    from ablc.eval.versions import Goal

    if bpp is None and quality is None:
        bpp = BPP_DEFAULT
    goal = Goal(bpp, quality)
    goal.encoder()  # refuses numbers that are none before a picture is read
    texts = roi or [REGION_DEFAULT]
    rois = tuple(inputs.parse_roi(text, FEATHER_DEFAULT) for text in texts)
    where = "; ".join(
        f"{text} (weight {roi.weight:g})" for text, roi in zip(texts, rois, strict=True)
    )
    settings = gallery.Settings(goal, rois, where, show)
    with console.busy(f"reading {folder}"):
        found = scan(folder, limit=limit)
    out.mkdir(parents=True, exist_ok=True)
    kept = store.Store(cache or store.default_folder())
    with running.progress(len(found.photos), "coding") as step:
        failed = gallery.make(found, out, settings, kept, jobs or cores(), step)
    for name, reason in failed:
        console.warn(f"{name}: {reason}")
    with console.busy("making the page"):
        written = page.write(out)
    console.pairs([("written", str(written))])


def require_extra() -> None:
    """Raises ValueError unless the extra [eval] is installed."""
    lacking = [name for name in WANTED if find_spec(name) is None]
    if lacking:
        raise ValueError(f"no {' and no '.join(lacking)} here: pip install 'ablc[eval]'")
