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
from ablc.cli import console
from ablc.decoder import Decoder
from ablc.drawing import panels
from ablc.encoder import Encoder
from ablc.inspection import inspect, keep_mask
from ablc.metrics import compare

QUALITY_DEFAULT = 35
STREAM, DECODED, SIDE_BY_SIDE = "demo.ablc", "demo.png", "demo-side-by-side.png"


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
    ] = QUALITY_DEFAULT,
) -> None:
    """Code a photograph and show it beside JPEG of the same size."""
    source = photo or photograph()
    with terminal.busy(f"coding {source.name}"), console.blaming(str(source)):
        made = make(source, out, quality)
    console.pairs([(panel.title, panel.detail) for panel in made.panels])
    written = (STREAM, DECODED, SIDE_BY_SIDE)
    console.pairs([("written", str(out / name)) for name in written])


@dataclass(frozen=True, slots=True)
class Demo:
    """What was made; names are relative to the folder."""

    photo: str
    original: int  # bytes of the photograph's own file
    panels: list[panels.Panel]


def photograph() -> Path:
    """A CC0 photograph, the coffee cup by Rachel Michetti that comes with scikit-image.

    Raises ValueError if scikit-image is not installed.
    """
    package = find_spec("skimage")
    for folder in package.submodule_search_locations or () if package else ():
        found = Path(folder) / "data" / "coffee.png"
        if found.exists():
            return found
    raise ValueError(
        "no photograph at hand: name one (ablc demo PHOTO), or pip install 'ablc[demo]'"
    )


def make(photo: Path, folder: Path, quality: float = QUALITY_DEFAULT) -> Demo:
    """Writes the stream, the decoded picture and the side-by-side picture into folder."""
    file = photo.read_bytes()
    picture = pictures.parse(file)
    data = Encoder(quality=quality).encode(picture.pixels)
    decoded = Decoder().decode(data)
    peer, peer_size = jpeg_of_size(picture.pixels, len(data))
    height, width, _ = picture.pixels.shape
    kept = inspect(data).kept
    shown = [
        panels.Panel(picture.pixels, "original", f"{width}x{height} pixels, {len(file):,} bytes"),
        panels.Panel(decoded, "ablc", _figures(picture.pixels, decoded, len(data))),
        panels.Panel(peer, "JPEG (progressive)", _figures(picture.pixels, peer, peer_size)),
        panels.Panel(
            panels.show_mask(decoded, keep_mask(data)),
            "blocks kept by ablc",
            f"{kept:.0%} of the picture; the rest is painted from the base",
        ),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    files.write(str(folder / STREAM), data)
    files.write(str(folder / DECODED), pictures.pack(pictures.Picture(decoded)))
    sheet = np.asarray(panels.draw(shown))
    files.write(str(folder / SIDE_BY_SIDE), pictures.pack(pictures.Picture(sheet)))
    return Demo(photo.name, len(file), shown)


def jpeg_of_size(pixels: Pixels, size: int) -> tuple[Pixels, int]:
    """The JPEG picture (progressive, optimised, 4:2:0) nearest to size bytes, and its bytes."""
    low, high = 1, 100
    tried: dict[int, bytes] = {}
    while low <= high:
        quality = (low + high) // 2
        tried[quality] = _jpeg(pixels, quality)
        if len(tried[quality]) > size:
            high = quality - 1
        else:
            low = quality + 1
    nearest = min(tried.values(), key=lambda data: abs(len(data) - size))
    return pictures.parse(nearest).pixels, len(nearest)


def _jpeg(pixels: Pixels, quality: int) -> bytes:
    file = io.BytesIO()
    image = pictures.to_image(pixels)
    opaque = image.convert("RGB") if image.mode == "RGBA" else image
    opaque.save(file, "JPEG", quality=quality, progressive=True, optimize=True)
    return file.getvalue()


def _figures(original: Pixels, decoded: Pixels, size: int) -> str:
    """Size and fidelity in one line."""
    found = compare(original, decoded)
    bpp = 8 * size / (original.shape[0] * original.shape[1])
    similarity = "" if found.ssim is None else f", SSIM {found.ssim:.3f}"
    return f"{size:,} bytes ({bpp:.2f} bpp), PSNR {found.psnr:.1f} dB{similarity}"
