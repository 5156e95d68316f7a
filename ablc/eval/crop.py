"""The middle of a picture that is too large to be used as a whole."""

import math

from ablc.arrays import Pixels


def middle(picture: Pixels, most: int) -> Pixels:
    """Return the middle of a picture, (H, W, C): at most `most` pixels, of about its proportions.

    A picture of no more pixels comes back whole.
    """
    height, width = picture.shape[:2]
    rows, columns = middle_size(height, width, most)
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]


def middle_size(height: int, width: int, most: int) -> tuple[int, int]:
    """Return height and width of what middle() returns of a picture of height x width pixels."""
    if height * width <= most:
        return height, width
    scale = math.sqrt(most / (height * width))
    rows = max(1, int(height * scale))
    return rows, min(width, most // rows)
