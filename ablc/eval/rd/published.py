"""Figures that others published for the Kodak set, as points of reference.

A table has the columns metric, codec, bpp, value, source; published.csv comes with ablc.
"""

import csv
import io
import math
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from ablc.eval.folder import Folder
from ablc.eval.measures.catalogue import MEASURES

COLUMNS = ("metric", "codec", "bpp", "value", "source")
OTHER_NAMES = {"lpips_alex": "lpips"}
KODAK = tuple(f"kodim{number:02}" for number in range(1, 25))
KODAK_SIDES = {512, 768}


@dataclass(frozen=True, slots=True)
class PublishedPoint:
    """The mean of a measure over the Kodak set at a rate."""

    metric: str  # of ablc.eval.measures.catalogue.MEASURES
    codec: str
    bpp: float
    value: float
    source: str


def shipped() -> list[PublishedPoint]:
    """Return the points that come with ablc."""
    table = resources.files("ablc.eval.rd").joinpath("published.csv")
    return parse(table.read_text(encoding="utf-8"), "published.csv")


def read(path: Path) -> list[PublishedPoint]:
    """Return the points in a file. Raises OSError, or ValueError naming the wrong line."""
    return parse(path.read_text(encoding="utf-8"), str(path))


def parse(text: str, source: str) -> list[PublishedPoint]:
    """Return the points of a table; source names it in errors."""
    rows = csv.DictReader(io.StringIO(text))
    if missing := set(COLUMNS) - set(rows.fieldnames or ()):
        raise ValueError(f"{source} has no column {', '.join(sorted(missing))}")
    return [_point(row, f"{source}, line {rows.line_num}") for row in rows]


def _point(row: dict[str, str], place: str) -> PublishedPoint:
    metric = OTHER_NAMES.get(row["metric"], row["metric"])
    if metric not in MEASURES:
        expected = ", ".join(MEASURES)
        raise ValueError(f"{place}: unknown metric {metric!r}: expected one of {expected}")
    try:
        bpp, value = float(row["bpp"]), float(row["value"])
    except (TypeError, ValueError):
        raise ValueError(f"{place}: bpp and value must be numbers") from None
    if not (math.isfinite(value) and 0 < bpp < math.inf):
        raise ValueError(f"{place}: bpp and value must be finite, and bpp above 0")
    return PublishedPoint(metric, row["codec"], bpp, value, row["source"] or "")


def is_kodak(folder: Folder) -> bool:
    """True if a folder holds the 24 Kodak pictures, by their names and sizes, and no others."""
    return tuple(photo.name for photo in folder.photos) == KODAK and all(
        {photo.height, photo.width} == KODAK_SIDES for photo in folder.photos
    )
