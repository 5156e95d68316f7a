"""Files taken apart and put together again, for tests that change their parts."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from reference import file

MAX_PIXELS = 1 << 24
SEGMENTED = (file.MASK, file.BLKS, file.PLNS, file.EXCT, file.ALPH)


@dataclass
class Parts:
    """What a file consists of. A picture of one tile has its segments as sections."""

    head: bytes  # the header, with the tile byte
    sections: dict[int, bytes]  # without TIDX and TILE
    segments: dict[int, list[bytes]]  # by section and tile


def split(data: bytes) -> Parts:
    """Return the parts of a sound file."""
    parsed = file.parse(data, MAX_PIXELS)
    ids = parsed.index.parts if parsed.index else filter(parsed.sections.__contains__, SEGMENTED)
    segments = {id_: parsed.segments(id_) for id_ in ids}
    sections = {
        id_: body
        for id_, body in parsed.sections.items()
        if id_ not in (file.TIDX, file.TILE, *segments)
    }
    return Parts(data[: file.HEADER_BYTES + bool(data[4] & file.TILED)], sections, segments)


def join(parts: Parts) -> bytes:
    """Return the file of parts, with right checksums; the segments come after all sections."""
    if file.read_header(file.Reader(parts.head, file.CutShortError), MAX_PIXELS).indexed:
        tiles = list(zip(*parts.segments.values(), strict=True))
        own = {file.TIDX: index(parts, tiles), file.TILE: b"".join(b"".join(t) for t in tiles)}
    else:
        own = {id_: segments[0] for id_, segments in parts.segments.items()}
    return stream(parts.head, {**parts.sections, **own})


def of_version_1(data: bytes) -> bytes:
    """Return a file as one of version 1: every section begins with the lengths of its segments."""
    parts = split(data)
    lists = {
        id_: b"".join(varint(len(segment)) for segment in segments[:-1]) + b"".join(segments)
        for id_, segments in parts.segments.items()
    }
    return stream(parts.head[:3] + b"\1" + parts.head[4:], {**parts.sections, **lists})


def index(parts: Parts, tiles: list[tuple[bytes, ...]]) -> bytes:
    """Return the body of TIDX."""
    entries = (
        b"".join(varint(len(segment)) for segment in tile) + crc(b"".join(tile)) for tile in tiles
    )
    body = bytes([len(parts.segments), *parts.segments]) + b"".join(entries)
    return body + crc(fields(parts.head) + body)


def stream(head: bytes, sections: dict[int, bytes]) -> bytes:
    """Return the file of a header and sections, with its checksum."""
    rest = head[file.HEADER_BYTES :] + b"".join(
        bytes([id_]) + varint(len(body)) + body for id_, body in sections.items()
    )
    return repaired(head[: file.HEADER_BYTES] + rest)


def repaired(data: bytes) -> bytes:
    """Return a file with the checksum that its bytes want."""
    return data[: file.CHECKSUM_AT] + crc(fields(data)) + data[file.HEADER_BYTES :]


def with_segments(data: bytes, change: Callable[[int, int, bytes], bytes]) -> bytes:
    """Return a file with other segments: what `change` makes of section, tile and segment."""
    parts = split(data)
    for id_, segments in parts.segments.items():
        parts.segments[id_] = [change(id_, tile, s) for tile, s in enumerate(segments)]
    return join(parts)


def fields(data: bytes) -> bytes:
    """Return the bytes that a checksum covers."""
    return data[: file.CHECKSUM_AT] + data[file.HEADER_BYTES :]


def crc(data: bytes) -> bytes:
    """Return a checksum as the format has it."""
    return zlib.crc32(data).to_bytes(4, "little")


def varint(value: int) -> bytes:
    """Return a number in the fewest groups of seven bits."""
    low, rest = value & 127, value >> 7
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])
