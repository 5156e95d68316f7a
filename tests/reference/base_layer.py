"""FORMAT.md, section 7, Base layer: the picture at 1/8 of its size."""

from reference.conventions import Plane, ceil_divide, filled, paste
from reference.file import Header, Tile, part_of_plane
from reference.initial_models import base_starts, base_weights
from reference.plane_code import Decoded, Kind, Parameters, decode_plane
from reference.range_coder import RangeDecoder

LUMA_FACTOR, CHROMA_FACTOR = 80, 56  # of the header's step, in 1/1024


def base_step(header: Header, plane: int) -> int:
    """Return the step of a plane of the base, in 1/16 grey level."""
    factor = CHROMA_FACTOR if plane else LUMA_FACTOR
    return max(1, (factor * header.step + 512) >> 10)


def decode_base(header: Header, segments: list[bytes]) -> list[Plane]:
    """Return the base of the whole picture: the planes, in 1/16 grey level."""
    sides = [8 << header.shift(plane) for plane in range(header.planes)]
    base = [
        filled(
            ceil_divide(ceil_divide(header.width, side // 8), 8),
            ceil_divide(ceil_divide(header.height, side // 8), 8),
        )
        for side in sides
    ]
    for tile, segment in zip(header.tiles(), segments, strict=True):
        decoder = RangeDecoder(segment)
        companion: Decoded | None = None
        for plane, side in enumerate(sides):
            part = base_part(tile, header.shift(plane))
            parameters = Parameters(
                part.width, part.height, base_step(header, plane), 0, 4080, 2048
            )
            kind = Kind(base_starts(header.step, plane), base_weights(plane))
            decoded = decode_plane(decoder, kind, parameters, companion if plane == 2 else None)
            paste(base[plane], tile.x // side, tile.y // side, decoded.samples)
            companion = decoded
        decoder.finish()
    return base


def base_part(tile: Tile, shift: int) -> Tile:
    """Return a tile's rectangle in the base of a plane."""
    return part_of_plane(part_of_plane(tile, shift), 3)
