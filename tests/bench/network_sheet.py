"""The sheet of networks.py: crops at 100 %, original, classical and every fill side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from arguments import pictures
from network_graphs import painted
from PIL import Image, ImageDraw

import ablc
from ablc.arrays import Pixels

CROP = 256  # pixels of a side, or what the picture has
GAP = 4  # pixels between crops
LINE = 16  # pixels of a title's height
CORNERS = {  # (x, y) of crops of the Kodak set
    "kodim01": (384, 224),
    "kodim05": (256, 160),
    "kodim08": (288, 224),
    "kodim13": (320, 192),
    "kodim15": (304, 80),
    "kodim24": (352, 160),
}


def write(
    path: Path,
    images: Path,
    fills: Mapping[str, Path],
    qualities: Sequence[int],
    options: Mapping[str, Any],
) -> None:
    """A row for every crop and quality; the first of other pictures, from their corner."""
    shown = pictures(images)
    titles = [title for title in shown if title in CORNERS] or list(shown)[: len(CORNERS)]
    rows = [
        row_of(shown[title], title, quality, fills, options)
        for title in titles
        for quality in qualities
    ]
    sheet = Image.new("RGB", (rows[0].width, sum(row.height for row in rows)), "white")
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def row_of(
    picture: Pixels,
    title: str,
    quality: int,
    fills: Mapping[str, Path],
    options: Mapping[str, Any],
) -> Image.Image:
    data = ablc.encode(picture, quality=quality, **options)
    bpp = 8 * len(data) / (picture.shape[0] * picture.shape[1])
    columns = {f"{title}, original": picture, **painted(data, fills)}
    row = Image.new("RGB", (len(columns) * (CROP + GAP) - GAP, LINE + CROP + GAP), "white")
    pen = ImageDraw.Draw(row)
    x, y = CORNERS.get(title, (0, 0))
    for i, (name, shown) in enumerate(columns.items()):
        text = name if i == 0 else f"{name}, {bpp:.3f} bpp"
        pen.text((i * (CROP + GAP) + 2, 2), text, fill="black")
        row.paste(Image.fromarray(shown[y : y + CROP, x : x + CROP]), (i * (CROP + GAP), LINE))
    return row
