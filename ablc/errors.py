"""What a caller can catch.

ValueError
  StreamError      the bytes are not a valid .ablc stream
    LimitError     the stream or picture asks for more pixels than allowed
  PictureError     a picture file cannot be read, or cannot be written in the format asked for
  ResultsError     a folder of measurements holds none, or what is none
RuntimeError
  ModelError       networks are missing or damaged
  ProviderError    networks cannot run where they were asked to, or at all
    GpuMemoryError the GPU has too little memory for them
  FinderError      a finder of regions failed
UserWarning
  StreamWarning    a partial decode is incomplete; the text names what is lost

A plain ValueError is an argument's fault. Its text says what was found and what was wanted.
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
    """A picture file cannot be read, or cannot be written in the format asked for."""


class ResultsError(ValueError):
    """A folder of measurements holds none, or what is none; the text names the file."""


class ModelError(RuntimeError):
    """Networks are missing or damaged; the text names them."""


class ProviderError(RuntimeError):
    """Networks cannot run where they were asked to; the text says what to do."""


class GpuMemoryError(ProviderError):
    """The GPU has too little memory, for the smallest batch too."""


class StreamWarning(UserWarning):
    """A partial decode is incomplete; the text names what is lost."""


def warn_of(lost: list[str], stacklevel: int) -> None:
    """Warns of what damage took, in words, if it took anything; stacklevel counts from here."""
    if lost:
        warnings.warn(
            f"damaged stream, lost: {'; '.join(lost)}", StreamWarning, stacklevel=stacklevel
        )


class FinderError(RuntimeError):
    """A finder of regions failed; the text names it, the cause says why."""
