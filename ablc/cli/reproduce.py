"""The commands `ablc reproduce`: the paper's results and other codecs, measured again."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablc import terminal
from ablc.cli import console
from ablc.settings import cores

if TYPE_CHECKING:  # else imported by the commands alone: the others start without them
    from ablc.eval.folder import Folder
    from ablc.eval.store import JsonObject, Store

reproduce = typer.Typer(
    help="Measure the systems of the paper, and other codecs, on your pictures.",
    epilog="Needs the extra 'eval', and ONNX Runtime ('cpu' or 'gpu') for painted rows. Run an "
    "interrupted command again to resume it.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

FolderIn = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder with pictures.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")]
Jobs = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Number of parallel processes.", show_default="one per core"
    ),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that keeps measurements from run to run.",
        show_default="ablc/eval in the user's cache folder",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Measure the first N pictures only.", show_default="all"),
]
OUT_DEFAULT = Path("ablc-results")


@reproduce.command()
def table1(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    protocol: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="How pictures are reduced: kodak-227 (the whole picture, resized) or "
            "imagenet-256 (the middle).",
        ),
    ] = "kodak-227",
    reference_form: Annotated[
        bool,
        typer.Option(
            "--reference-form",
            help="Use the form and settings of the paper's latent update (200 iterations).",
        ),
    ] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Measure the first four pictures only.")
    ] = False,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Measure the paper's table 1: its systems, JPEG, and ablc at JPEG's bytes."""
    require_extra("cv2", "pyamg")
    from ablc.eval import running
    from ablc.eval.paper import table1 as table

    settings = table.TableSettings(protocol=protocol, reference_form=reference_form, quick=quick)
    pictures = _scan(folder, out, limit)
    with running.progress(table.count(pictures, settings), "table 1") as advance:
        measured = table.measure(pictures, settings, store_in(cache), jobs or cores(), advance)
    table.write(measured, out)
    _print_table(measured["rows"])
    print()
    for check in measured["checks"]:
        console.pairs([("yes" if check["holds"] else "NO ", f"{check['text']}: {check['detail']}")])
    for row in measured["rows"]:
        for fault in row["failed"]:
            terminal.warn(f"{row['name']}, {fault['name']}: {fault['reason']}")
    _finish(out, "table1.json")


def _print_table(rows: "Sequence[JsonObject]") -> None:
    from ablc.eval.paper.sheets import figure_or_dash

    forms = {"paper": ".3f", "ssim": ".4f", "bytes": ".0f"}
    console.columns(
        ("row", "paper", "SSIM", "bytes"),
        [
            (row["name"], *(figure_or_dash(row[name], form) for name, form in forms.items()))
            for row in rows
        ],
    )


@reproduce.command()
def figures(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    quick: Annotated[
        bool, typer.Option("--quick", help="Use fewer pictures and fewer settings.")
    ] = False,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Draw the paper's figures 2, 4, 7, 8 and 9, and survey its hyper-parameters."""
    require_extra("cv2", "pyamg")
    from ablc.eval import running
    from ablc.eval.paper import figures as paper_figures

    pictures = _scan(folder, out, limit)
    plan = paper_figures.plan(pictures, quick=quick)
    store = store_in(cache)
    with running.progress(plan.count, "figures") as advance:
        drawn = paper_figures.draw(pictures, plan, store, out, jobs or cores(), advance)
    for reason in drawn["failed"]:
        terminal.warn(reason)
    _finish(out, "figures.json")


@reproduce.command()
def rd(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    peers: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="Codecs to compare ablc with.",
            show_default="all; with --quick those that take less than a second for a picture",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick",
            help="Measure seven pictures, spread over the folder, at six qualities; without "
            "painted pictures and speeds.",
        ),
    ] = False,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder with lpips.onnx and texture.onnx, which "
            "`python -m ablc.export perceptual` makes.",
            show_default="neither is measured",
        ),
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Published points to show as well; columns metric, codec, bpp, value, source.",
            show_default="for the Kodak set, those that come with ablc",
        ),
    ] = None,
    jobs: Jobs = None,
    cache: Cache = None,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh", help="Measure everything again, the files of other codecs included."
        ),
    ] = False,
    limit: Limit = None,
) -> None:
    """Measure rate against distortion, BD-rates and speed of ablc and other codecs."""
    require_extra("scipy")
    from ablc.eval.rd import published as reference
    from ablc.eval.rd import results, study

    points = None if published is None else reference.read(published)
    pictures = _scan(folder, out, limit)
    measured = study.study(
        pictures,
        store_in(cache, fresh=fresh),
        _peers(quick) if peers is None else tuple(peers.split(",")),
        jobs=jobs or cores(),
        quick=quick,
        weights=weights,
    )
    if points is None:
        points = reference.shipped() if reference.is_kodak(pictures) else []
    results.write(measured, out, points)
    for what, reason in {**measured.missing, **measured.left_out}.items():
        terminal.warn(f"{what}: not measured: {reason}")
    for failure in measured.failures:
        terminal.warn(f"{failure.codec}, {failure.picture}: {failure.reason}")
    console.columns(*results.summary(measured))
    _finish(out, *results.WRITTEN)


def _peers(quick: bool) -> tuple[str, ...]:
    """Return the names of the codecs that ablc is compared with by default."""
    from ablc.peers.libraries import PEERS, QUICK_PEERS

    return QUICK_PEERS if quick else tuple(PEERS)


def require_extra(*modules: str) -> None:
    """Raise ValueError unless these modules of the extra [eval] are installed."""
    lacking = [name for name in modules if find_spec(name) is None]
    if lacking:
        names = " and ".join(lacking)
        raise ValueError(f"not installed: {names}; run pip install 'ablc[eval]'")


def read_folder(path: Path, limit: int | None) -> "Folder":
    """Return the pictures of a folder, showing a spinner meanwhile."""
    from ablc.eval.folder import scan

    with terminal.busy(f"reading {path}"):
        return scan(path, limit=limit)


def store_in(cache: Path | None, *, fresh: bool = False) -> "Store":
    """Return the store of measurements in a folder; None: the default one. fresh: as in Store."""
    from ablc.eval.store import Store, default_folder

    return Store(cache or default_folder(), fresh=fresh)


def _scan(path: Path, out: Path, limit: int | None) -> "Folder":
    """Return the pictures of a folder, with a warning for each that cannot be measured.

    Raises FileExistsError, before anything is measured, if the page cannot be written in the end.
    """
    from ablc.eval import page

    page.check(out)
    folder = read_folder(path, limit)
    for file in folder.broken:
        terminal.warn(f"{file.name}: {file.reason}")
    return folder


def _finish(out: Path, *names: str) -> None:
    """Make the page again and print the names of the written files."""
    from ablc.eval import page

    with terminal.busy("making the page"):
        made = page.write(out)
    console.pairs([("written", str(path)) for path in (*(out / name for name in names), made)])
