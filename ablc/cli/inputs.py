"""Inputs of commands: files of pictures or streams, and regions of interest."""

import math
import os
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ablc import files, finders, inspection, pictures, terminal
from ablc.cli import console
from ablc.decoder import Decoder
from ablc.errors import LimitError, StreamError
from ablc.importance import WEIGHT_DEFAULT, Roi
from ablc.regions import Region


def read_picture(name: str, max_pixels: int | None) -> pictures.Picture:
    """Return the picture in a file, and print a warning for each change made when reading it."""
    data = files.read(name)
    with terminal.busy(f"reading {name}"), console.blaming(name):
        picture = pictures.parse(data, max_pixels=max_pixels)
    for note in picture.notes:
        terminal.warn(f"{name}: {note}")
    return picture


def pixels_of(name: str, data: bytes) -> npt.NDArray[np.uint8]:
    """Return the pixels (H, W, C) in the bytes of an .ablc file or of a picture."""
    try:
        return Decoder().decode(data)
    except LimitError:
        raise
    except StreamError:
        if name.lower().endswith(".ablc"):
            raise
        return pictures.parse(data).pixels


def coding_of(data: bytes) -> inspection.CodingMap | None:
    """Return the coding map of a lossy stream; None for anything else."""
    try:
        lossless = inspection.inspect(data).lossless
    except StreamError:
        return None
    return None if lossless else inspection.coding_map(data)


def metadata_of(data: bytes, *, partial: bool) -> inspection.Metadata:
    """Return the metadata of a stream; if partial, none where it is damaged."""
    try:
        return inspection.metadata(data)
    except StreamError:
        if not partial:
            raise
        return inspection.Metadata()


def parse_rois(texts: Iterable[str], feather: int, *, lossless: bool) -> tuple[Roi, ...]:
    """Return the regions of texts WHERE[:WEIGHT].

    lossless: reproduce every pixel of the regions exactly. Raises ValueError if there are none.
    """
    regions = tuple(parse_roi(text, feather) for text in texts)
    if not lossless:
        return regions
    if not regions:
        raise ValueError("--lossless-roi needs a region: add --roi")
    return tuple(replace(region, weight=math.inf) for region in regions)


def parse_roi(text: str, feather: int) -> Roi:
    """Return the region of a text WHERE[:WEIGHT]. Raises ValueError if there is no such region.

    The name of a finder comes before a file of that name, for which ./NAME stands.
    """
    where, weight = _split(text)
    if where in finders.names():
        return Roi(where, weight, feather)
    if os.path.exists(where) and not os.path.isdir(where):
        with console.blaming(where):
            white = pictures.white(pictures.parse(files.read(where)))
        return Roi(white, weight, feather)
    try:
        box = Region.parse(where)
    except ValueError as error:
        known = ", ".join(finders.names())
        raise ValueError(
            f"--roi {text}: {error}; nor is it a file, or one of the finders {known}"
        ) from error
    return Roi(box, weight, feather)


def place_of(text: str) -> str:
    """Return WHERE of a text WHERE[:WEIGHT]."""
    return _split(text)[0]


def _split(text: str) -> tuple[str, float]:
    """Return place and weight of a text WHERE[:WEIGHT]; colons may be part of a file's name."""
    where, colon, last = text.rpartition(":")
    if colon and where and not os.path.isfile(text):
        try:
            return where, float(last)
        except ValueError:
            pass
    return text, WEIGHT_DEFAULT
