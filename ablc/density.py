"""Density of a picture's pixels, dots per inch: XResolution and YResolution of its EXIF data.

PNG has a chunk of its own for it (pHYs), JPEG its header (JFIF), and TIFF the same tags.
"""

import math
import struct
from collections.abc import Sequence
from fractions import Fraction

X_RESOLUTION, Y_RESOLUTION, UNIT = 282, 283, 296  # tags
SHORT, RATIONAL = 3, 5  # types of values
INCH, CENTIMETRE = 2, 3  # values of UNIT
UNSAID = 72  # what EXIF data without these tags means
DENSITY_MOST = 1_000_000.0  # dots per inch
ENTRIES_MOST = 4096  # of a directory
ORDERS = {b"II*\0": "<", b"MM\0*": ">"}  # heads of EXIF data: little and big endian
EMPTY = b"II*\0\x08\0\0\0" + bytes(6)  # EXIF data without a tag

Density = tuple[float, float]  # across, down; dots per inch
Entries = dict[int, bytes]  # tag -> 12 bytes


def density_of(exif: bytes) -> Density | None:
    """Return the density that EXIF data tells; None if it tells none or cannot be read."""
    try:
        order, entries, _ = _first_directory(exif)
        x, y = (_rational(exif, order, entries[tag]) for tag in (X_RESOLUTION, Y_RESOLUTION))
        unit = INCH
        if UNIT in entries:
            (unit,) = struct.unpack(order + "H", entries[UNIT][8:10])
    except (KeyError, ValueError, struct.error, ZeroDivisionError):
        return None
    scale = {INCH: 1.0, CENTIMETRE: 2.54}.get(unit)
    return None if scale is None or not (x and y) else (x * scale, y * scale)


def with_density(exif: bytes, density: object) -> bytes:
    """Return EXIF data with a density, or as it is if it tells one or cannot be read.

    exif: without prefix; b"" if there is none. density: dots per inch across and down, as Pillow
    has them in Image.info["dpi"]; anything else, such as None or 0, adds nothing.
    Other tags stay where they are: a new directory, with all of the old one, follows the old data.
    """
    pair = _checked(density)
    if pair is None:
        return exif
    try:
        order, entries, rest = _first_directory(exif or EMPTY)
    except (ValueError, struct.error):
        return exif
    if entries.keys() & {X_RESOLUTION, Y_RESOLUTION}:
        return exif
    data = exif or EMPTY[:8]
    data += bytes(len(data) % 2)
    start = len(data)
    entries |= {
        UNIT: struct.pack(order + "HHIHxx", UNIT, SHORT, 1, INCH),
        X_RESOLUTION: struct.pack(order + "HHII", X_RESOLUTION, RATIONAL, 1, start),
        Y_RESOLUTION: struct.pack(order + "HHII", Y_RESOLUTION, RATIONAL, 1, start + 8),
    }
    for value in pair:
        ratio = Fraction(value).limit_denominator(1000)
        data += struct.pack(order + "II", ratio.numerator, ratio.denominator)
    directory = struct.pack(order + "H", len(entries))
    directory += b"".join(entry for _, entry in sorted(entries.items()))
    moved = struct.pack(order + "I", len(data))
    return data[:4] + moved + data[8:] + directory + rest


def is_said(density: object) -> bool:
    """True for a density other than 72 dots per inch, which EXIF data without one means."""
    pair = _checked(density)
    return pair is not None and not all(round(value) == UNSAID for value in pair)


def _checked(density: object) -> Density | None:
    """Return a density that can be stored; None for anything else."""
    if not isinstance(density, Sequence) or len(density) != 2 or isinstance(density, str | bytes):
        return None
    try:
        x, y = (float(value) for value in density)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    if not all(math.isfinite(value) and 0.001 <= value <= DENSITY_MOST for value in (x, y)):
        return None
    return (x, y)


def _first_directory(exif: bytes) -> tuple[str, Entries, bytes]:
    """Return byte order, entries, and the 4 bytes of the link to the next directory.

    Raises ValueError and struct.error for data that is no EXIF data or is cut short.
    """
    order = ORDERS.get(exif[:4])
    if order is None:
        raise ValueError("no EXIF data")
    (start,) = struct.unpack_from(order + "I", exif, 4)
    (count,) = struct.unpack_from(order + "H", exif, start)
    end = start + 2 + 12 * count
    if count > ENTRIES_MOST or end + 4 > len(exif):
        raise ValueError("the directory is cut short")
    entries = [exif[at : at + 12] for at in range(start + 2, end, 12)]
    by_tag = {struct.unpack_from(order + "H", entry)[0]: entry for entry in entries}
    if len(by_tag) != count:
        raise ValueError("a tag occurs twice")
    return order, by_tag, exif[end : end + 4]


def _rational(exif: bytes, order: str, entry: bytes) -> float:
    """Return the value of an entry of type RATIONAL. Raises ValueError for another type."""
    _, kind, count, place = struct.unpack(order + "HHII", entry)
    if (kind, count) != (RATIONAL, 1):
        raise ValueError("not one rational number")
    numerator, denominator = struct.unpack_from(order + "II", exif, place)
    return float(numerator) / float(denominator)
