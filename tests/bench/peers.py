"""The pictures and the codecs beside which ablc is measured.

Every codec is a pair of functions between an (H, W, 3) uint8 sRGB picture and the bytes of a whole
file, told to use one thread. Its settings and its library's version are printed with the results.
"""

from __future__ import annotations

import argparse
import functools
import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pillow_heif
from PIL import Image, features

import ablc

pillow_heif.register_heif_opener()

Picture = npt.NDArray[np.uint8]  # (H, W, 3) sRGB
Row = dict[str, float]  # what was measured of one file


# --- pictures and the command line ----------------------------------------------------------------


def picture_paths(folder: Path) -> list[Path]:
    suffixes = {".png", ".jpg", ".jpeg", ".bmp", ".ppm"}
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not paths:
        raise SystemExit(f"no pictures in {folder}")
    return paths


def load(path: Path) -> Picture:
    """The plain pixels that all codecs are given.

    gAMA is ignored: the Kodak files carry it beside sRGB, and a reader that applies it loses 10 dB.
    """
    return np.asarray(Image.open(path).convert("RGB"))


def pictures(folder: Path) -> dict[str, Picture]:
    """The pictures of folder by file name without suffix, sorted."""
    return {path.stem: load(path) for path in picture_paths(folder)}


def add_pictures_argument(parser: argparse.ArgumentParser) -> None:
    """Adds --images FOLDER; its default needs the environment variable ABLC_DATA."""
    data = os.environ.get("ABLC_DATA")
    parser.add_argument(
        "--images",
        type=Path,
        metavar="FOLDER",
        default=Path(data) / "kodak" if data else None,
        required=data is None,
        help="folder of pictures (default: $ABLC_DATA/kodak)",
    )


def option(text: str) -> tuple[str, Any]:
    """KEY=VALUE of a command line, the value as JSON where it is that, else as it stands."""
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def add_option_argument(parser: argparse.ArgumentParser) -> None:
    """Adds --option KEY=VALUE, which may be repeated."""
    parser.add_argument(
        "--option",
        type=option,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a further argument of ablc.encode, such as effort=7; may be repeated",
    )


# --- codecs ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to make a file of a picture. quality is the codec's own knob, whatever its scale."""

    name: str
    settings: str  # all that decides the bytes besides the quality
    library: str  # with its version
    encode: Callable[[Picture, float], bytes]
    decode: Callable[[bytes], Picture]
    qualities: tuple[float, ...] = ()  # the sweep, rate rising; empty: lossless


def pillow_decode(data: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def pillow_encode(format_name: str, **options: Any) -> Callable[[Picture, float], bytes]:
    """An encoder that hands quality to Pillow's writer as it is, unless it is lossless."""

    def encode(picture: Picture, quality: float) -> bytes:
        lossy = {} if options.get("lossless") else {"quality": quality}
        file = io.BytesIO()
        Image.fromarray(picture).save(file, format_name, **lossy, **options)
        return file.getvalue()

    return encode


def jpegxl_encode(
    picture: Picture, distance: float, *, effort: int, lossless: bool = False
) -> bytes:
    """quality is libjxl's butteraugli distance: lower is better."""
    how: dict[str, Any] = (
        {"lossless": True} if lossless else {"distance": float(distance), "usecontainer": False}
    )
    return bytes(imagecodecs.jpegxl_encode(picture, effort=effort, numthreads=1, **how))


def jpegxl_decode(data: bytes) -> Picture:
    return np.asarray(imagecodecs.jpegxl_decode(data, numthreads=1)[..., :3])


def png_encode(picture: Picture, _quality: float) -> bytes:
    return bytes(imagecodecs.png_encode(picture, level=3))


def in_imagecodecs(library: str) -> str:
    """Name and version of a library that imagecodecs brings along."""
    parts = imagecodecs.version().split(", ")
    return next(part for part in parts if part.startswith(f"{library}-"))


# Sweeps cover 0.05-0.5 bpp densely, as far down as the codec goes, and reach 1-2 bpp.
PEERS = {
    codec.name: codec
    for codec in (
        Codec(
            "JPEG",
            "progressive, optimised Huffman tables, 4:2:0",
            f"libjpeg-turbo {features.version_feature('libjpeg_turbo')}",
            pillow_encode("JPEG", optimize=True, progressive=True),
            pillow_decode,
            (1, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 85),
        ),
        Codec(
            "WebP",
            "lossy, method 6",
            f"libwebp {features.version('webp')}",
            pillow_encode("WEBP", method=6),
            pillow_decode,
            (0, 1, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90),
        ),
        Codec(
            "JPEG XL",
            "VarDCT, effort 7, quality = distance, bare codestream",
            in_imagecodecs("libjxl"),
            functools.partial(jpegxl_encode, effort=7),
            jpegxl_decode,
            (25, 22, 19, 17, 15, 12, 10, 8, 6, 5, 4, 3, 2.5, 2, 1.5, 1.2, 1),
        ),
        Codec(
            "AVIF",
            "speed 6, 4:2:0, 1 thread",
            f"libavif {features.version('avif')}",
            pillow_encode("AVIF", speed=6, subsampling="4:2:0", max_threads=1),
            pillow_decode,
            (0, 5, 8, 12, 16, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 82, 88),
        ),
        Codec(
            "HEIC",
            "HEVC intra, the library's preset, 4:2:0",
            f"pillow-heif {pillow_heif.__version__}, {pillow_heif.libheif_info()['HEIF']}",
            pillow_encode("HEIF"),
            pillow_decode,
            (0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 58, 64),
        ),
    )
}

LOSSLESS_PEERS = {
    codec.name: codec
    for codec in (
        # libpng's smallest Kodak files: levels above 3 use another match finder and lose 2 %
        Codec("PNG", "level 3", in_imagecodecs("libpng"), png_encode, imagecodecs.png_decode),
        Codec(
            "WebP lossless",
            "method 4",
            f"libwebp {features.version('webp')}",
            pillow_encode("WEBP", lossless=True, method=4),
            pillow_decode,
        ),
        Codec(
            "JPEG XL lossless",
            "effort 3",
            in_imagecodecs("libjxl"),
            functools.partial(jpegxl_encode, effort=3, lossless=True),
            jpegxl_decode,
        ),
    )
}

ABLC_QUALITIES = (*range(2, 48, 3), 53, 60, 70, 80)


def ablc_codec(options: Mapping[str, Any] | None = None, *, lossless: bool = False) -> Codec:
    """ablc itself; options are further arguments of ablc.encode."""
    options = {"threads": 1, **(options or {})}
    stated = ", ".join(f"{key} {value}" for key, value in options.items())
    version = f"ablc {ablc.__version__}"

    def encode(picture: Picture, quality: float) -> bytes:
        how: dict[str, Any] = {"lossless": True} if lossless else {"quality": quality}
        return ablc.encode(picture, **how, **options)

    if lossless:
        return Codec("ablc lossless", stated, version, encode, ablc_decode)
    return Codec("ablc", stated, version, encode, ablc_decode, ABLC_QUALITIES)


def ablc_decode(data: bytes) -> Picture:
    return ablc.decode(data, fill="classical")


# --- printing -------------------------------------------------------------------------------------


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A markdown table: first column to the left, figures to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_json(path: Path, result: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
