"""The command `ablc batch`."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ablc.cli import console, inputs, interrupts, options
from ablc.importance import FEATHER_DEFAULT
from ablc.settings import DecodeSettings, EncodeSettings, cores

if TYPE_CHECKING:  # imported by the command alone: the others do not need fsspec
    from ablc.batch.job import Batch
    from ablc.batch.running import Engine, Summary
    from ablc.batch.work import Work

ENCODING, DECODING = EncodeSettings(), DecodeSettings()  # the defaults
FAILED = 1  # exit code
INTERRUPTED_SECONDS = 5.0  # in which an interrupted batch saves the manifest of many files
RUNNING = "How it runs"  # heading of options

ENCODE_OPTIONS = {  # for pictures that become streams, by their parameters' names
    "quality": "--quality",
    "target_bytes": "--bytes",
    "bpp": "--bpp",
    "lossless": "--lossless",
    "roi": "--roi",
    "lossless_roi": "--lossless-roi",
    "feather": "--feather",
    "effort": "--effort",
    "subsampling": "--subsampling",
    "tune": "--tune",
    "paint": "--paint",
    "keep_invisible": "--keep-invisible",
}
DECODE_OPTIONS = {  # for streams that become pictures
    "fill": "--fill",
    "model": "--model",
    "strength": "--strength",
    "provider": "--provider",
    "gpus": "--gpus",
}


def batch(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="IN",
            help="Folder of pictures or streams, searched with its subfolders; or a quoted pattern "
            "such as 'photos/**/*.png'.",
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="OUT", help="Folder for the results, which get the same subfolders."
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="EXT",
            help="Extension of the results: ablc encodes pictures; png, webp, jpg and other "
            "formats that Pillow writes decode streams.",
        ),
    ] = "ablc",
    quality: options.Quality = None,
    target_bytes: options.Bytes = None,
    bpp: options.Bpp = None,
    lossless: options.Lossless = False,
    roi: options.Rois = None,
    lossless_roi: options.LosslessRoi = False,
    feather: options.Feather = FEATHER_DEFAULT,
    effort: options.Effort = ENCODING.effort,
    subsampling: options.Chroma = ENCODING.subsampling,
    tune: options.Measure = ENCODING.tune,
    paint: options.Paint = None,
    keep_invisible: options.KeepInvisible = None,
    fill: options.Painter = DECODING.fill,
    model: options.Model = None,
    strength: options.Strength = None,
    provider: options.RunOn = DECODING.provider,
    strip: options.Strip = False,
    max_pixels: options.MaxPixels = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace files in OUT that its manifest does not list."),
    ] = False,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Also convert files that failed in an earlier run."),
    ] = False,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(
            help="Where to run: local uses processes of this machine; ray the Ray cluster that "
            "RAY_ADDRESS names, or one started on this machine.",
            rich_help_panel=RUNNING,
        ),
    ] = "local",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Number of files to convert at a time, on one thread each.",
            show_default="one per core",
            rich_help_panel=RUNNING,
        ),
    ] = None,
    gpus: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Number of the cluster's GPUs to decode on, one file at a time on each.",
            rich_help_panel=RUNNING,
        ),
    ] = 0,
) -> None:
    """Encode or decode whole folders; an interrupted run continues when started again.

    OUT/manifest.jsonl records the outcome of each file. Both folders may be URLs (s3://, gs:// or
    any other that fsspec supports). Exit codes: 0 all done, 1 some failed, 2 bad usage.
    """
    suffix = f".{to.removeprefix('.').lower()}"
    encodes = suffix == ".ablc"
    _check_direction(context, encodes=encodes)
    try:
        from ablc.batch import running, storage
        from ablc.batch.job import Batch
        from ablc.batch.progress import watching
        from ablc.batch.work import Decoding, Encoding
    except ModuleNotFoundError as error:
        raise ValueError(f"ablc batch needs {error.name}: pip install 'ablc[batch]'") from error
    work: Work
    if encodes:
        settings = EncodeSettings(
            quality=quality,
            target_bytes=target_bytes,
            bpp=bpp,
            lossless=lossless,
            effort=effort,
            subsampling=subsampling,
            tune=tune,
            paint=paint,
            keep_invisible=keep_invisible,
        )
        if paint is not None:  # one error now, not one for each file
            from ablc.runtime import choice

            choice.pack(paint)
        regions = inputs.parse_rois(roi or (), feather, lossless=lossless_roi)
        work = Encoding(settings=settings, regions=regions, strip=strip, max_pixels=max_pixels)
    else:
        decode_settings = DecodeSettings(
            fill=fill, model=model, strength=strength, provider=provider, max_pixels=max_pixels
        )
        work = Decoding(settings=decode_settings, suffix=suffix, strip=strip)
    folder, pattern = storage.split_pattern(source)
    shared = Batch(storage.StorageFolder(folder), storage.StorageFolder(target), work)
    with (
        interrupts.patient(INTERRUPTED_SECONDS),
        watching("encoded" if encodes else "decoded") as shown,
    ):
        summary = running.run(
            shared,
            _engine(engine, jobs, gpus),
            shown,
            pattern=pattern,
            overwrite=overwrite,
            retry_failed=retry_failed,
        )
    _report(summary, shared)
    if summary.interrupted:
        raise KeyboardInterrupt
    if summary.failed or summary.left:
        raise typer.Exit(FAILED)


def _check_direction(context: typer.Context, *, encodes: bool) -> None:
    """Raise ValueError if an option was given that does not apply to the conversion."""
    for parameter, option in (DECODE_OPTIONS if encodes else ENCODE_OPTIONS).items():
        given = context.get_parameter_source(parameter)
        if given is not None and given.name == "COMMANDLINE":
            needed = "a --to other than ablc" if encodes else "--to ablc"
            raise ValueError(f"{option} applies only with {needed}")


def _engine(name: str, jobs: int | None, gpus: int) -> "Engine":
    """Return the engine of that name. Raises ValueError if it is not installed or has no GPUs."""
    if name == "local":
        if gpus:
            raise ValueError(
                "--gpus applies only with --engine ray; --provider selects where networks run"
            )
        from ablc.batch import local_engine

        return partial(local_engine.run, processes=jobs or cores())
    try:
        from ablc.batch import ray_engine
    except ModuleNotFoundError as error:
        raise ValueError(f"--engine ray needs {error.name}: pip install 'ablc[ray]'") from error
    return partial(ray_engine.run, actors=jobs, gpus=gpus)


def _report(summary: "Summary", batch: "Batch") -> None:
    """Print the summary."""
    from ablc.batch import manifest

    rows = [("written", f"{summary.done:,}, {summary.bytes_written:,} bytes")]
    if summary.skipped:
        rows.append(("unchanged", f"{summary.skipped:,}, written by an earlier run"))
    if summary.failed:
        rows.append(("failed", f"{summary.failed:,}; --retry-failed converts them again"))
    if summary.left:
        rows.append(("left", f"{summary.left:,}; run the same command again to continue"))
    rows += [("time", f"{summary.seconds:,.1f} s"), ("manifest", batch.target.full(manifest.NAME))]
    console.pairs(rows)
