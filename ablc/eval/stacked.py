"""StackGAN's second stage as a codec: a quarter of the picture's sides, coded; the rest is painted."""

import numpy as np
import numpy.typing as npt

FACTOR = 4  # of the sides

Pixels = npt.NDArray[np.uint8]


def shrunk(picture: Pixels, factor: int) -> Pixels:
    """(ceil(H / factor), ceil(W / factor), C): means of boxes; the last pixels repeat beyond."""
    height, width, channels = picture.shape
    beyond = ((0, -height % factor), (0, -width % factor), (0, 0))
    whole = np.pad(picture, beyond, mode="edge")
    rows, columns = whole.shape[0] // factor, whole.shape[1] // factor
    boxes = whole.reshape(rows, factor, columns, factor, channels)
    return np.rint(boxes.mean(axis=(1, 3), dtype=np.float32)).astype(np.uint8)
