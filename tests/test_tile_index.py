"""The index of the tiles: its bytes, and what is refused or saved of a hostile or damaged one."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import containers
from ablc import _core
from ablc.arrays import Pixels
from containers import crc, fields, varint
from reference import file
from tiled_streams import (
    HEIGHT,
    KINDS,
    SMALL,
    WHOLE,
    WIDTH,
    coded,
    from_ranges,
)


# ---- the bytes of an index ---------------------------------------------------------------------
@pytest.mark.parametrize("kind", KINDS)
def test_the_index_has_the_bytes_that_the_format_says(kind: str) -> None:
    data, _ = coded(kind)
    parts = containers.split(data)
    assert containers.join(parts) == data
    parsed = _core.Stream(data)
    assert [part["name"] for part in parsed.sections] == ["HEAD", "TIDX", "TILE"]
    segments = parsed.segments
    assert sum(segments.values()) == sum(length for _, length in parsed.tile_ranges())
    assert list(segments.values()) == [sum(map(len, s)) for s in parts.segments.values()]


def test_a_picture_of_one_tile_has_no_index() -> None:
    for tile in (0, 256):
        data = _core.encode(SMALL, step=900, tile=tile)
        parsed = _core.Stream(data)
        assert [part["name"] for part in parsed.sections] == ["HEAD", "BLKS"]
        assert parsed.segments == {}
        body = parsed.section("BLKS")
        assert body is not None
        head = data[: 15 + bool(tile)]
        assert data == containers.repaired(head + b"\3" + varint(len(body)) + body)


@pytest.mark.parametrize("kind", KINDS)
def test_segments_of_unknown_sections_are_passed_over(kind: str) -> None:
    data, whole = coded(kind)
    parts = containers.split(data)
    rng = np.random.default_rng(0)
    unknown = {9: [rng.bytes(i * 7 % 40) for i in range(9)], 200: [b""] * 8 + [b"end"]}
    (first, segments), *others = parts.segments.items()
    parts.segments = {9: unknown[9], first: segments, 200: unknown[200], **dict(others)}
    longer = containers.join(parts)
    assert (_core.Stream(longer).decode()[0] == whole).all()
    assert (_core.Stream(longer).keep_mask() == _core.Stream(data).keep_mask()).all()
    assert (from_ranges(longer, (200, 240, 99, 99)) == whole[240:339, 200:299]).all()
    assert _core.Stream(longer).segments["#9"] == sum(map(len, unknown[9]))
    again = _core.Stream(longer).with_sections({"CLSS": b"c"})
    assert (_core.Stream(again).decode()[0] == whole).all()


@pytest.mark.parametrize("kind", KINDS)
def test_sections_do_not_move_tiles_out_of_the_index(kind: str) -> None:
    data, whole = coded(kind)
    longer = _core.Stream(data).with_sections({"MODL": b"model" * 9, "EDGE": b"edges"})
    names = [part["name"] for part in _core.Stream(longer).sections]
    assert names == ["HEAD", "MODL", "TIDX", "TILE", "EDGE"]
    assert (from_ranges(longer, WHOLE) == whole).all()


# ---- a hostile index ---------------------------------------------------------------------------
def with_index(data: bytes, change: Callable[[bytes], bytes], *, sound: bool = True) -> bytes:
    """Return a file with another TIDX; `change` gets it without its checksum."""
    parsed = file.parse(data, WIDTH * HEIGHT)
    body = change(parsed.sections[file.TIDX][:-4])
    body += crc(fields(data[:16]) + body) if sound else b"1234"
    return containers.stream(data[:16], {**parsed.sections, file.TIDX: body})


def with_lengths(data: bytes, change: Callable[[int, int], int]) -> bytes:
    """Return a file whose lengths are what `change` makes of tile and length."""
    index = file.parse(data, WIDTH * HEIGHT).index
    assert index is not None
    entries = b"".join(
        b"".join(varint(change(tile, length)) for length in lengths)
        + index.checksums[tile].to_bytes(4, "little")
        for tile, lengths in enumerate(index.lengths)
    )
    head = bytes([len(index.parts), *index.parts])
    return with_index(data, lambda _: head + entries)


def with_sections(data: bytes, change: Callable[[dict[int, bytes]], object]) -> bytes:
    sections = dict(file.parse(data, WIDTH * HEIGHT).sections)
    change(sections)
    return containers.stream(data[:16], sections)


def with_other_checksum(data: bytes) -> bytes:
    """Return a file in which the first tile has another checksum."""
    at = 2 + len(varint(_core.Stream(data).tile_ranges()[0][1]))
    return with_index(data, lambda body: body[:at] + b"1234" + body[at + 4 :])


def through_ranges(data: bytes) -> Pixels:
    """Return the picture as a reader of ranges gets it."""
    length = 0
    while length < (needed := _core.beginning_of(data[:length]) or 0):
        if length >= len(data):
            _core.Stream(data)
        length = needed
    return _core.Stream.of_ranges(data[:length], {0: data}).decode()[0]


BLOCKS = bytes([1, file.BLKS])
HOSTILE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "no TIDX": (lambda d: with_sections(d, lambda s: s.pop(file.TIDX)), "TIDX is missing"),
    "no TILE": (lambda d: with_sections(d, lambda s: s.pop(file.TILE)), "TILE is missing"),
    "neither": (lambda d: with_sections(d, lambda s: s.clear()), "TIDX is missing"),
    "empty": (lambda d: with_sections(d, lambda s: s.update({file.TIDX: b""})), "TIDX is cut"),
    "no parts": (lambda d: with_index(d, lambda b: b"\0" + b[2:]), "TIDX names 0 sections"),
    "17 parts": (
        lambda d: with_index(d, lambda b: bytes([17, *range(17)]) + b[2:]),
        "TIDX names 17 sections",
    ),
    "a part twice": (
        lambda d: with_index(d, lambda b: b"\2\3\3" + b[2:]),
        "section 3 occurs twice",
    ),
    "a part and a section": (
        lambda d: with_sections(d, lambda s: s.update({file.BLKS: b""})),
        "section 3 occurs twice",
    ),
    "no blocks": (lambda d: with_index(d, lambda b: b"\1\x63" + b[2:]), "BLKS is missing"),
    "parts cut": (lambda d: with_index(d, lambda _: b"\4\3"), "TIDX is cut short"),
    "entries cut": (lambda d: with_index(d, lambda b: b[:-5]), "TIDX is cut short"),
    "one entry": (lambda d: with_index(d, lambda b: b[:8]), "TIDX is cut short"),
    "an entry more": (lambda d: with_index(d, lambda b: b + b[2:8]), "TIDX has bytes after"),
    "own checksum": (lambda d: with_index(d, bytes, sound=False), "checksum of TIDX"),
    "other header": (
        lambda d: containers.repaired(d[:9] + bytes([d[9] ^ 1]) + d[10:]),
        "checksum of TIDX",
    ),
    "a length of 36 bits": (
        lambda d: with_index(d, lambda b: BLOCKS + b"\x80\x80\x80\x80\x80\1" + b[4:]),
        "TIDX is cut short",
    ),
    "too long": (lambda d: with_lengths(d, lambda t, n: n + (t == 4)), "TILE has"),
    "too short": (lambda d: with_lengths(d, lambda t, n: n - (t == 4)), "TILE has"),
    "longest": (lambda d: with_lengths(d, lambda _t, _n: 2**35 - 1), "TILE has"),
    "sum of 2^32": (lambda d: with_lengths(d, lambda t, n: n + 2**32 * (t == 4)), "TILE has"),
    "moved": (lambda d: with_lengths(d, lambda t, n: n + (t == 3) - (t == 4)), "TILE is damaged"),
    "a tile's checksum": (with_other_checksum, "TILE is damaged in 1 of 9 tiles"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_index_is_refused(name: str) -> None:
    damage, message = HOSTILE[name]
    hostile = damage(coded("lossy")[0])
    with pytest.raises(_core.StreamError, match=f"the stream is damaged: .*{message}"):
        _core.Stream(hostile).decode()
    with pytest.raises(_core.StreamError, match="the stream is damaged"):
        _core.Stream(hostile).keep_mask()
    with pytest.raises(_core.StreamError):
        through_ranges(hostile)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_hostile_index_leaves_is_saved(name: str) -> None:
    data, whole = coded("lossy")
    damage, message = HOSTILE[name]
    saved, lost = _core.Stream(damage(data), partial=True).decode()
    assert saved.shape == whole.shape
    assert message in " ".join(lost)
    if name in ("own checksum", "an entry more"):
        assert (saved == whole).all()  # the tiles' checksums are right
    if name in ("too long", "too short"):
        assert (saved[:200] == whole[:200]).all()


def test_an_index_in_a_picture_of_one_tile_is_refused() -> None:
    data = _core.encode(SMALL, step=900)
    for id_ in (file.TIDX, file.TILE):
        parts = containers.split(data)
        parts.sections[id_] = b""
        odd = containers.join(parts)
        with pytest.raises(_core.StreamError, match="a picture of one tile has TIDX or TILE"):
            _core.Stream(odd)
        saved, lost = _core.Stream(odd, partial=True).decode()
        assert lost == ["a picture of one tile has TIDX or TILE"]
        assert (saved == _core.Stream(data).decode()[0]).all()


def largest(entries: bytes, tiles: bytes = b"") -> bytes:
    """Return a file of 65536 tiles with such an index."""
    head = b"ABL\2" + bytes([file.FULL_CHROMA | file.TILED])
    head += b"\xff\xff" * 2 + b"\x80\2" + bytes(4) + b"\x08"
    body = BLOCKS + entries
    return containers.stream(head, {file.TIDX: body + crc(fields(head) + body), file.TILE: tiles})


def test_the_most_tiles_take_no_more_than_their_bytes() -> None:
    with pytest.raises(_core.StreamError, match="TIDX is cut short"):
        _core.Stream(largest(b""))
    empty = largest((b"\0" + crc(b"")) * 65536)
    assert _core.beginning_of(empty) == len(empty)
    parsed = _core.Stream(empty)
    assert len(parsed.tile_ranges()) == 65536
    assert parsed.damaged_tiles() == []
    with pytest.raises(_core.StreamError, match=r"BLKS is damaged in . of 4 tiles"):
        parsed.decode(region=(30000, 30000, 300, 300))
    sparse = _core.Stream.of_ranges(empty, dict.fromkeys(range(9, 9 + 65536), b""))
    assert sparse.damaged_tiles((0, 0, 9999, 9999)) == []


# ---- damage ------------------------------------------------------------------------------------
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_a_damaged_tile_is_found_whatever_its_bytes_say(kind: str, draw: st.DataObject) -> None:
    data, whole = coded(kind)
    ranges = _core.Stream(data).tile_ranges()
    tile = draw.draw(st.integers(0, 8))
    start, length = ranges[tile]
    at = start + draw.draw(st.integers(0, length - 1))
    damaged = data[:at] + bytes([data[at] ^ draw.draw(st.integers(1, 255))]) + data[at + 1 :]
    saved, lost = _core.Stream(damaged, partial=True).decode()
    assert "TILE is damaged in 1 of 9 tiles" in lost
    assert _core.Stream(damaged, partial=True).damaged_tiles() == [tile]
    left, top = tile % 3 * 256, tile // 3 * 256
    changed = (saved != whole).any(axis=2)
    changed[max(top - 32, 0) : top + 288, max(left - 32, 0) : left + 288] = False
    assert kind == "exact" or not changed.any()
    with pytest.raises(_core.StreamError, match="TILE is damaged"):
        _core.Stream(containers.repaired(damaged)).decode()


@pytest.mark.parametrize("kind", ["lossy", "lossless"])
def test_a_file_that_is_cut_short_keeps_the_tiles_before(kind: str) -> None:
    data, whole = coded(kind)
    start, length = _core.Stream(data).tile_ranges()[4]
    cut = _core.Stream(data[: start + length // 2], partial=True)
    saved, lost = cut.decode()
    assert lost[0] == "the file is cut short"
    assert "TILE is damaged in 5 of 9 tiles" in lost
    assert cut.damaged_tiles() == [4, 5, 6, 7, 8]
    assert (saved[:224] == whole[:224]).all()
