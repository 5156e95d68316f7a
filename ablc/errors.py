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

A plain ValueError means a wrong argument; its text names the value and what was expected.
"""

import warnings

from ablc._core import LimitError, StreamError

__all__ = [
    "FinderError",
    "GpuMemoryError",
    "LimitError",
    "ModelError",
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
