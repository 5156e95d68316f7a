"""What a codec is to an evaluation: a way between pixels and the bytes of a whole file."""

from collections.abc import Callable
from dataclasses import dataclass

from ablc.arrays import Pixels


class MissingCodecError(RuntimeError):
    """A codec cannot be measured here; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One way to make a file of a picture, in one thread."""

    name: str
    settings: str  # all that decides the bytes besides the quality
    library: str  # with its version
    encode: Callable[[Pixels, float], bytes]  # of a picture and the codec's own knob
    decode: Callable[[bytes], Pixels]
    qualities: tuple[float, ...] = ()  # the sweep, rate rising; empty: lossless
