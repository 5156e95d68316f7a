"""The pictures of benchmarks, and options that several of them take."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import tuning
from PIL import Image

from ablc.arrays import Pixels


def picture_paths(folder: Path) -> list[Path]:
    suffixes = {".png", ".jpg", ".jpeg", ".bmp", ".ppm"}
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes)
    if not paths:
        raise SystemExit(f"no pictures in {folder}")
    return paths


def load(path: Path) -> Pixels:
    """Return the pixels of a picture, (H, W, 3), as all codecs are given them.

    gAMA is ignored: the Kodak files have it beside sRGB, and readers that apply it lose 10 dB.
    """
    return np.asarray(Image.open(path).convert("RGB"))


def pictures(folder: Path) -> dict[str, Pixels]:
    """Return the pictures of a folder by file name without suffix, sorted; or of a tuning set."""
    if str(folder) in tuning.SETS:
        return tuning.pictures(str(folder))
    return {path.stem: load(path) for path in picture_paths(folder)}


def add_pictures_argument(parser: argparse.ArgumentParser, default: str = "kodak") -> None:
    """Add --images FOLDER; its default, a folder in ABLC_DATA or a tuning set, needs ABLC_DATA."""
    what = f"folder of pictures, or {' or '.join(tuning.SETS)}: the sets of tuning.py"
    if default not in tuning.SETS:
        _add_folder(parser, "--images", default, what)
        return
    parser.add_argument(
        "--images",
        type=Path,
        metavar="FOLDER",
        default=Path(default),
        help=f"{what} (default: %(default)s)",
    )


def add_weights_argument(parser: argparse.ArgumentParser) -> None:
    """Add --weights FOLDER; its default needs the environment variable ABLC_DATA."""
    _add_folder(parser, "--weights", "weights", "ONNX files of `python -m ablc.export perceptual`")


def _add_folder(parser: argparse.ArgumentParser, option: str, name: str, what: str) -> None:
    """Add an option whose default is the folder of that name in ABLC_DATA."""
    data = os.environ.get("ABLC_DATA")
    parser.add_argument(
        option,
        type=Path,
        metavar="FOLDER",
        default=Path(data) / name if data else None,
        required=data is None,
        help=f"{what} (default: $ABLC_DATA/{name})",
    )


def option(text: str) -> tuple[str, Any]:
    """Return KEY=VALUE as a pair; the value is parsed as JSON if it is JSON."""
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def add_option_argument(parser: argparse.ArgumentParser) -> None:
    """Add --option KEY=VALUE, which may be repeated."""
    parser.add_argument(
        "--option",
        type=option,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a further argument of ablc.encode, such as effort=7; may be repeated",
    )
