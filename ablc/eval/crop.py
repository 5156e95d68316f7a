"""The middle of a picture, where the whole is too large."""

import math

from ablc.arrays import Pixels


def middle(picture: Pixels, most: int) -> Pixels:
    """The picture, (H, W, C), or its middle of at most that many pixels, of about its shape."""
    height, width = picture.shape[:2]
    rows, columns = middle_size(height, width, most)
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


def middle_size(height: int, width: int, most: int) -> tuple[int, int]:
    """Height and width of the middle of a picture of height x width pixels."""
    if height * width <= most:
        return height, width
    scale = math.sqrt(most / (height * width))
    rows = max(1, int(height * scale))
    return rows, min(width, most // rows)
