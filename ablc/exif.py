"""A tolerant reader of the orientation in EXIF and XMP data.

Cameras and editors write EXIF data that no library can write again. Its orientation can be read all
the same, and set to "upright" without touching another byte.
"""

import re
import struct

ORIENTATION = 0x0112
SHORT, LONG = 3, 4  # types of values
UPRIGHT = 1
ENTRY = 12  # bytes of an entry of a directory: tag, type, count, value
PREFIX = b"Exif\0\0"  # of JPEG files
XMP_ORIENTATION = re.compile(rb'tiff:Orientation(="|>)([0-9])("|</tiff:Orientation>)')


def orientation(exif: bytes) -> int:
    """Return the orientation, 1..8, in EXIF data; 1 if there is none that can be read."""
    place = _place(exif)
    return UPRIGHT if place is None else place[2]


def upright(exif: bytes) -> bytes:
    """Return EXIF data with the orientation 1, and all other bytes as they were."""
    place = _place(exif)
    if place is None:
        return exif
    at, form, _ = place
    changed = bytearray(exif)
    struct.pack_into(form, changed, at, UPRIGHT)
    return bytes(changed)


def xmp_orientation(xmp: bytes) -> int:
    """Return the orientation, 1..8, in XMP data; 1 if there is none."""
    match = XMP_ORIENTATION.search(xmp)
    value = int(match[2]) if match else UPRIGHT
    return value if value in range(1, 9) else UPRIGHT


def upright_xmp(xmp: bytes) -> bytes:
    """Return XMP data with the orientation 1."""
    return XMP_ORIENTATION.sub(rb"tiff:Orientation\g<1>1\g<3>", xmp)


def _place(exif: bytes) -> tuple[int, str, int] | None:
    """Return where the orientation is, its form for struct, and its value; None if unreadable."""
    start = len(PREFIX) if exif.startswith(PREFIX) else 0
    order = {b"II": "<", b"MM": ">"}.get(exif[start : start + 2])
    if order is None:
        return None
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, start + 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start + first)
        for i in range(entries):
            at = start + first + 2 + ENTRY * i
            tag, kind, count = struct.unpack_from(f"{order}HHI", exif, at)
            if tag == ORIENTATION and kind in (SHORT, LONG) and count == 1:
                form = order + ("H" if kind == SHORT else "I")
                (value,) = struct.unpack_from(form, exif, at + 8)
                return (at + 8, form, value) if value in range(1, 9) else None
    except struct.error:  # the data end early
        pass
    return None
