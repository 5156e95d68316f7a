"""FORMAT.md, section 2, File: header, tiles, sections, segments and tile index."""

import zlib
from dataclasses import dataclass

from reference.conventions import ceil_divide
from reference.errors import (
    CutShortError,
    DamageError,
    HeaderError,
    LimitError,
    NotAStreamError,
    OtherDecoderError,
)
from reference.reader import Reader

MAGIC = b"ABL"
VERSION, FIRST_VERSION = 2, 1
HEADER_BYTES, CHECKSUM_AT = 15, 11
LOSSLESS, FULL_CHROMA, TILED, STEP_OFFSETS, EXPLICIT_MASK, EXACT_SAMPLES = 1, 2, 16, 32, 64, 128
CHANNELS = (1, 3, 4)
STEPS = range(16, 16384 + 1)
EXTENDED = 1 << 15  # of the step
TILE_LOG2S = range(8, 15 + 1)
MASK, BLKS, ALPH, PLNS, EXCT, TIDX, TILE = 2, 3, 4, 5, 6, 7, 8
PARTS = range(1, 16 + 1)  # how many sections may have their segments in TILE
ICCP, EXIF, XMP, MODL = 16, 17, 18, 19
EDGE, STYL, CONT, LATN, CLSS = 32, 33, 34, 35, 36


@dataclass(frozen=True)
class Tile:
    """A window of the picture, in luma samples."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Header:
    """The fields of the header, and what follows from them."""

    version: int
    flags: int
    width: int
    height: int
    step: int  # 1/16 grey level
    checksum: int
    channels: int  # 1, 3 or 4
    tile_side: int  # 0 without tiles

    def has(self, flag: int) -> bool:
        """True if the flag is set and has an effect in this file."""
        without_effect = FULL_CHROMA | STEP_OFFSETS | EXPLICIT_MASK | EXACT_SAMPLES
        if self.flags & LOSSLESS and flag & without_effect:
            return False
        if self.channels == 1 and flag == FULL_CHROMA:
            return False
        return bool(self.flags & flag)

    @property
    def has_mask(self) -> bool:
        """True if the file has a MASK."""
        return self.has(EXPLICIT_MASK) or self.has(STEP_OFFSETS)

    @property
    def planes(self) -> int:
        """The number of colour planes: 1 of grey pictures, otherwise 3."""
        return 1 if self.channels == 1 else 3

    @property
    def chroma_shift(self) -> int:
        """`s`: 1 for 4:2:0, 0 for 4:4:4."""
        return 0 if self.has(FULL_CHROMA) else 1

    @property
    def indexed(self) -> bool:
        """True if the file has a tile index."""
        return self.version > FIRST_VERSION and len(self.tiles()) > 1

    def shift(self, plane: int) -> int:
        """Return log2 of the distance of a plane's samples in luma samples."""
        return self.chroma_shift if plane else 0

    def whole(self) -> Tile:
        """Return the picture as if it were a tile."""
        return Tile(0, 0, self.width, self.height)

    def tiles(self) -> list[Tile]:
        """Return the tiles, row by row."""
        side = self.tile_side or max(self.width, self.height)
        return [
            Tile(x, y, min(side, self.width - x), min(side, self.height - y))
            for y in range(0, self.height, side)
            for x in range(0, self.width, side)
        ]


@dataclass(frozen=True)
class Index:
    """Section 2, Tile index: where the segments of several tiles are."""

    parts: list[int]  # the sections that have segments, in the order that they have in a tile
    lengths: list[list[int]]  # of the segments, by tile and part
    checksums: list[int]  # of the tiles
    tiles: list[bytes]

    def segments(self, section: int) -> list[bytes]:
        """Return the segment of each tile."""
        if section not in self.parts:
            raise DamageError(f"section {section} is missing")
        part = self.parts.index(section)
        starts = [sum(lengths[:part]) for lengths in self.lengths]
        return [
            tile[start : start + lengths[part]]
            for tile, start, lengths in zip(self.tiles, starts, self.lengths, strict=True)
        ]


@dataclass(frozen=True)
class File:
    """A file as its parts, with the sections whose ids are unknown."""

    header: Header
    sections: dict[int, bytes]
    index: Index | None

    def segments(self, section: int) -> list[bytes]:
        """Return the segments of a section that has one for each tile."""
        if self.index:
            return self.index.segments(section)
        if section not in self.sections:
            raise DamageError(f"section {section} is missing")
        reader = Reader(self.sections[section], DamageError)
        lengths = [reader.varint() for _ in self.header.tiles()[1:]]
        return [*(reader.take(length) for length in lengths), reader.rest()]

    def check_tiles(self, numbers: set[int]) -> None:
        """Compare tiles with their checksums."""
        if self.index:
            for i in numbers:
                if zlib.crc32(self.index.tiles[i]) != self.index.checksums[i]:
                    raise DamageError(f"the checksum of tile {i} is wrong")


def parse(data: bytes, max_pixels: int) -> File:
    """Return a file as its parts."""
    reader = Reader(data, CutShortError)
    header = read_header(reader, max_pixels)
    head = data[:CHECKSUM_AT] + data[HEADER_BYTES : len(data) - reader.left]
    sections = read_sections(reader)
    if zlib.crc32(data[HEADER_BYTES:], zlib.crc32(data[:CHECKSUM_AT])) != header.checksum:
        raise DamageError("the checksum is wrong")
    return File(header, sections, read_index(header, head, sections))


def read_index(header: Header, head: bytes, sections: dict[int, bytes]) -> Index | None:
    """Section 2, Tile index. `head`: the header without its checksum."""
    if header.version == FIRST_VERSION:
        return None
    if not header.indexed:
        if TIDX in sections or TILE in sections:
            raise DamageError("a picture of one tile has an index")
        return None
    if TIDX not in sections or TILE not in sections:
        raise DamageError("TIDX or TILE is missing")
    reader = Reader(sections[TIDX], DamageError)
    parts = list(reader.take(reader.u8()))
    if len(parts) not in PARTS or len(set(parts)) < len(parts) or set(parts) & set(sections):
        raise DamageError(f"the tiles have the sections {parts}")
    lengths, checksums = [], []
    for _ in header.tiles():
        lengths.append([reader.varint() for _ in parts])
        checksums.append(reader.u32())
    end = len(sections[TIDX]) - reader.left
    if reader.u32() != zlib.crc32(head + sections[TIDX][:end]) or reader.left:
        raise DamageError("the checksum of TIDX is wrong, or something follows it")
    tiles = Reader(sections[TILE], DamageError)
    index = Index(parts, lengths, checksums, [tiles.take(sum(tile)) for tile in lengths])
    if tiles.left:
        raise DamageError("TILE is longer than its tiles")
    return index


def read_header(reader: Reader, max_pixels: int) -> Header:
    """Section 2, Header."""
    fields = Reader(reader.take(HEADER_BYTES), CutShortError)
    if fields.take(len(MAGIC)) != MAGIC:
        raise NotAStreamError("the file does not begin with ABL")
    version, flags = fields.u8(), fields.u8()
    width, height, step, checksum = fields.u16(), fields.u16(), fields.u16(), fields.u32()
    channels = flags >> 2 & 3
    known = version == VERSION or (version == FIRST_VERSION and flags & LOSSLESS)
    if not known or channels >= len(CHANNELS):
        raise OtherDecoderError(f"version {version}, flags {flags}")
    if step & EXTENDED and version == VERSION:
        raise OtherDecoderError("the header is extended")
    tile_log2 = reader.u8() if flags & TILED else None
    if not width or not height or step not in STEPS:
        raise HeaderError(f"{width}x{height} with step {step}")
    if tile_log2 is not None and tile_log2 not in TILE_LOG2S:
        raise HeaderError(f"tiles of side 2^{tile_log2}")
    if width * height > max_pixels:
        raise LimitError(f"{width}x{height} exceeds {max_pixels} pixels")
    tile_side = 0 if tile_log2 is None else 1 << tile_log2
    return Header(version, flags, width, height, step, checksum, CHANNELS[channels], tile_side)


def read_sections(reader: Reader) -> dict[int, bytes]:
    """Section 2, Sections: the bodies by id."""
    sections: dict[int, bytes] = {}
    while reader.left:
        section = reader.u8()
        body = reader.take(reader.varint())
        if section in sections:
            raise DamageError(f"section {section} occurs twice")
        sections[section] = body
    return sections


def part_of_plane(tile: Tile, shift: int) -> Tile:
    """Return a tile's rectangle in a plane whose samples are 2^shift luma samples apart."""
    side = 1 << shift
    return Tile(
        tile.x >> shift,
        tile.y >> shift,
        ceil_divide(tile.width, side),
        ceil_divide(tile.height, side),
    )
