"""A picture from a file: the flow from section to section of docs/FORMAT.md.

The modules beside this one are a second decoder, written after that document alone: plain Python,
slow, one module for each section, with the document's names and formulas. They share nothing with
the codec but the tables in csrc/*.inc. Where the document and the codec disagree, the tests fail.
`reader` is the only module that indexes the bytes of a file.
"""

from dataclasses import dataclass

from reference.blocks import DecodedTile, decode_blocks
from reference.colour import to_channels
from reference.conventions import Plane, crop, filled, paste
from reference.deblocking import deblock
from reference.exact_samples import lay_exact
from reference.file import (
    ALPH,
    BLKS,
    EXACT_SAMPLES,
    EXCT,
    LOSSLESS,
    MASK,
    PLNS,
    File,
    Header,
    Tile,
    parse,
    part_of_plane,
)
from reference.lossless import decode_tile
from reference.mask import decode_mask
from reference.refinement import refine
from reference.squares import CELL, Cell, size_in_cells
from reference.windows import Needed, needed_tiles

MAX_PIXELS = 1 << 24  # more than plain Python decodes in a minute


@dataclass(frozen=True)
class Picture:
    """A decoded picture."""

    channels: list[Plane]  # grey, RGB or RGBA, 0..255
    kept: list[list[bool]] | None  # by cell; None of a lossless file

    @property
    def shape(self) -> tuple[int, int, int]:
        """The height, width and number of channels."""
        return len(self.channels[0]), len(self.channels[0][0]), len(self.channels)

    def tobytes(self) -> bytes:
        """Return the samples pixel by pixel, row by row."""
        rows = zip(*self.channels, strict=True)
        return bytes(sample for row in rows for pixel in zip(*row, strict=True) for sample in pixel)


def decode(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """Return the picture of a file. Raises StreamError as section 17 says."""
    file = parse(data, max_pixels)
    return decode_needed(file, needed_tiles(file.header, file.header.whole()))


def decode_window(data: bytes, window: Tile, max_pixels: int = MAX_PIXELS) -> list[Plane]:
    """Section 17, Windows: the channels of a part of the picture, from the tiles it needs."""
    file = parse(data, max_pixels)
    picture = decode_needed(file, needed_tiles(file.header, window))
    return [cut(channel, window) for channel in picture.channels]


def decode_needed(file: File, needed: Needed) -> Picture:
    """Return the picture as far as it follows from some of the tiles."""
    check_presence(file)
    file.check_tiles({*needed.mask_and_blocks, *needed.own})
    kept = None
    if file.header.flags & LOSSLESS:
        channels = decode_tiles(file, PLNS, file.header.planes, needed)
    else:
        channels, cells = decode_lossy(file, needed)
        kept = [[cell.kept for cell in row] for row in cells]
    if file.header.channels == 4:
        channels += decode_tiles(file, ALPH, 1, needed)
    return Picture(channels, kept)


def check_presence(file: File) -> None:
    """Section 2, Sections: refuse a file without a section that must be there."""
    header = file.header
    present = [PLNS] if header.flags & LOSSLESS else [BLKS]
    if header.has_mask:
        present.append(MASK)
    if header.has(EXACT_SAMPLES):
        present.append(EXCT)
    if header.channels == 4:
        present.append(ALPH)
    for section in present:
        file.segments(section)


def decode_tiles(file: File, section: int, planes: int, needed: Needed) -> list[Plane]:
    """Section 15: the channels of PLNS or ALPH, put together."""
    header = file.header
    channels = [filled(header.width, header.height) for _ in range(planes)]
    segments = file.segments(section)
    for i in needed.own:
        tile = header.tiles()[i]
        decoded = decode_tile(segments[i], tile.width, tile.height, planes)
        for channel, samples in zip(channels, decoded, strict=True):
            paste(channel, tile.x, tile.y, samples)
    return channels


def decode_lossy(file: File, needed: Needed) -> tuple[list[Plane], list[list[Cell]]]:
    """Sections 7 to 16: the channels of the picture without alpha, and its cells."""
    header = file.header
    planes = [filled(part.width, part.height) for part in parts(header, header.whole())]
    width, height = size_in_cells(header.whole())
    cells = [[Cell(leaf=1, kept=False, offset=0)] * width for _ in range(height)]
    for i in needed.mask_and_blocks:
        tile = header.tiles()[i]
        decoded = decode_lossy_tile(file, i)
        for row, own in enumerate(decoded.cells, tile.y // CELL):
            cells[row][tile.x // CELL : tile.x // CELL + len(own)] = own
        for plane, part, samples in zip(planes, parts(header, tile), decoded.rec, strict=True):
            paste(plane, part.x, part.y, crop(samples, part.width, part.height))
    planes = deblock(header, planes, cells)
    planes[0] = refine(planes[0], cells, header.step)
    channels = to_channels(header, planes)
    if header.has(EXACT_SAMPLES):
        segments = file.segments(EXCT)
        for i in needed.own:
            tile = header.tiles()[i]
            exact = lay_exact(segments[i], [cut(channel, tile) for channel in channels])
            for channel, samples in zip(channels, exact, strict=True):
                paste(channel, tile.x, tile.y, samples)
    return channels, cells


def decode_lossy_tile(file: File, number: int) -> DecodedTile:
    """Sections 7 to 11: the planes of a padded tile and its cells."""
    header = file.header
    tile = header.tiles()[number]
    mask = decode_mask(header, tile, file.segments(MASK)[number] if header.has_mask else b"")
    return decode_blocks(header, tile, file.segments(BLKS)[number], mask)


def cut(plane: Plane, area: Tile) -> Plane:
    """Return a part of a plane."""
    return [row[area.x : area.x + area.width] for row in plane[area.y : area.y + area.height]]


def parts(header: Header, tile: Tile) -> list[Tile]:
    """Return a tile's rectangle in each plane."""
    return [part_of_plane(tile, header.shift(plane)) for plane in range(header.planes)]
