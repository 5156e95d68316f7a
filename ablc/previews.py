"""Small pictures of a stream."""

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.arguments import Data, stream_of
from ablc.errors import warn_of
from ablc.settings import THREADS, pixel_limit, thread_count


def preview(
    data: Data,
    *,
    threads: int | None = None,
    partial: bool = False,
    max_pixels: int | None = None,
) -> npt.NDArray[np.uint8]:
    """Return a lossy stream at an eighth, (ceil(H / 8), ceil(W / 8), C) uint8, C 1 or 3 (sRGB).

    Each pixel is the mean of 8x8 pixels of the decoded picture. Alpha is left out. The arguments
    are those of decode(); max_pixels applies to the whole picture.

    Raises StreamError and LimitError as decode() does, ValueError for a lossless stream.
    """
    threads = thread_count(THREADS.check("threads", threads))
    stream = _core.Stream(stream_of(data), max_pixels=pixel_limit(max_pixels), partial=partial)
    image, lost = stream.preview(threads=threads)
    warn_of(lost, stacklevel=3)
    return image
