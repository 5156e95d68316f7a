"""Small pictures from the base of a stream alone."""

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.errors import warn_of
from ablc.settings import THREADS, cores, pixel_limit


def preview(
    data: bytes,
    *,
    threads: int | None = None,
    partial: bool = False,
    max_pixels: int | None = None,
) -> npt.NDArray[np.uint8]:
    """The base of a lossy stream, (ceil(H / 8), ceil(W / 8), C) uint8 with C 1 (grey) or 3 (sRGB).

    One pixel for the mean of every 8x8; no block is decoded, so it takes a fraction of the time.
    Alpha is left out. The arguments are those of decode(); max_pixels is about the whole picture.

    Raises StreamError and LimitError as decode() does, ValueError of a lossless stream, which has
    no base.
    """
    THREADS.check("threads", threads)
    stream = _core.Stream(data, max_pixels=pixel_limit(max_pixels), partial=partial)
    image, lost = stream.preview(threads=threads or cores())
    warn_of(lost, stacklevel=3)
    return image
