"""A codec's file of a size that another one sets."""

from dataclasses import dataclass

from ablc.arrays import Pixels
from ablc.peers.codec import Codec

FINE = ("WebP", "JPEG XL", "JPEG 2000")  # codecs whose quality need not be a whole number
HALVINGS = 6  # of the interval between two of their qualities


@dataclass(frozen=True, slots=True)
class Coded:
    """A file and the quality that made it."""

    data: bytes
    quality: float
    fits: bool  # it takes no more bytes than were allowed


def largest_within(codec: Codec, picture: Pixels, size: int) -> Coded:
    """The codec's largest file of a picture with at most size bytes; its smallest if none fits.

    Bisects the sweep of the codec's qualities, then the interval that is left: whole numbers
    alone unless the codec is one of FINE. Files are taken to grow along the sweep.
    """
    search = _Search(codec, picture, size)
    low, high = -1, len(codec.qualities)  # places in the sweep: fits, does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if search.fits(codec.qualities[middle]) else (low, middle)
    if 0 <= low < high < len(codec.qualities):
        _refine(search, codec.qualities[low], codec.qualities[high])
    least = codec.qualities[0]
    return search.best or Coded(codec.encode(picture, least), least, False)


def _refine(search: "_Search", fitting: float, beyond: float) -> None:
    """Looks between a quality that fits and one that does not."""
    if not search.fine:
        while abs(beyond - fitting) > 1:
            middle = (fitting + beyond) // 2
            fitting, beyond = (middle, beyond) if search.fits(middle) else (fitting, middle)
        return
    for _ in range(HALVINGS):
        middle = (fitting + beyond) / 2
        fitting, beyond = (middle, beyond) if search.fits(middle) else (fitting, middle)


class _Search:
    """The files of one picture that were tried."""

    def __init__(self, codec: Codec, picture: Pixels, size: int) -> None:
        self._codec, self._picture, self._size = codec, picture, size
        self.fine = codec.name in FINE
        self.best: Coded | None = None  # the largest that fits

    def fits(self, quality: float) -> bool:
        """Codes the picture."""
        data = self._codec.encode(self._picture, quality)
        if len(data) > self._size:
            return False
        if self.best is None or len(data) > len(self.best.data):
            self.best = Coded(data, quality, True)
        return True
