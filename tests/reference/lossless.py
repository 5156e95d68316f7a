"""FORMAT.md, section 15, Lossless: planes without loss, and alpha."""

from reference.conventions import Plane, clip255
from reference.plane_code import Decoded, Kind, Parameters, decode_plane
from reference.range_coder import RangeDecoder

Known = list[list[int | None]]
Pixel = tuple[int, ...]  # grey, or red, green and blue


def decode_lossless(
    decoder: RangeDecoder, width: int, height: int, planes: int, known: list[Known] | None = None
) -> list[Plane]:
    """Return the channels of a rectangle: grey, or red, green and blue.

    `known` has, for each coded plane, the samples that are known before and None for the others.
    """
    decoded: list[Decoded] = []
    for plane in range(planes):
        lowest, start = (-255, 0) if plane else (0, 128)
        parameters = Parameters(width, height, lowest, 255, start)
        companion = decoded[-1] if decoded else None
        samples = known[plane] if known else None
        decoded.append(decode_plane(decoder, Kind(), parameters, companion, samples))
    if planes == 1:
        return [decoded[0].samples]
    rows = zip(*(plane.samples for plane in decoded), strict=True)
    pixels = [[to_rgb(*values) for values in zip(*row, strict=True)] for row in rows]
    return [[[pixel[channel] for pixel in row] for row in pixels] for channel in range(3)]


def to_rgb(y: int, co: int, cg: int) -> Pixel:
    """Section 15: red, green and blue."""
    t = y - (cg >> 1)
    g = cg + t
    b = t - (co >> 1)
    r = b + co
    return clip255(r), clip255(g), clip255(b)


def from_rgb(r: int, g: int, b: int) -> Pixel:
    """Section 16: Y, Co and Cg."""
    co = r - b
    t = b + (co >> 1)
    cg = g - t
    return t + (cg >> 1), co, cg


def decode_tile(segment: bytes, width: int, height: int, planes: int) -> list[Plane]:
    """Return the channels of a tile, from its segment of PLNS or ALPH."""
    decoder = RangeDecoder(segment)
    channels = decode_lossless(decoder, width, height, planes)
    decoder.finish()
    return channels
