"""The command `ablc`: options in, one call of the API, files out."""

import sys
import warnings
from pathlib import Path
from typing import Annotated, NoReturn

import numpy as np
import typer

import ablc
from ablc import files, pictures, terminal
from ablc.cli import batch, console, inputs, models, options, report, reproduce, serve
from ablc.cli import demo as demonstration
from ablc.drawing import compare_sheet, map_sheet
from ablc.errors import (
    FinderError,
    ModelError,
    PictureError,
    ProviderError,
    ResultsError,
    StreamError,
    StreamWarning,
)
from ablc.importance import FEATHER_DEFAULT
from ablc.inspection import Metadata
from ablc.regions import Region
from ablc.schemes import Scheme
from ablc.settings import DecodeSettings, EncodeSettings

ENCODING, DECODING, RULE = EncodeSettings(), DecodeSettings(), Scheme()  # the defaults
BAD_DATA, BAD_USAGE = 1, 2
NO_SUCH_FILE = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
)

app = typer.Typer(
    name="ablc",
    help="Small pictures that keep what matters: an ablative image codec.",
    epilog="- in place of a file name is standard input or output. "
    "Exit codes: 0 done, 1 bad data, 2 bad usage.",
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def encode(
    source: Annotated[str, typer.Argument(metavar="IN", help="Picture, any that Pillow reads.")],
    target: Annotated[str, typer.Argument(metavar="OUT", help="Stream to write (.ablc).")],
    quality: options.Quality = None,
    size: options.Bytes = None,
    bpp: options.Bpp = None,
    lossless: options.Lossless = False,
    roi: options.Rois = None,
    lossless_roi: options.LosslessRoi = False,
    feather: options.Feather = FEATHER_DEFAULT,
    mask: options.Mask = RULE.name,
    mask_share: options.MaskShare = RULE.share,
    mask_random: options.MaskRandom = RULE.random_share,
    edges: options.EdgeFinder = RULE.edges,
    seed: options.Seed = RULE.seed,
    effort: options.Effort = ENCODING.effort,
    subsampling: options.Chroma = ENCODING.subsampling,
    tune: options.Measure = ENCODING.tune,
    assist: options.Assistance = None,
    strip: options.Strip = False,
    threads: options.Threads = None,
    max_pixels: options.MaxPixels = None,
) -> None:
    """Code a picture as a small .ablc file."""
    encoder = ablc.Encoder(
        quality=quality,
        target_bytes=size,
        bpp=bpp,
        lossless=lossless,
        effort=effort,
        threads=threads,
        subsampling=subsampling,
        tune=tune,
        assist=tuple(assist.split(",")) if assist else (),  # type: ignore[arg-type]
    )
    regions = inputs.parse_rois(roi or (), feather, lossless=lossless_roi)
    scheme = Scheme(mask, mask_share, random_share=mask_random, edges=edges, seed=seed)
    picture = inputs.read_picture(source, max_pixels)
    height, width, _ = picture.pixels.shape
    carried = Metadata() if strip else picture.metadata
    with terminal.busy(f"coding {source}"):
        data = encoder.encode(
            picture.pixels,
            importance=regions or None,
            mask=scheme,
            icc=carried.icc,
            exif=carried.exif,
            xmp=carried.xmp,
        )
    _write(target, data)
    terminal.remark(f"{target}: {len(data):,} bytes, {8 * len(data) / (height * width):.3f} bpp")


@app.command()
def decode(
    source: Annotated[str, typer.Argument(metavar="IN", help="Stream to read (.ablc).")],
    target: Annotated[
        str, typer.Argument(metavar="OUT", help="Picture; the extension names the format.")
    ],
    fill: options.Painter = DECODING.fill,
    model: options.Model = None,
    iterations: options.Iterations = DECODING.iterations,
    budget_ms: options.BudgetMs = None,
    provider: options.RunOn = DECODING.provider,
    region: Annotated[
        str | None, typer.Option(metavar="X,Y,W,H", help="Write this part only, in pixels.")
    ] = None,
    partial: options.Partial = False,
    strip: options.Strip = False,
    threads: options.Threads = None,
    max_pixels: options.MaxPixels = None,
) -> None:
    """Decode an .ablc file to a picture."""
    chosen = pictures.format_of(target)
    part = Region.parse(region) if region else None
    decoder = ablc.Decoder(
        fill=fill,
        model=model,
        iterations=iterations,
        budget_ms=budget_ms,
        provider=provider,
        threads=threads,
        partial=partial,
        max_pixels=max_pixels,
    )
    data = files.read(source)
    with (
        terminal.busy(f"decoding {source}"),
        console.blaming(source),
        warnings.catch_warnings(record=True) as caught,
    ):
        warnings.simplefilter("always", StreamWarning)
        pixels = decoder.decode(data, region=part)
        carried = Metadata() if strip else inputs.metadata_of(data, partial=partial)
    for warning in caught:
        terminal.warn(f"{source}: {warning.message}")
    with terminal.busy(f"writing {target}"), console.blaming(target):
        file = pictures.pack(pictures.Picture(pixels, carried), chosen)
    _write(target, file)


@app.command()
def inspect(
    source: Annotated[str, typer.Argument(metavar="IN", help="Stream to read (.ablc).")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    drawing: Annotated[
        str | None,
        typer.Option("--map", metavar="PNG", help="Draw where the bits went, and the blocks."),
    ] = None,
    max_pixels: options.MaxPixels = None,
) -> None:
    """Show what an .ablc file holds, to the last byte."""
    chosen = _drawing_format(drawing) if drawing else "PNG"
    data = files.read(source)
    with console.blaming(source):
        found = ablc.inspect(data, max_pixels=max_pixels)
        if drawing:
            with terminal.busy(f"drawing {drawing}"):
                coded = ablc.coding_map(data, max_pixels=max_pixels)
                sheet = map_sheet.make(coded, found, Path(source).name)
            _write(drawing, pictures.pack(pictures.Picture(np.asarray(sheet)), chosen))
    if json:
        print(found.to_json())
        return
    colours = {1: "grey", 3: "RGB", 4: "RGBA"}[found.channels]
    coding = "lossless" if found.lossless else f"step {found.step:g}, {found.subsampling}"
    leaves = ", ".join(f"{count} of {side}x{side}" for side, count in found.leaves.items())
    console.pairs(
        [
            ("picture", f"{found.width}x{found.height} {colours}"),
            ("coding", f"{coding}, format version {found.version}"),
            ("size", f"{found.size:,} bytes, {found.bpp:.3f} bpp"),
            ("kept", f"{found.kept:.1%} of the pixels"),
            ("blocks", leaves or "none"),
            ("tiles", str(found.tiles)),
            ("networks", models.name_of(found.model) if found.model else "none"),
            ("checksum", "correct" if found.checksum_ok else "WRONG: the file is damaged"),
        ]
    )
    print()
    console.columns(
        ("section", "offset", "bytes", "share"),
        [
            (part.name, str(part.offset), f"{part.length:,}", f"{part.length / found.size:.1%}")
            for part in found.sections
        ],
    )


@app.command()
def compare(
    first: Annotated[str, typer.Argument(metavar="A", help="Picture or .ablc file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Picture or .ablc file.")],
    out: Annotated[
        str | None,
        typer.Option(metavar="PNG", help="Draw both, their error, and the parts that differ most."),
    ] = None,
) -> None:
    """Measure how far picture B is from picture A."""
    chosen = pictures.format_of(out) if out else "PNG"
    streams, sizes, shown = [], [], []
    for name in (first, second):
        data = files.read(name)
        with console.blaming(name):
            shown.append(inputs.pixels_of(name, data))
        streams.append(data)
        sizes.append(f"{len(data):,} bytes, {8 * len(data) / shown[-1][..., 0].size:.3f} bpp")
    with terminal.busy("measuring"):
        found = ablc.compare(shown[0], shown[1])
    ssim = "none: under 11 pixels" if found.ssim is None else f"{found.ssim:.4f}"
    ms_ssim = "none: under 176 pixels" if found.ms_ssim is None else f"{found.ms_ssim:.4f}"
    measures = [("PSNR", f"{found.psnr:.2f} dB"), ("SSIM", ssim), ("MS-SSIM", ms_ssim)]
    console.pairs([(first, sizes[0]), (second, sizes[1]), *measures])
    if out:
        with terminal.busy(f"drawing {out}"):
            details = (sizes[0], f"{sizes[1]}, PSNR {found.psnr:.2f} dB")
            sides = [
                compare_sheet.ComparedPicture(
                    Path(name).name, detail, pixels, inputs.coding_of(data)
                )
                for name, detail, pixels, data in zip(
                    (first, second), details, shown, streams, strict=True
                )
            ]
            sheet = compare_sheet.make(*sides)
        _write(out, pictures.pack(pictures.Picture(np.asarray(sheet)), chosen))


@app.command()
def demo(
    photo: Annotated[
        Path | None,
        typer.Argument(metavar="[PHOTO]", help="Any picture; without one, a CC0 photograph."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")] = Path(
        "ablc-demo"
    ),
    quality: Annotated[
        float, typer.Option("-q", "--quality", metavar="1..100", help="Fidelity.")
    ] = demonstration.QUALITY_DEFAULT,
) -> None:
    """Code a photograph and show it beside JPEG of the same size."""
    source = photo or demonstration.photograph()
    with terminal.busy(f"coding {source.name}"), console.blaming(str(source)):
        made = demonstration.make(source, out, quality)
    console.pairs([(panel.title, panel.detail) for panel in made.panels])
    written = (demonstration.STREAM, demonstration.DECODED, demonstration.SIDE_BY_SIDE)
    console.pairs([("written", str(out / name)) for name in written])


app.command()(batch.batch)
app.command()(serve.serve)
app.command()(report.report)
app.add_typer(reproduce.reproduce, name="reproduce")
app.add_typer(models.app, name="models")


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    if version:
        print(f"ablc {ablc.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit(BAD_USAGE)


def _drawing_format(name: str) -> str:
    """Pillow's format for a drawing that comes beside what is printed."""
    if name == files.PIPE:
        raise ValueError("--map needs a file name: standard output is for the text")
    return pictures.format_of(name)


def _write(name: str, data: bytes) -> None:
    if name == files.PIPE and sys.stdout.isatty():
        raise ValueError("standard output is a terminal: name a file, or pipe it somewhere")
    files.write(name, data)


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run one command and end the process with its exit code."""
    pictures.ignore_pillow_warnings()
    try:
        code = app(arguments, prog_name="ablc", standalone_mode=False)
    except typer.TyperException as error:  # the command line itself
        console.fail(error.format_message(), BAD_USAGE)
    except (StreamError, PictureError, ResultsError, FinderError) as error:
        console.fail(str(error), BAD_DATA)
    except (ValueError, ModelError, ProviderError) as error:
        console.fail(str(error), BAD_USAGE)
    except NO_SUCH_FILE as error:
        console.fail(f"{error.filename}: {error.strerror}", BAD_USAGE)
    except OSError as error:
        console.fail(str(error), BAD_DATA)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)
    sys.exit(code or 0)
