"""Pictures side by side, each with its label beneath."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ablc.arrays import CELL
from ablc.drawing.view import PAPER, opaque

INK, FAINT = (20, 20, 24), (96, 96, 104)
ABLATED = (38, 40, 66)  # flat colour of blocks that are not in the file
WIDTH_LEAST = 320  # of a panel's place on the sheet, pixels: room for its label

Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture and what is written under it."""

    pixels: npt.NDArray[np.uint8]  # (H, W, C)
    title: str
    detail: str = ""
    key: Image.Image | None = None  # explains the colours, goes below them


def draw(panels: list[Panel]) -> Image.Image:
    """All panels on white paper, at 100 %: upright ones in one row, wide ones two or three."""
    return sheet(rows_of(panels))


def rows_of(panels: list[Panel]) -> list[list[Panel]]:
    """The rows in which draw() sets panels."""
    height = max(panel.pixels.shape[0] for panel in panels)
    width = max(panel.pixels.shape[1] for panel in panels)
    columns = columns_for(len(panels), height, width)
    return [panels[i : i + columns] for i in range(0, len(panels), columns)]


def columns_for(count: int, height: int, width: int) -> int:
    """How many of count panels of height x width pixels draw() sets side by side."""
    if height > width:
        return count
    return min(2, count) if count <= 4 else 3


def letter_size(width: int) -> int:
    """Height of the letters under a panel of that width, pixels; also the gap between panels."""
    return max(11, min(max(width, WIDTH_LEAST) // 26, 28))


def sheet(rows: Sequence[Sequence[Panel]]) -> Image.Image:
    """Rows of panels on white paper, with letters and gaps to suit the first panel."""
    size = letter_size(rows[0][0].pixels.shape[1])
    strips = [_row(row, size) for row in rows]
    width = max(strip.width for strip in strips)
    canvas = Image.new(
        "RGB", (width + 2 * size, sum(s.height + size for s in strips) + size), PAPER
    )
    top = size
    for strip in strips:
        canvas.paste(strip, (size, top))
        top += strip.height + size
    return canvas


def place_width(width: int) -> int:
    """Width that a panel of so many pixels takes in its row."""
    return max(width, WIDTH_LEAST)


def _row(row: Sequence[Panel], size: int) -> Image.Image:
    """Panels side by side, their labels in line."""
    height = max(panel.pixels.shape[0] for panel in row)
    keys = max(panel.key.height + size // 3 if panel.key else 0 for panel in row)
    label = 3 * size if any(panel.detail for panel in row) else 2 * size
    places = [place_width(panel.pixels.shape[1]) for panel in row]
    canvas = Image.new("RGB", (sum(places) + (len(row) - 1) * size, height + label + keys), PAPER)
    x = 0
    for panel, place in zip(row, places, strict=True):
        canvas.paste(opaque(panel.pixels), (x, 0))
        _write(canvas, panel, (x, height + size // 3), size)
        if panel.key:
            canvas.paste(panel.key, (x, height + label + size // 3))
        x += place + size
    return canvas


def _write(canvas: Image.Image, panel: Panel, at: tuple[int, int], size: int) -> None:
    """The panel's title and detail, from at downwards."""
    pen = ImageDraw.Draw(canvas)
    x, y = at
    width = place_width(panel.pixels.shape[1])
    pen.text((x, y), panel.title, INK, fitting_font(pen, panel.title, size, width))
    y += size + size // 3
    pen.text((x, y), panel.detail, FAINT, fitting_font(pen, panel.detail, size, width))


def show_mask(pixels: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """(H, W, 3): the picture where mask's cells are kept, one flat colour where they are not."""
    height, width, _ = pixels.shape
    kept = mask.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]  # (H, W)
    rgb = np.asarray(opaque(pixels))
    return np.where(kept[..., np.newaxis], rgb, np.array(ABLATED, np.uint8))


def fitting_font(pen: ImageDraw.ImageDraw, text: str, size: int, width: int) -> Font:
    """The largest letters up to size in which text is at most width pixels long."""
    while size > 8 and pen.textlength(text, ImageFont.load_default(size)) > width:
        size -= 1
    return ImageFont.load_default(size)
