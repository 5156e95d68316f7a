"""FORMAT.md, section 7, Base layer: the picture reduced by 8 in both directions."""

from reference.conventions import Plane, filled, paste
from reference.file import Header, Tile, part_of_plane
from reference.initial_models import base_starts, base_weights
from reference.plane_code import Decoded, Kind, Parameters, decode_plane
from reference.range_coder import RangeDecoder

LUMA_FACTOR, CHROMA_FACTOR = 80, 56  # of the header's step, in 1/1024


def base_step(header: Header, plane: int) -> int:
    """Return the step of a plane of the base, in 1/16 grey level."""
    factor = CHROMA_FACTOR if plane else LUMA_FACTOR
    return max(1, (factor * header.step + 512) >> 10)


def decode_base(header: Header, segments: list[bytes], tiles: list[int]) -> list[Plane]:
    """Return the base of the whole picture: the planes, in 1/16 grey level.

    Only the tiles with the given numbers are decoded; the base is 0 in the others.
    """
    shifts = [header.shift(plane) for plane in range(header.planes)]
    wholes = [base_part(header.whole(), shift) for shift in shifts]
    base = [filled(whole.width, whole.height) for whole in wholes]
    for i in tiles:
        decoder = RangeDecoder(segments[i])
        companion: Decoded | None = None
        for plane, shift in enumerate(shifts):
            part = base_part(header.tiles()[i], shift)
            parameters = Parameters(
                part.width, part.height, base_step(header, plane), 0, 4080, 2048
            )
            kind = Kind(base_starts(header.step, plane), base_weights(plane))
            decoded = decode_plane(decoder, kind, parameters, companion if plane == 2 else None)
            paste(base[plane], part.x, part.y, decoded.samples)
            companion = decoded
        decoder.finish()
    return base


def base_part(tile: Tile, shift: int) -> Tile:
    """Return a tile's rectangle in the base of a plane."""
    return part_of_plane(part_of_plane(tile, shift), 3)
