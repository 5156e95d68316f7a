"""The file of a codec with as many bytes as another codec's."""

from dataclasses import dataclass

from ablc.arrays import Pixels
from ablc.peers.codec import Codec

FINE = ("WebP m6", "JPEG XL e7", "JPEG 2000")  # codecs whose quality need not be a whole number
HALVINGS = 6  # of the interval between two of their qualities


@dataclass(frozen=True, slots=True)
class CodedFile:
    """A file, and the quality at which it was encoded."""

    data: bytes
    quality: float
    fits: bool  # within the bytes allowed


def largest_within(codec: Codec, picture: Pixels, byte_count: int) -> CodedFile:
    """Return the codec's largest file of at most byte_count bytes; its smallest if none fits.

    Bisects the sweep of the codec's qualities, then the interval that is left: at whole numbers
    only, unless the codec is one of FINE. Assumes that files grow along the sweep.
    """
    search = _Search(codec, picture, byte_count)
    low, high = -1, len(codec.qualities)  # indices in the sweep: fits, does not fit
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if search.fits(codec.qualities[middle]) else (low, middle)
    if 0 <= low < high < len(codec.qualities):
        _refine(search, codec.qualities[low], codec.qualities[high])
    least = codec.qualities[0]
    return search.best or CodedFile(codec.encode(picture, least), least, False)


def _refine(search: "_Search", fitting: float, beyond: float) -> None:
    """Search between a quality that fits and one that does not."""
    if not search.fine:
        while abs(beyond - fitting) > 1:
            middle = (fitting + beyond) // 2
            fitting, beyond = (middle, beyond) if search.fits(middle) else (fitting, middle)
        return
    for _ in range(HALVINGS):
        middle = (fitting + beyond) / 2
        fitting, beyond = (middle, beyond) if search.fits(middle) else (fitting, middle)


class _Search:
    """The search for a file of one picture."""

    def __init__(self, codec: Codec, picture: Pixels, byte_count: int) -> None:
        self._codec, self._picture, self._byte_count = codec, picture, byte_count
        self.fine = codec.name in FINE
        self.best: CodedFile | None = None  # the largest that fits

    def fits(self, quality: float) -> bool:
        """Encode the picture; return True if the file fits."""
        data = self._codec.encode(self._picture, quality)
        if len(data) > self._byte_count:
            return False
        if self.best is None or len(data) > len(self.best.data):
            self.best = CodedFile(data, quality, True)
        return True
