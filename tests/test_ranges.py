"""Windows from ranges of bytes: the beginning of a stream and the tiles that a window needs."""

import contextlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import containers
from ablc import _core
from reference import file
from scenes import scene
from tiled_streams import (
    HEIGHT,
    KINDS,
    PICTURE,
    SMALL,
    WHOLE,
    WIDTH,
    Region,
    beginning,
    coded,
    fetched,
    from_ranges,
    ranges_of,
)

regions = st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)).flatmap(
    lambda corner: st.tuples(
        st.just(corner[0]),
        st.just(corner[1]),
        st.integers(1, WIDTH - corner[0]),
        st.integers(1, HEIGHT - corner[1]),
    )
)


@given(st.sampled_from(sorted(KINDS)), regions)
def test_windows_from_ranges_are_those_of_the_whole(kind: str, region: Region) -> None:
    data, whole = coded(kind)
    x, y, width, height = region
    assert (from_ranges(data, region) == whole[y : y + height, x : x + width]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_guided_windows_come_from_ranges_too(kind: str) -> None:
    data, _ = coded(kind)
    region = (64, 128, 200, 100)
    pieces = fetched(data, ranges_of(data, region))
    image, _, guide = _core.Stream.of_ranges(beginning(data), pieces).decode_guided(region=region)
    expected, _, known = _core.Stream(data).decode_guided(region=region)
    assert (image == expected).all()
    assert (guide is None) == (known is None)
    if guide and known:
        assert (guide.kept == known.kept).all()


def test_tiles_may_come_in_one_piece_or_with_other_bytes() -> None:
    data, whole = coded("lossy")
    for cut in (data, data[len(beginning(data)) - 5 :]):
        pieces = {len(data) - len(cut): cut}
        image, _ = _core.Stream.of_ranges(beginning(data), pieces).decode()
        assert (image == whole).all()


def test_ranges_are_the_tiles_in_the_file() -> None:
    data, _ = coded("rgba")
    ranges = _core.Stream(data).tile_ranges()
    assert ranges == ranges_of(data, WHOLE)
    index = file.parse(data, WIDTH * HEIGHT).index
    assert index is not None
    assert list(fetched(data, ranges).values()) == index.tiles
    assert _core.Stream(data).tile_ranges((0, 0, 224, 224)) == ranges[:1]
    assert _core.Stream(data).tile_ranges((0, 0, 225, 224)) == ranges[:2]
    assert _core.Stream(data).tile_ranges((540, 569, 1, 1)) == ranges[7:]


def test_a_window_of_a_large_picture_takes_nine_tiles_at_most() -> None:
    picture = np.tile(scene(512, 512, 1), (6, 6, 1))
    data = _core.encode(picture, step=900, effort=1)
    tiles = sorted(length for _, length in _core.Stream(data).tile_ranges())
    assert len(tiles) == 36
    for x, y in ((0, 0), (31, 480), (512, 512), (1000, 1500), (2559, 2560)):
        ranges = ranges_of(data, (x, y, 512, 512))
        assert len(ranges) <= 9
        assert sum(length for _, length in ranges) <= sum(tiles[-9:])
    assert len(beginning(data)) < 36 * 8 + 64


def test_the_beginning_is_found_step_by_step() -> None:
    metadata = {"icc": bytes(9000), "exif": bytes(70_000), "xmp": b"<x/>"}
    plain, whole = coded("lossy")
    for data in (plain, _core.encode(PICTURE, step=900, tile=256, effort=1, **metadata)):
        length = needed = 0
        asked = 0
        while needed is not None and (needed == 0 or needed > length):
            length = needed
            needed = _core.beginning_of(data[:length])
            asked += 1
        assert needed == len(beginning(data))
        assert asked <= 5
        region = (300, 300, 100, 100)
        assert (from_ranges(data, region) == whole[300:400, 300:400]).all()


def test_files_without_an_index_are_read_whole() -> None:
    one = _core.encode(SMALL, step=900)
    old = containers.of_version_1(coded("lossless")[0])
    for data in (one, old):
        assert _core.beginning_of(data) is None
        assert _core.Stream(data).tile_ranges() == [(0, len(data))]
        assert _core.Stream(data).damaged_tiles() == []
        assert not _core.Stream(data).header.indexed
        with pytest.raises(ValueError, match="has no index of tiles"):
            _core.Stream.of_ranges(data, {})


def test_bytes_that_are_not_at_hand_are_missed() -> None:
    data, whole = coded("lossy")
    region = (250, 250, 20, 20)
    pieces = fetched(data, ranges_of(data, region)[:-1])
    some = _core.Stream.of_ranges(beginning(data), pieces)
    with pytest.raises(_core.StreamError, match="damaged: TILE is damaged in 1 of 4 tiles"):
        some.decode(region=region)
    assert some.damaged_tiles(region) == [4]
    assert (some.decode(region=(0, 0, 99, 99))[0] == whole[:99, :99]).all()
    with pytest.raises(_core.StreamError, match="TILE is damaged in 6 of 9 tiles"):
        some.decode()
    assert not some.whole
    for ask in (lambda: some.sections, some.keep_mask, some.coding_map, lambda: some.segments):
        with pytest.raises(_core.StreamError, match="only some tiles"):
            ask()
    with pytest.raises(_core.StreamError, match="cut short"):
        _core.Stream.of_ranges(data[:30], {})
    with pytest.raises(ValueError, match="is empty or not inside"):
        some.tile_ranges((0, 0, 542, 1))


def test_wrong_bytes_in_a_range_are_refused() -> None:
    data, _ = coded("lossless")
    region = (10, 10, 10, 10)
    ((start, piece),) = fetched(data, ranges_of(data, region)).items()
    for at in range(0, len(piece), 997):
        wrong = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
        some = _core.Stream.of_ranges(beginning(data), {start: wrong})
        with pytest.raises(_core.StreamError, match="TILE is damaged in 1 of 1 tile"):
            some.decode(region=region)


def test_wrong_bytes_in_the_beginning_are_refused() -> None:
    data, _ = coded("lossy")
    start = beginning(data)
    for bit in range(8 * len(start)):
        if bit // 8 in range(file.CHECKSUM_AT, file.HEADER_BYTES):
            continue  # the checksum of the file cannot be compared
        wrong = bytearray(start)
        wrong[bit // 8] ^= 1 << bit % 8
        with contextlib.suppress(ValueError):  # StreamError, or of a file without an index
            some = _core.Stream.of_ranges(bytes(wrong), {})
            assert some.tile_ranges() != _core.Stream(data).tile_ranges()
