"""Two pictures side by side, and where they differ: ablc compare --out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ablc.arrays import CELL, Pixels
from ablc.drawing import colour_scale
from ablc.drawing.map_sheet import kept_panel
from ablc.drawing.panels import Panel, columns_for, letter_height, place_width, rows_of, sheet
from ablc.drawing.view import PAPER, View, opaque
from ablc.importance import cell_sums
from ablc.inspection import CodingMap
from ablc.regions import Region

ZOOMS = 3  # number of enlarged windows
ZOOM, ZOOM_LARGE = 3, 4  # times
WINDOW_LARGE = 96  # pixels: windows of at least this side are enlarged by ZOOM_LARGE
SEAM = 4  # between the two halves of an enlarged window, pixels
FRAME = (255, 255, 255)


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPicture:
    """One of the two pictures."""

    name: str
    detail: str
    pixels: Pixels  # (H, W, C)
    coding: CodingMap | None = None  # of a lossy .ablc file


@dataclass(frozen=True, slots=True)
class EnlargedWindow:
    """A part of the pictures that is shown enlarged."""

    region: Region
    why: str


def make(first: ComparedPicture, second: ComparedPicture) -> Image.Image:
    """Return both pictures, their error, kept blocks of an .ablc file, and enlarged windows.

    The pictures have the same size. Windows do not overlap and are those of the largest error;
    with an .ablc file, the first window is where it spends most bits.
    """
    height, width, _ = first.pixels.shape
    view = View.of(height, width)
    error = luma_error(first.pixels, second.pixels)  # (H, W)
    coding = second.coding or first.coding
    side, zoom = _window_side(view, panels=4 if coding else 3)
    windows = [] if view.scale >= zoom else choose_windows(error, coding, side)
    panels = [Panel(view.picture(each.pixels), each.name, each.detail) for each in (first, second)]
    panels.append(error_panel(error, windows, view))
    if coding:
        panels.append(kept_panel(coding, view.picture(coding.image), view))
    zooms = [
        zoom_panel(number, window, first, second, zoom)
        for number, window in enumerate(windows, start=1)
    ]
    return sheet([*rows_of(panels), zooms] if zooms else rows_of(panels))


def luma_error(first: Pixels, second: Pixels) -> Pixels:
    """Return absolute differences of the lumas of two pictures, (H, W), grey levels."""
    a, b = (np.asarray(opaque(pixels).convert("L")) for pixels in (first, second))
    return np.asarray(np.maximum(a, b) - np.minimum(a, b))


def error_panel(error: Pixels, windows: list[EnlargedWindow], view: View) -> Panel:
    """Return the error as colours, with numbered frames around the windows."""
    drawn = view.plane(error.astype(np.float32))
    scale = colour_scale.error_scale(drawn)
    pixels = _framed(scale.colours(drawn), windows, view)
    detail = f"mean {error.mean():.2f}, largest {error.max()} grey levels"
    title = f"absolute luma error, amplified {255 / scale.high:.0f} times"
    return Panel(
        pixels, title, detail, scale.bar(place_width(view.width), letter_height(view.width))
    )


def choose_windows(error: Pixels, coding: CodingMap | None, side: int) -> list[EnlargedWindow]:
    """Return at most ZOOMS squares that do not overlap; side: in pixels, a multiple of 8.

    Empty if the pictures are equal or hardly larger than a window.
    """
    height, width = error.shape
    if side < CELL or 2 * side > max(height, width) or side > min(height, width):
        return []
    criteria = [(cell_sums(error), "largest error")] * ZOOMS
    if coding:
        criteria[0] = (coding.bits.astype(np.float64), "most bits")
    free = np.ones((height // CELL - side // CELL + 1, width // CELL - side // CELL + 1), np.bool_)
    windows = []
    for density, why in criteria:
        sums = np.where(free, _window_sums(density, side // CELL)[: len(free), : free.shape[1]], 0)
        row, column = (int(i) for i in np.unravel_index(np.argmax(sums), sums.shape))
        if sums[row, column] <= 0:
            continue
        windows.append(EnlargedWindow(Region(CELL * column, CELL * row, side, side), why))
        reach = side // CELL - 1
        free[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1] = (
            False
        )
    return windows


def zoom_panel(
    number: int, window: EnlargedWindow, first: ComparedPicture, second: ComparedPicture, zoom: int
) -> Panel:
    """Return a window of both pictures side by side, enlarged."""
    part = (*window.region.slices, slice(None))
    halves = [np.asarray(opaque(each.pixels[part])) for each in (first, second)]
    a, b = (half.repeat(zoom, axis=0).repeat(zoom, axis=1) for half in halves)
    seam = np.full((a.shape[0], SEAM, 3), PAPER, np.uint8)
    mean = luma_error(first.pixels[part], second.pixels[part]).mean()
    title = f"{number}: {window.why}, {zoom} times enlarged"
    detail = f"left {first.name}, right {second.name}; mean luma error {mean:.2f}"
    return Panel(np.concatenate([a, seam, b], axis=1), title, detail)


def _window_side(view: View, panels: int) -> tuple[int, int]:
    """Return side, in pixels, and enlargement of windows.

    A row of pairs of windows is as wide as a row of panels.
    """
    columns, gap = columns_for(panels, view.height, view.width), letter_height(view.width)
    row = columns * (place_width(view.width) + gap) - gap
    half = ((row + gap) // ZOOMS - gap - SEAM) // 2
    zoom = ZOOM_LARGE if half >= ZOOM_LARGE * WINDOW_LARGE else ZOOM
    return half // zoom // CELL * CELL, zoom


def _window_sums(density: npt.NDArray[np.float64], side: int) -> npt.NDArray[np.float64]:
    """Return sums over every square of side x side cells, (R - side + 1, C - side + 1)."""
    total = np.pad(density, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    return np.asarray(
        total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
    )


def _framed(pixels: Pixels, windows: list[EnlargedWindow], view: View) -> Pixels:
    """Return the drawing, (h, w, 3), with a numbered frame around each window."""
    canvas = Image.fromarray(pixels)
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(max(14, letter_height(view.width)))
    for number, window in enumerate(windows, start=1):
        left, top, width, height = (round(value * view.scale) for value in window.region)
        pen.rectangle((left, top, left + width - 1, top + height - 1), outline=FRAME, width=2)
        pen.text((left + 6, top + 2), str(number), FRAME, font, stroke_width=2, stroke_fill="black")
    return np.asarray(canvas)
