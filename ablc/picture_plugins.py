"""Plug-ins of Pillow that are packages of their own: for HEIC, pillow-heif; for JPEG XL,
pillow-jxl-plugin.

Where they are installed, Pillow reads and writes these formats too. The plug-in for JPEG XL
decodes a file when it opens it, so the size of the picture is read here, before.
"""

from contextlib import suppress
from functools import cache
from importlib import import_module

from PIL import Image

from ablc.errors import PictureError

HEIF_PACKAGES = ("pillow_heif", "pi_heif")  # the second reads only
JXL_CODESTREAM = b"\xff\x0a"
JXL_BOXES = b"\0\0\0\x0cJXL \r\n\x87\n"  # signature of the container
JXL_SIGNATURES = (JXL_CODESTREAM, JXL_BOXES)
JXL_RATIOS = ((1, 1), (6, 5), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, from 1 on
JXL_SIDE_BITS = (9, 13, 18, 30)
JXL_HEAD_BYTES = 16  # of the codestream; more than the size takes


@cache
def load() -> None:
    """Let Pillow know all formats for which packages are installed."""
    Image.init()
    for package in HEIF_PACKAGES:
        if "HEIF" not in Image.OPEN:
            with suppress(ImportError):
                import_module(package).register_heif_opener()
    if "JXL" not in Image.OPEN:
        with suppress(ImportError):
            import_module("pillow_jxl")  # registers itself


def jxl_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG XL picture in pixels; None if data is of another format.

    ISO/IEC 18181-1, SizeHeader; 18181-2, boxes.
    Raises PictureError if the header is damaged.
    """
    if not data.startswith(JXL_SIGNATURES):
        return None
    try:
        return _size_in(_Bits(_codestream(data)))
    except ValueError as error:
        raise PictureError(f"the header of the JPEG XL file is damaged: {error}") from None


class _Bits:
    """Reads unsigned numbers, least significant bit first."""

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "little")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        """Return the next count bits. Raises ValueError at the end."""
        if count > self._left:
            raise ValueError("it is cut off")
        number = self._bits & ((1 << count) - 1)
        self._bits >>= count
        self._left -= count
        return number


def _size_in(bits: _Bits) -> tuple[int, int]:
    if bits.read(16) != int.from_bytes(JXL_CODESTREAM, "little"):
        raise ValueError("it has no codestream")
    by_eight = bits.read(1) == 1

    def side() -> int:
        if by_eight:
            return 8 * (bits.read(5) + 1)
        return bits.read(JXL_SIDE_BITS[bits.read(2)]) + 1

    height = side()
    ratio = bits.read(3)
    if ratio == 0:
        return side(), height
    across, down = JXL_RATIOS[ratio - 1]
    return height * across // down, height


def _codestream(data: bytes) -> bytes:
    """Return the first JXL_HEAD_BYTES of the codestream, fewer at the end of the data."""
    if data.startswith(JXL_CODESTREAM):
        return data[:JXL_HEAD_BYTES]
    begun, start = b"", 0
    while len(begun) < JXL_HEAD_BYTES and start < len(data):
        length, kind, head = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8], 8
        if length == 1:  # 64 bits follow
            length, head = int.from_bytes(data[start + 8 : start + 16]), 16
        end = start + length if length else len(data)
        if end < start + head:
            raise ValueError("a box is shorter than its head")
        if kind == b"jxlc":
            begun += data[start + head : end][:JXL_HEAD_BYTES]
        elif kind == b"jxlp":  # a part, which begins with its number
            begun += data[start + head + 4 : end][:JXL_HEAD_BYTES]
        start = end
    return begun
