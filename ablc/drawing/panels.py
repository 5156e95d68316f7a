"""Pictures side by side, each with a label beneath."""

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
    """A picture and the text under it."""

    pixels: npt.NDArray[np.uint8]  # (H, W, C)
    title: str
    detail: str = ""
    key: Image.Image | None = None  # explains the colours; below the text


def draw(panels: list[Panel]) -> Image.Image:
    """Return all panels on one sheet: upright ones in one row, wide ones two or three to a row."""
    return sheet(rows_of(panels))


def rows_of(panels: list[Panel]) -> list[list[Panel]]:
    """Return the rows in which draw() sets panels."""
    height = max(panel.pixels.shape[0] for panel in panels)
    width = max(panel.pixels.shape[1] for panel in panels)
    columns = columns_for(len(panels), height, width)
    return [panels[i : i + columns] for i in range(0, len(panels), columns)]


def columns_for(count: int, height: int, width: int) -> int:
    """Return how many of count panels of height x width pixels draw() sets side by side."""
    if height > width:
        return count
    return min(2, count) if count <= 4 else 3


def letter_height(width: int) -> int:
    """Return the height of letters under a panel of a width, pixels; also the gap of panels."""
    return max(11, min(max(width, WIDTH_LEAST) // 26, 28))


def sheet(rows: Sequence[Sequence[Panel]]) -> Image.Image:
    """Return rows of panels on white, with letters and gaps to suit the first panel."""
    gap = letter_height(rows[0][0].pixels.shape[1])
    strips = [_row(row, gap) for row in rows]
    width = max(strip.width for strip in strips)
    canvas = Image.new("RGB", (width + 2 * gap, sum(s.height + gap for s in strips) + gap), PAPER)
    top = gap
    for strip in strips:
        canvas.paste(strip, (gap, top))
        top += strip.height + gap
    return canvas


def place_width(width: int) -> int:
    """Return the width of the place in a row that a panel of a width takes, pixels."""
    return max(width, WIDTH_LEAST)


def _row(row: Sequence[Panel], letters: int) -> Image.Image:
    """Return panels side by side, their labels aligned."""
    height = max(panel.pixels.shape[0] for panel in row)
    keys = max(panel.key.height + letters // 3 if panel.key else 0 for panel in row)
    label = 3 * letters if any(panel.detail for panel in row) else 2 * letters
    places = [place_width(panel.pixels.shape[1]) for panel in row]
    canvas = Image.new(
        "RGB", (sum(places) + (len(row) - 1) * letters, height + label + keys), PAPER
    )
    x = 0
    for panel, place in zip(row, places, strict=True):
        canvas.paste(opaque(panel.pixels), (x, 0))
        _write(canvas, panel, (x, height + letters // 3), letters)
        if panel.key:
            canvas.paste(panel.key, (x, height + label + letters // 3))
        x += place + letters
    return canvas


def _write(canvas: Image.Image, panel: Panel, at: tuple[int, int], letters: int) -> None:
    """Draw the panel's title and detail, downwards from at."""
    pen = ImageDraw.Draw(canvas)
    x, y = at
    width = place_width(panel.pixels.shape[1])
    pen.text((x, y), panel.title, INK, fitting_font(pen, panel.title, letters, width))
    y += letters + letters // 3
    pen.text((x, y), panel.detail, FAINT, fitting_font(pen, panel.detail, letters, width))


def show_mask(pixels: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return the picture, (H, W, 3), with a flat colour in cells that mask does not keep."""
    height, width, _ = pixels.shape
    kept = mask.repeat(CELL, axis=0).repeat(CELL, axis=1)[:height, :width]  # (H, W)
    rgb = np.asarray(opaque(pixels))
    return np.where(kept[..., np.newaxis], rgb, np.array(ABLATED, np.uint8))


def fitting_font(pen: ImageDraw.ImageDraw, text: str, height: int, width: int) -> Font:
    """Return the largest font up to a height in which text is at most width pixels long."""
    while height > 8 and pen.textlength(text, ImageFont.load_default(height)) > width:
        height -= 1
    return ImageFont.load_default(height)
