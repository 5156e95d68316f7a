"""The commands `ablc reproduce`: the paper's results and the peers, measured again."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablc import terminal
from ablc.cli import console
from ablc.settings import cores

if TYPE_CHECKING:  # else imported by the commands alone: the others start without them
    from ablc.eval.folder import Folder
    from ablc.eval.store import Store

reproduce = typer.Typer(
    help="Measure the systems of the paper, and the peers, on your pictures.",
    epilog="Needs the extra 'eval', and ONNX Runtime ('cpu' or 'gpu') for what networks paint. "
    "Interrupted runs go on where they were.",
    no_args_is_help=True,
    rich_markup_mode="rich",
)

FolderIn = Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of pictures.")]
Out = Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")]
Jobs = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Processes.", show_default="one per core"),
]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where measurements are kept.",
        show_default="ablc/eval in the user's cache folder",
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Only the first N pictures.", show_default="all"),
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
            help="How pictures are made small: kodak-227 (the whole of each) or imagenet-256 "
            "(the middle).",
        ),
    ] = "kodak-227",
    reference_form: Annotated[
        bool,
        typer.Option(
            "--reference-form",
            help="The latent update and its settings as in the paper's runs (200 iterations).",
        ),
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="The first four pictures.")] = False,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Measure the paper's table 1: its systems, JPEG, and ablc at JPEG's bytes."""
    require_extra("cv2")
    from ablc.eval import running
    from ablc.eval.paper import table1 as table
    from ablc.eval.paper.sheets import figure_or_dash

    plan = table.Plan(protocol=protocol, reference_form=reference_form, quick=quick)
    found = _scan(folder, limit)
    with running.progress(table.count(found, plan), "table 1") as step:
        measured = table.measure(found, plan, store_in(cache), jobs or cores(), step)
    table.write(measured, out)
    rows, forms = measured["rows"], {"paper": ".3f", "ssim": ".4f", "bytes": ".0f"}
    console.columns(
        ("row", "paper", "SSIM", "bytes"),
        [
            (row["name"], *(figure_or_dash(row[name], form) for name, form in forms.items()))
            for row in rows
        ],
    )
    print()
    for check in measured["checks"]:
        console.pairs([("yes" if check["holds"] else "NO ", f"{check['text']}: {check['detail']}")])
    for row in rows:
        for one in row["failed"]:
            terminal.warn(f"{row['name']}, {one['name']}: {one['reason']}")
    _finish(out, "table1.json")


@reproduce.command()
def figures(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer pictures, fewer points.")] = False,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Draw the paper's figures 2, 4, 7, 8 and 9, and survey its hyper-parameters."""
    require_extra("cv2")
    from ablc.eval import running
    from ablc.eval.paper import figures as drawing

    found = _scan(folder, limit)
    wanted = drawing.plan(found, quick=quick)
    with running.progress(wanted.count, "figures") as step:
        drawn = drawing.draw(found, wanted, store_in(cache), out, jobs or cores(), step)
    for reason in drawn["failed"]:
        terminal.warn(reason)
    _finish(out, "figures.json")


@reproduce.command()
def rd(
    folder: FolderIn,
    out: Out = OUT_DEFAULT,
    peers: Annotated[
        str | None,
        typer.Option(metavar="NAME,...", help="Codecs to compare with.", show_default="all"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A third of the qualities.")] = False,
    weights: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Weights of the networks that judge looks: LPIPS and a texture distance.",
            show_default="looks are not judged",
        ),
    ] = None,
    published: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV",
            help="Published points to show beside: metric, codec, bpp, value, source.",
            show_default="those that come with ablc, for the Kodak set alone",
        ),
    ] = None,
    jobs: Jobs = None,
    cache: Cache = None,
    limit: Limit = None,
) -> None:
    """Measure rate against distortion, BD-rates and speed, beside other codecs."""
    require_extra("scipy")
    from ablc.eval.rd import published as reference
    from ablc.eval.rd import results, study
    from ablc.peers.libraries import PEERS

    points = None if published is None else reference.read(published)
    pictures = _scan(folder, limit)
    found = study.study(
        pictures,
        store_in(cache),
        tuple(PEERS if peers is None else peers.split(",")),
        jobs=jobs or cores(),
        quick=quick,
        weights=weights,
    )
    if points is None:
        points = reference.shipped() if reference.is_kodak(pictures) else []
    results.write(found, out, points)
    for what, reason in {**found.missing, **found.left_out}.items():
        terminal.warn(f"{what}: not measured: {reason}")
    for failure in found.failures:
        terminal.warn(f"{failure.codec}, {failure.picture}: {failure.reason}")
    console.columns(*results.summary(found))
    _finish(out, *results.WRITTEN)


def require_extra(*modules: str) -> None:
    """Raises ValueError unless these modules of the extra [eval] are installed."""
    lacking = [name for name in modules if find_spec(name) is None]
    if lacking:
        raise ValueError(f"no {' and no '.join(lacking)} here: pip install 'ablc[eval]'")


def read_folder(path: Path, limit: int | None) -> "Folder":
    """The pictures of a folder."""
    from ablc.eval.folder import scan

    with terminal.busy(f"reading {path}"):
        return scan(path, limit=limit)


def store_in(cache: Path | None) -> "Store":
    """Where measurements are kept."""
    from ablc.eval.store import Store, default_folder

    return Store(cache or default_folder())


def _scan(path: Path, limit: int | None) -> "Folder":
    """The pictures of a folder, with a warning for each that cannot be measured."""
    found = read_folder(path, limit)
    for one in found.broken:
        terminal.warn(f"{one.name}: {one.reason}")
    return found


def _finish(out: Path, *names: str) -> None:
    """Remakes the page and names what was written."""
    from ablc.eval import page

    with terminal.busy("making the page"):
        made = page.write(out)
    console.pairs([("written", str(path)) for path in (*(out / name for name in names), made)])
