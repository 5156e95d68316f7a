"""FORMAT.md, section 14, Colour: planes to grey or RGB."""

from reference.conventions import Plane, clip, clip255
from reference.file import Header


def to_channels(header: Header, planes: list[Plane]) -> list[Plane]:
    """Return the channels of the picture: grey, or red, green and blue."""
    if header.planes == 1:
        return planes
    luma, cb, cr = planes
    if header.chroma_shift:
        cb = double(cb, header.width, header.height)
        cr = double(cr, header.width, header.height)
    pixels = [
        [to_rgb(*ycc) for ycc in zip(*rows, strict=True)] for rows in zip(luma, cb, cr, strict=True)
    ]
    return [[[pixel[channel] for pixel in row] for row in pixels] for channel in range(3)]


def double(plane: Plane, width: int, height: int) -> Plane:
    """Section 14, 4:2:0: a chroma plane with the width and height of luma."""

    def places(z: int, count: int) -> tuple[int, int]:
        half = z // 2
        return half, clip(half + 1 if z % 2 else half - 1, 0, count - 1)

    def sample(x: int, y: int) -> int:
        i, i2 = places(x, len(plane[0]))
        j, j2 = places(y, len(plane))

        def h(column: int) -> int:
            return 3 * plane[j][column] + plane[j2][column]

        return (3 * h(i) + h(i2) + 8) >> 4

    return [[sample(x, y) for x in range(width)] for y in range(height)]


def to_rgb(luma: int, cb: int, cr: int) -> tuple[int, int, int]:
    """Section 14, RGB."""
    u, v, z = cb - 128, cr - 128, 65536 * luma + 32768
    return (
        clip255((z + 91881 * v) >> 16),
        clip255((z - 22554 * u - 46802 * v) >> 16),
        clip255((z + 116130 * u) >> 16),
    )
