"""Errors and warnings that callers can catch.

ValueError
  StreamError      the bytes are not a valid .ablc stream
    LimitError     the stream or picture has more pixels than allowed
  PictureError     a picture file cannot be read, or cannot be written in the requested format
  ResultsError     a folder of measurements holds none, or a file in it is invalid
RuntimeError
  ModelError       networks are missing or damaged
  ProviderError    networks cannot run on the requested provider, or at all
    GpuMemoryError the GPU has too little memory for them
  FinderError      a finder of regions failed
UserWarning
  StreamWarning    a partial decode is incomplete; the text names the lost parts
  PaintWarning     the painter that a stream names cannot run here; the text says what is missing

A plain ValueError means a wrong argument; its text names the value and what was expected.
"""

import warnings

from ablc._core import LimitError, StreamError

__all__ = [
    "FinderError",
    "GpuMemoryError",
    "LimitError",
    "ModelError",
    "PaintWarning",
    "PictureError",
    "ProviderError",
    "ResultsError",
    "StreamError",
    "StreamWarning",
]


class PictureError(ValueError):
    """A picture file cannot be read, or cannot be written in the requested format."""


class ResultsError(ValueError):
    """A folder of measurements holds none, or an invalid file, which the text names."""


class ModelError(RuntimeError):
    """Networks are missing or damaged; the text names them."""


class ProviderError(RuntimeError):
    """Networks cannot run on the requested provider; the text says what to do."""


class GpuMemoryError(ProviderError):
    """The GPU has too little memory even for the smallest batch."""


class StreamWarning(UserWarning):
    """A partial decode is incomplete; the text names the lost parts."""


class PaintWarning(UserWarning):
    """The painter that a stream names cannot run here; the text says what is missing.

    Issued once per process and network.
    """


_unpainted: dict[str, object] = {}  # texts of the warnings that this process has issued
UNPAINTED_MOST = 256  # of them: the names in streams are anybody's


def warn_of_painter(reason: str, stacklevel: int) -> None:
    """Issue a PaintWarning, unless the text is empty or this process has issued it before.

    stacklevel: as in warnings.warn, counted from this function.
    """
    this = object()
    if not reason or len(_unpainted) >= UNPAINTED_MOST:
        return
    if _unpainted.setdefault(reason, this) is this:  # of several threads, one
        warnings.warn(reason, PaintWarning, stacklevel=stacklevel)


def warn_of(lost: list[str], stacklevel: int) -> None:
    """Issue a StreamWarning if parts of a stream are lost.

    lost: the parts, in words. stacklevel: as in warnings.warn, counted from this function.
    """
    if lost:
        warnings.warn(
            f"damaged stream, lost: {'; '.join(lost)}", StreamWarning, stacklevel=stacklevel
        )


class FinderError(RuntimeError):
    """A finder of regions failed; the text names it, the cause says why."""
