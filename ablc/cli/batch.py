"""The command `ablc batch`."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ablc import terminal
from ablc.cli import console, inputs, options
from ablc.importance import FEATHER_DEFAULT
from ablc.settings import DecodeSettings, EncodeSettings, cores

if TYPE_CHECKING:  # else imported by the command alone: the others need no fsspec
    from ablc.batch.job import Batch
    from ablc.batch.running import Engine, Summary
    from ablc.batch.work import Work

ENCODING, DECODING = EncodeSettings(), DecodeSettings()  # the defaults
FAILED, INTERRUPTED = 1, 130  # exit codes
RUNNING = "How it runs"  # heading of options

ENCODE_OPTIONS = {  # for pictures that become streams, by their parameters' names
    "quality": "--quality",
    "size": "--bytes",
    "bpp": "--bpp",
    "lossless": "--lossless",
    "roi": "--roi",
    "lossless_roi": "--lossless-roi",
    "feather": "--feather",
    "effort": "--effort",
    "subsampling": "--subsampling",
    "tune": "--tune",
}
DECODE_OPTIONS = {"fill": "--fill", "model": "--model", "provider": "--provider", "gpus": "--gpus"}


def batch(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="Folder, with those below it; or a pattern in quotes: 'photos/**/*.png'.",
        ),
    ],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="Folder for the results, in the same tree.")
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="EXT",
            help="What is written: ablc codes pictures; png, webp, jpg, ... decode streams.",
        ),
    ] = "ablc",
    quality: options.Quality = None,
    size: options.Bytes = None,
    bpp: options.Bpp = None,
    lossless: options.Lossless = False,
    roi: options.Rois = None,
    lossless_roi: options.LosslessRoi = False,
    feather: options.Feather = FEATHER_DEFAULT,
    effort: options.Effort = ENCODING.effort,
    subsampling: options.Chroma = ENCODING.subsampling,
    tune: options.Measure = ENCODING.tune,
    fill: options.Painter = DECODING.fill,
    model: options.Model = None,
    provider: options.RunOn = DECODING.provider,
    strip: options.Strip = False,
    max_pixels: options.MaxPixels = None,
    overwrite: Annotated[
        bool,
        typer.Option(
            "--overwrite", help="Replace files in OUT that its manifest knows nothing of."
        ),
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed in an earlier run.")
    ] = False,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(
            help="Processes of this machine, or a Ray cluster: the one that RAY_ADDRESS names, "
            "else one of this machine.",
            rich_help_panel=RUNNING,
        ),
    ] = "local",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Files at a time, one thread each.",
            show_default="one per core",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    gpus: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Decode on so many GPUs of the cluster, one file at a time each.",
            rich_help_panel=RUNNING,
        ),
    ] = 0,
) -> None:
    """Code or decode whole folders; go on where an earlier run ended.

    OUT/manifest.jsonl says what became of each file. Both folders may be s3://, gs:// or whatever
    else fsspec has a package for. Exit codes: 0 all done, 1 some failed, 2 bad usage.
    """
    suffix = f".{to.removeprefix('.').lower()}"
    encodes = suffix == ".ablc"
    _check_direction(context, encodes=encodes)
    try:
        from ablc.batch import running, storage, work
        from ablc.batch.job import Batch
        from ablc.batch.progress import watching
    except ModuleNotFoundError as error:
        raise ValueError(f"ablc batch needs {error.name}: pip install 'ablc[batch]'") from error
    todo: Work
    if encodes:
        coding = EncodeSettings(
            quality=quality,
            target_bytes=size,
            bpp=bpp,
            lossless=lossless,
            effort=effort,
            subsampling=subsampling,
            tune=tune,
        )
        regions = inputs.parse_rois(roi or (), feather, lossless=lossless_roi)
        todo = work.Encoding(settings=coding, regions=regions, strip=strip, max_pixels=max_pixels)
    else:
        decoding = DecodeSettings(fill=fill, model=model, provider=provider, max_pixels=max_pixels)
        todo = work.Decoding(settings=decoding, suffix=suffix, strip=strip)
    folder, pattern = storage.split_pattern(source)
    shared = Batch(storage.Place(folder), storage.Place(target), todo)
    with (
        _interruptible() as stopped,
        watching("coded" if encodes else "decoded") as shown,
    ):
        summary = running.run(
            shared,
            _engine(engine, jobs, gpus),
            shown,
            pattern=pattern,
            overwrite=overwrite,
            retry_failed=retry_failed,
            stopped=stopped,
        )
    _report(summary, shared)
    if stopped():
        raise typer.Exit(INTERRUPTED)
    if summary.failed or summary.left:
        raise typer.Exit(FAILED)


def _check_direction(context: typer.Context, *, encodes: bool) -> None:
    """Raises ValueError if an option was given that has no say in what is to be done."""
    for parameter, option in (DECODE_OPTIONS if encodes else ENCODE_OPTIONS).items():
        given = context.get_parameter_source(parameter)
        if given is not None and given.name == "COMMANDLINE":
            needed = "another --to than ablc" if encodes else "--to ablc"
            raise ValueError(f"{option} needs {needed}")


def _engine(name: str, jobs: int | None, gpus: int) -> "Engine":
    """The engine of that name. Raises ValueError if it is not installed, or has no GPUs to use."""
    if name == "local":
        if gpus:
            raise ValueError("--gpus needs --engine ray; --provider says where networks run")
        from ablc.batch import local_engine

        return partial(local_engine.run, processes=jobs or cores())
    try:
        from ablc.batch import ray_engine
    except ModuleNotFoundError as error:
        raise ValueError(f"--engine ray needs {error.name}: pip install 'ablc[ray]'") from error
    return partial(ray_engine.run, actors=jobs, gpus=gpus)


@contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: what has begun is then brought to its end.

    Pressed again, it interrupts at once.
    """
    pressed = False

    def press(*_: object) -> None:
        nonlocal pressed
        pressed = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        terminal.warn("interrupted: files that have begun are brought to their end")

    before = signal.signal(signal.SIGINT, press)
    try:
        yield lambda: pressed
    finally:
        signal.signal(signal.SIGINT, before)


def _report(summary: "Summary", batch: "Batch") -> None:
    """What has become of the files, on standard output."""
    from ablc.batch import manifest

    rows = [("written", f"{summary.done:,}, {summary.size:,} bytes")]
    if summary.skipped:
        rows.append(("unchanged", f"{summary.skipped:,}, written before"))
    if summary.failed:
        rows.append(("failed", f"{summary.failed:,}; --retry-failed tries again"))
    if summary.left:
        rows.append(("left", f"{summary.left:,}; the same command goes on"))
    rows += [("time", f"{summary.seconds:,.1f} s"), ("manifest", batch.target.full(manifest.NAME))]
    console.pairs(rows)
