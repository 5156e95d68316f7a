"""Maps of an encoded picture for the report: kept blocks, bits per pixel, region."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ablc.arrays import CELL, Flags, Pixels
from ablc.drawing import colour_scale, map_sheet
from ablc.drawing.view import View
from ablc.inspection import CodingMap
from ablc.regions import Region

SUPERBLOCK = 64  # pixels: windows begin at multiples of it, so at the border of a block
WHOLE_MOST = 1 << 20  # pixels: larger pictures are shown in part
WINDOW = (768, 1024)  # height and width of that part
DIMMED = 0.35  # brightness outside of the region
TICKS_MOST = 5


@dataclass(frozen=True, slots=True)
class LabelledMap:
    """A map with its labels; colours and ticks are its colour scale, if it shows numbers."""

    title: str
    detail: str
    pixels: Pixels
    colours: tuple[str, ...] = ()  # #rrggbb, evenly spaced along a bar
    ticks: tuple[tuple[float, str], ...] = ()  # position on the bar, 0..1, and text


def window_of(height: int, width: int, inside: Flags | None) -> Region | None:
    """Return the shown part of a picture, around the centre of the region; None: all of it."""
    if height * width <= WHOLE_MOST:
        return None
    middle = (height / 2, width / 2)
    if inside is not None and inside.any():
        rows, columns = (np.arange(side) for side in inside.shape)
        count = inside.sum()
        middle = (inside.sum(axis=1) @ rows / count, inside.sum(axis=0) @ columns / count)
    (top, rows_shown), (left, columns_shown) = (
        _span(centre, side, most)
        for centre, side, most in zip(middle, (height, width), WINDOW, strict=True)
    )
    return Region(left, top, columns_shown, rows_shown)


def _span(centre: float, side: int, most: int) -> tuple[int, int]:
    """Return start and length of a range of at most `most` out of `side` pixels around centre."""
    length = min(side, most)
    start = min(max(centre - length / 2, 0), side - length)
    return int(start) // SUPERBLOCK * SUPERBLOCK, length


def kept_and_bits(coding: CodingMap, window: Region | None, suffix: str = "") -> list[LabelledMap]:
    """Return maps of kept blocks and of bits per pixel of a stream. suffix: of their titles."""
    part = _part(coding, window) if window else coding
    view = View.of(*part.image.shape[:2])
    picture = view.picture(part.image)
    kept = map_sheet.kept_panel(part, picture, view)
    bits = map_sheet.bits_panel(part, picture, view)
    scale = colour_scale.bits_scale(part.bpp)
    stride = -(-len(scale.ticks) // TICKS_MOST)
    ticks = tuple((float(scale.position(v)), text) for v, text in scale.ticks[::stride])
    colours = tuple("#" + bytes(anchor).hex() for anchor in scale.anchors)
    return [
        LabelledMap(kept.title + suffix, kept.detail, np.asarray(kept.pixels)),
        LabelledMap(bits.title + suffix, bits.detail, np.asarray(bits.pixels), colours, ticks),
    ]


def region(picture: Pixels, inside: Flags, window: Region | None) -> LabelledMap:
    """Return the picture, (H, W, 3), dark outside of the region."""
    pixels, flags = (cut(array, window) for array in (picture, inside))
    shown = np.where(flags[..., np.newaxis], pixels, np.rint(DIMMED * pixels).astype(np.uint8))
    return LabelledMap("region", f"{inside.mean():.0%} of the picture", shown)


def cut(array: npt.NDArray[Any], window: Region | None) -> npt.NDArray[Any]:
    """Return the part of an array, (H, W, ...), inside the window; None: all of it."""
    return array if window is None else array[window.slices]


def _part(coding: CodingMap, window: Region) -> CodingMap:
    """Return the coding map of a window that begins at multiples of SUPERBLOCK."""
    rows, columns = window.slices
    cells = tuple(slice(part.start // CELL, -(-part.stop // CELL)) for part in (rows, columns))
    planes = {
        name: getattr(coding, name)[cells] for name in ("bits", "kept", "side", "mode", "offset")
    }
    return replace(coding, image=coding.image[rows, columns], **planes)
