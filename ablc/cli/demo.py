"""The command `ablc demo`: one photograph, decoded beside JPEG of the same length."""

import io
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ablc import files, pictures, terminal
from ablc.arrays import Pixels
from ablc.cli import console, outputs
from ablc.decoder import Decoder
from ablc.drawing import panels
from ablc.encoder import Encoder
from ablc.inspection import inspect, keep_mask
from ablc.metrics import compare
from ablc.settings import QUALITY

QUALITY_DEFAULT = 35
STREAM, DECODED, SIDE_BY_SIDE = "demo.ablc", "demo.png", "demo-side-by-side.png"


def demo(
    photo: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PHOTO]",
            help="Picture to encode; default: a CC0 photograph from scikit-image.",
        ),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the results.")] = Path(
        "ablc-demo"
    ),
    quality: Annotated[
        float, typer.Option("-q", "--quality", metavar="1..100", help=QUALITY.help)
    ] = QUALITY_DEFAULT,
    force: outputs.Force = False,
) -> None:
    """Encode a photograph and show it beside a JPEG file of the same length."""
    source = photo or photograph()
    for name, kind in ((STREAM, outputs.STREAM), (DECODED, "PNG"), (SIDE_BY_SIDE, "PNG")):
        outputs.check(str(out / name), kind, [str(source)], force=force)
    with terminal.busy(f"encoding {source.name}"), console.blaming(str(source)):
        made = make(source, out, quality)
    console.pairs([(panel.title, panel.detail) for panel in made.panels])
    written = (STREAM, DECODED, SIDE_BY_SIDE)
    console.pairs([("written", str(out / name)) for name in written])


@dataclass(frozen=True, slots=True)
class Demo:
    """The results of a demonstration."""

    photo: str  # name of the photograph's file
    original: int  # length of that file, bytes
    panels: list[panels.Panel]


def photograph() -> Path:
    """Return the path of a CC0 photograph, the coffee cup by Rachel Michetti in scikit-image.

    Raises ValueError if scikit-image is not installed.
    """
    package = find_spec("skimage")
    for folder in package.submodule_search_locations or () if package else ():
        path = Path(folder) / "data" / "coffee.png"
        if path.exists():
            return path
    raise ValueError(
        "scikit-image and its photograph are not installed: "
        "name a picture (ablc demo PHOTO), or pip install 'ablc[demo]'"
    )


def make(photo: Path, folder: Path, quality: float = QUALITY_DEFAULT) -> Demo:
    """Write the stream, the decoded picture and the side-by-side picture into folder."""
    file = photo.read_bytes()
    picture = pictures.parse(file)
    data = Encoder(quality=quality).encode(picture.pixels)
    decoded = Decoder().decode(data)
    jpeg, jpeg_length = jpeg_of_length(picture.pixels, len(data))
    height, width, _ = picture.pixels.shape
    kept = inspect(data).kept
    shown = [
        panels.Panel(picture.pixels, "original", f"{width}x{height} pixels, {len(file):,} bytes"),
        panels.Panel(decoded, "ablc", _figures(picture.pixels, decoded, len(data))),
        panels.Panel(jpeg, "JPEG (progressive)", _figures(picture.pixels, jpeg, jpeg_length)),
        panels.Panel(
            panels.show_mask(decoded, keep_mask(data)),
            "blocks kept by ablc",
            f"{kept:.0%} of the picture; the rest is blurred or painted",
        ),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    files.write(str(folder / STREAM), data)
    files.write(str(folder / DECODED), pictures.pack(pictures.Picture(decoded)))
    sheet = np.asarray(panels.draw(shown))
    files.write(str(folder / SIDE_BY_SIDE), pictures.pack(pictures.Picture(sheet)))
    return Demo(photo.name, len(file), shown)


def jpeg_of_length(pixels: Pixels, length: int) -> tuple[Pixels, int]:
    """Return the decoded JPEG file (progressive, optimised, 4:2:0) nearest to a length in bytes.

    Also returns its length.
    """
    low, high = 1, 100
    tried: dict[int, bytes] = {}
    while low <= high:
        quality = (low + high) // 2
        tried[quality] = _jpeg(pixels, quality)
        if len(tried[quality]) > length:
            high = quality - 1
        else:
            low = quality + 1
    nearest = min(tried.values(), key=lambda data: abs(len(data) - length))
    return pictures.parse(nearest).pixels, len(nearest)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    file = io.BytesIO()
    image = pictures.to_image(pixels)
    opaque = image.convert("RGB") if image.mode == "RGBA" else image
    opaque.save(file, "JPEG", quality=quality, progressive=True, optimize=True)
    return file.getvalue()


def _figures(original: Pixels, decoded: Pixels, length: int) -> str:
    """Return length and fidelity in one line."""
    measured = compare(original, decoded)
    bpp = 8 * length / (original.shape[0] * original.shape[1])
    similarity = "" if measured.ssim is None else f", SSIM {measured.ssim:.3f}"
    return f"{length:,} bytes ({bpp:.2f} bpp), PSNR {measured.psnr:.1f} dB{similarity}"
