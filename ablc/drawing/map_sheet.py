"""Where a stream spends its bits, as one picture: ablc inspect --map."""

import numpy as np
import numpy.typing as npt
from PIL import Image

from ablc.arrays import CELL, Pixels
from ablc.drawing import colour_scale, prediction_modes
from ablc.drawing.panels import ABLATED, Panel, draw, letter_height, place_width
from ablc.drawing.view import View
from ablc.inspection import CodingMap, StreamInfo

DIMMED = 0.75  # brightness of the picture under block borders
BORDER = (255, 226, 130)
BORDER_SHOWN = 0.55  # opacity of borders where blocks are large enough


def make(coding: CodingMap, info: StreamInfo, name: str) -> Image.Image:
    """Return a sheet of the decoded picture and its maps.

    A lossless stream has a map of bits alone. name: of the stream, for the title.
    """
    view = View.of(info.height, info.width)
    picture = view.picture(coding.image)  # (h, w, 3)
    about = f"{info.width}x{info.height} pixels, {info.length:,} bytes, {info.bpp:.3g} bpp"
    panels = [Panel(picture, name, about), bits_panel(coding, picture, view)]
    if not info.lossless:
        panels += [kept_panel(coding, picture, view), modes_panel(coding, picture, view)]
    if coding.offset.any():
        panels.append(offset_panel(coding, picture, view))
    return draw(panels)


def bits_panel(coding: CodingMap, picture: Pixels, view: View) -> Panel:
    """Return bits per pixel as colours."""
    scale = colour_scale.bits_scale(coding.bpp)
    pixels = colour_scale.shade(view.cells(scale.colours(coding.bpp)), picture)
    shares = np.sort(coding.bits, axis=None)[::-1].cumsum(dtype=np.float64)
    half = float(np.searchsorted(shares, shares[-1] / 2) + 1) / shares.size
    detail = f"half of the bits are in {half:.0%} of the picture"
    bar = scale.bar(place_width(view.width), letter_height(view.width))
    return Panel(pixels, "bits per pixel", detail, bar)


def kept_panel(coding: CodingMap, picture: Pixels, view: View) -> Panel:
    """Return the picture with dropped blocks in a flat colour and the borders of all blocks."""
    kept = view.cells(coding.kept)[..., np.newaxis]  # (h, w, 1)
    dimmed = np.rint(DIMMED * picture).astype(np.uint8)
    flat = np.where(kept, dimmed, np.array(ABLATED, np.uint8))
    pixels = _draw_borders(flat, coding, view)
    share = float(np.average(coding.kept, weights=coding.pixels))
    rest = "lossless, blurred or painted" if coding.exact else "blurred or painted"
    shown = "all of them" if share == 1 else f"{share:.1%}, the rest {rest}"
    detail = f"{shown}; lines: block borders"
    return Panel(pixels, "kept blocks", detail)


def modes_panel(coding: CodingMap, picture: Pixels, view: View) -> Panel:
    """Return prediction modes as colours, and strokes along the directions."""
    shaded = colour_scale.shade(
        view.cells(prediction_modes.colours(coding.mode, coding.kept)), picture
    )
    flat = view.cells(coding.kept)[..., np.newaxis]
    pixels = np.where(flat, shaded, np.array(ABLATED, np.uint8))
    lines = prediction_modes.strokes(coding.mode, coding.side, coding.kept)
    drawn = prediction_modes.draw_strokes(pixels, lines, view)
    used = coding.mode[coding.kept]
    detail = ", ".join(
        f"{np.mean(chosen) if used.size else 0:.0%} {name}"
        for name, chosen in [
            ("planar", used == prediction_modes.PLANAR),
            ("DC", used == prediction_modes.DC),
            ("along a direction", used >= prediction_modes.ANGULAR),
        ]
    )
    return Panel(
        drawn,
        "prediction modes",
        detail,
        prediction_modes.key(place_width(view.width), letter_height(view.width)),
    )


def offset_panel(coding: CodingMap, picture: Pixels, view: View) -> Panel:
    """Return where the quantisation step is finer or coarser than the header's."""
    scale = colour_scale.offset_scale(coding.offset)
    pixels = colour_scale.shade(view.cells(scale.colours(coding.offset)), picture)
    finer, coarser = float(np.mean(coding.offset < 0)), float(np.mean(coding.offset > 0))
    parts = [f"{finer:.0%} of the picture finer"] if finer else []
    parts += [f"{coarser:.0%} of the picture coarser"] if coarser else []
    detail = f"times the header's: {', '.join(parts)}"
    bar = scale.bar(place_width(view.width), letter_height(view.width))
    return Panel(pixels, "quantisation step", detail, bar)


def _draw_borders(pixels: Pixels, coding: CodingMap, view: View) -> Pixels:
    """Return pixels, (h, w, 3), with a line along the upper and left border of every block."""
    lines = _borders(coding.side, view)[..., np.newaxis]
    shown = BORDER_SHOWN * min(1.0, view.cell / CELL)
    blended = (1 - shown) * pixels + shown * np.array(BORDER)
    return np.where(lines, np.rint(blended).astype(np.uint8), pixels)


def _borders(side: npt.NDArray[np.uint8], view: View) -> npt.NDArray[np.bool_]:
    """Return flags, (h, w), that are True where a block begins."""
    cells = side.astype(np.int64) // CELL
    rows, columns = np.indices(side.shape)
    corners = (rows - rows % cells) * side.shape[1] + columns - columns % cells  # cell of the block
    block = view.cells(corners)
    lines = np.zeros(block.shape, np.bool_)
    lines[1:] |= block[1:] != block[:-1]
    lines[:, 1:] |= block[:, 1:] != block[:, :-1]
    return lines
