"""A codec as evaluations use it: from pixels to the bytes of a whole file, and back."""

from collections.abc import Callable
from dataclasses import dataclass

from ablc.arrays import Pixels


class MissingCodecError(RuntimeError):
    """A codec cannot be used here; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Codec:
    """A way to encode a picture to a file, with one thread."""

    name: str
    settings: str  # all that determines the bytes besides the quality
    library: str  # with its version
    encode: Callable[[Pixels, float], bytes]  # from a picture and a quality on the codec's scale
    decode: Callable[[bytes], Pixels]
    qualities: tuple[float, ...] = ()  # the sweep, the rate rising; empty: lossless
    slow: bool = False  # takes seconds for a picture: its speed is measured once
