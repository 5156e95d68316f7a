"""The middle of a picture, where the whole is too large."""

import math

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


def middle(picture: Pixels, most: int) -> Pixels:
    """The picture, (H, W, C), or its middle of at most that many pixels, of the same shape."""
    height, width = picture.shape[:2]
    if height * width <= most:
        return picture
    scale = math.sqrt(most / (height * width))
    rows = max(1, int(height * scale))
    columns = min(width, most // rows)
    top, left = (height - rows) // 2, (width - columns) // 2
    return picture[top : top + rows, left : left + columns]
