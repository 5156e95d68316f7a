"""Reduced pictures, on which finders work, and rectangles found there as masks."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from ablc.arrays import Flags, Pixels

if TYPE_CHECKING:
    from types import ModuleType

    from PIL.Image import Image

Box: TypeAlias = tuple[float, float, float, float]  # left, top, right, bottom


def reduced(pixels: Pixels, mode: str, *, side: float = np.inf, area: float = np.inf) -> "Image":
    """Return a picture in a mode of Pillow, reduced to a longest side and an area if it is larger.

    side in pixels, area in square pixels. Alpha is ignored.
    """
    from PIL import Image  # late: encoding does not need Pillow

    height, width, channels = pixels.shape
    colour = pixels[:, :, :3] if channels >= 3 else pixels[:, :, 0]
    picture = Image.fromarray(np.ascontiguousarray(colour))
    scale = min(1.0, side / max(height, width), (area / (height * width)) ** 0.5)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = picture.resize(size, Image.Resampling.BOX)
    return picture.convert(mode)


def fill(boxes: Iterable[Box], shape: tuple[int, int], scale: float) -> Flags:
    """Return a mask of this shape (H, W) that is True inside of boxes.

    Boxes are in pixels of a picture that is smaller by the factor scale; they may reach beyond it.
    """
    mask = np.zeros(shape, np.bool_)
    for box in boxes:
        left, top, right, bottom = (max(0, round(edge * scale)) for edge in box)
        mask[top:bottom, left:right] = True
    return mask


def opencv() -> "ModuleType | None":
    """Return OpenCV, or None if it is not installed."""
    try:
        import cv2  # late: an extra
    except ImportError:
        return None
    return cv2
