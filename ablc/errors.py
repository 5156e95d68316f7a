"""What a caller can catch.

ValueError
  StreamError      the bytes are not a valid .ablc stream
    LimitError     the stream or picture asks for more pixels than allowed
  PictureError     a picture file cannot be read, or cannot be written in the format asked for
RuntimeError
  ModelError       networks are missing or damaged
  FinderError      a finder of regions failed
UserWarning
  StreamWarning    a partial decode is incomplete; the text names what is lost

A plain ValueError is an argument's fault. Its text says what was found and what was wanted.
"""

from ablc._core import LimitError, StreamError

__all__ = [
    "FinderError",
    "LimitError",
    "ModelError",
    "PictureError",
    "StreamError",
    "StreamWarning",
]


class PictureError(ValueError):
    """A picture file cannot be read, or cannot be written in the format asked for."""


class ModelError(RuntimeError):
    """Networks are missing or damaged; the text names them."""


class StreamWarning(UserWarning):
    """A partial decode is incomplete; the text names what is lost."""


class FinderError(RuntimeError):
    """A finder of regions failed; the text names it, the cause says why."""
