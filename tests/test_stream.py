"""The stream as a whole: pictures are reproduced, damage is detected."""

import contextlib
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import ablc
from ablc import _core
from ablc.arrays import Pixels
from scenes import scene

LOSSY = ablc.encode(scene(40, 50), quality=30)
TALL = ablc.encode(scene(400, 70), quality=60)  # more rows of superblocks than are read ahead

sides = st.integers(1, 40)
channels = st.sampled_from([1, 3, 4])
pictures = st.tuples(sides, sides, channels).flatmap(lambda shape: arrays(np.uint8, shape))


@given(pictures, st.integers(1, 9))
def test_lossless_gives_every_sample_back(image: Pixels, effort: int) -> None:
    data = ablc.encode(image, lossless=True, effort=effort)
    assert (ablc.decode(data) == image).all()


@given(
    pictures,
    st.floats(1, 100),
    st.integers(1, 9),
    st.sampled_from(["4:2:0", "4:4:4"]),
    st.sampled_from(["ssim", "psnr"]),
)
def test_lossy_gives_the_shape_back(image, quality, effort, subsampling, tune) -> None:  # type: ignore[no-untyped-def]
    data = ablc.encode(image, quality=quality, effort=effort, subsampling=subsampling, tune=tune)
    decoded = ablc.decode(data, threads=1)
    assert (decoded.shape, decoded.dtype) == (image.shape, np.uint8)
    assert (ablc.decode(data, threads=2) == decoded).all()


@given(st.binary(max_size=200))
def test_other_bytes_are_refused(data: bytes) -> None:
    for read in (ablc.decode, ablc.inspect, ablc.keep_mask, ablc.metadata):
        with pytest.raises(ablc.StreamError):
            read(data)


KINDS = ["lossy", "lossless", "rgba", "grey", "masked"]


@pytest.fixture(scope="module", params=KINDS)
def stream(request: pytest.FixtureRequest) -> bytes:
    rgb = scene(24, 33)
    match request.param:
        case "lossy":
            return ablc.encode(rgb, quality=20, icc=b"profile", xmp=b"<x/>")
        case "lossless":
            return ablc.encode(rgb[:12, :12], lossless=True)
        case "rgba":
            return ablc.encode(scene(17, 20, 4), quality=15)
        case "grey":
            return ablc.encode(rgb[..., :1], quality=30)
        case _:
            return ablc.encode(rgb, quality=20, mask=np.eye(3, 5, dtype=bool))


def test_every_prefix_is_refused(stream: bytes) -> None:
    for length in range(len(stream)):
        with pytest.raises(ablc.StreamError):
            ablc.decode(stream[:length])


def test_every_single_bit_counts(stream: bytes) -> None:
    for bit in range(8 * len(stream)):
        damaged = bytearray(stream)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(ablc.StreamError):
            ablc.decode(bytes(damaged))


def test_bytes_after_the_end_are_refused(stream: bytes) -> None:
    with pytest.raises(ablc.StreamError):
        ablc.decode(stream + b"\0")


def test_whatever_is_damaged_inspect_answers_or_raises_stream_error(stream: bytes) -> None:
    for place in range(len(stream)):
        damaged = stream[:place] + bytes([stream[place] ^ 0x55]) + stream[place + 1 :]
        with contextlib.suppress(ablc.StreamError):
            assert not ablc.inspect(damaged).checksum_ok


def test_partial_decoding_of_a_whole_stream_is_silent_and_the_same(stream: bytes) -> None:
    assert (ablc.decode(stream, partial=True) == ablc.decode(stream)).all()


def test_partial_decoding_of_any_prefix_warns_or_raises_stream_error(stream: bytes) -> None:
    shape = ablc.decode(stream).shape
    for length in range(len(stream)):
        with warnings.catch_warnings(record=True) as caught, contextlib.suppress(ablc.StreamError):
            warnings.simplefilter("always")
            assert ablc.decode(stream[:length], partial=True).shape == shape
            assert [warning.category for warning in caught] == [ablc.StreamWarning]
            assert "lost: " in str(caught[0].message)


@given(st.data())
def test_partial_decoding_of_damage_never_breaks(stream_data: st.DataObject) -> None:
    damaged = bytearray(LOSSY)
    for place in stream_data.draw(st.lists(st.integers(0, len(LOSSY) - 1), min_size=1)):
        damaged[place] = stream_data.draw(st.integers(0, 255))
    with warnings.catch_warnings(), contextlib.suppress(ablc.StreamError):
        warnings.simplefilter("ignore", ablc.StreamWarning)
        decoded = ablc.decode(bytes(damaged), partial=True, max_pixels=1 << 20)
        assert decoded.size <= 4 << 20


def test_a_prefix_of_a_larger_stream_holds_the_upper_part() -> None:
    image = scene(256, 256)
    data = ablc.encode(image, quality=60)
    with pytest.warns(ablc.StreamWarning, match="lost: "):
        saved = ablc.decode(data[: len(data) * 2 // 3], partial=True, fill="classical")
    whole = ablc.decode(data, fill="classical")
    assert (saved[:48] == whole[:48]).all()
    assert (saved[-48:] == 128).all()


@pytest.mark.parametrize("length", [15, 17])  # the header; the head of BLKS as well
def test_a_stream_without_blocks_is_mid_grey(length: int) -> None:
    with pytest.warns(ablc.StreamWarning, match="lost: "):
        assert (ablc.decode(LOSSY[:length], partial=True, fill="classical") == 128).all()


APPENDIX = {"CLSS": b"c", "MODL": b"model", "EDGE": b"", "LATN": b"latent" * 50}


def test_sections_are_added_in_the_order_of_the_format(stream: bytes) -> None:
    longer = _core.Stream(stream).with_sections(APPENDIX)
    names = [part["name"] for part in _core.Stream(longer).sections]
    own = [part["name"] for part in _core.Stream(stream).sections]
    first = own.index("PLNS" if "PLNS" in own else "MASK" if "MASK" in own else "BLKS")
    assert names == [*own[:first], "MODL", *own[first:], "EDGE", "LATN", "CLSS"]
    for name, body in APPENDIX.items():
        assert _core.Stream(longer).section(name) == body
        assert _core.Stream(stream).section(name) is None
    assert (ablc.decode(longer, fill="classical") == ablc.decode(stream)).all()
    assert ablc.inspect(longer).checksum_ok


def test_sections_are_replaced(stream: bytes) -> None:
    longer = _core.Stream(stream).with_sections(APPENDIX)
    again = _core.Stream(longer).with_sections({"EDGE": b"other", "MODL": b""})
    assert _core.Stream(again).section("EDGE") == b"other"
    assert _core.Stream(again).section("MODL") == b""
    assert _core.Stream(again).section("LATN") == APPENDIX["LATN"]
    assert len(again) == len(longer) + len(b"other") - len(APPENDIX["MODL"])
    assert _core.Stream(again).with_sections(APPENDIX) == longer
    assert _core.Stream(stream).with_sections({}) == stream


def test_sections_that_are_not_known_stay() -> None:
    body = LOSSY[15:] + b"\x40\x03abc"
    checksum = zlib.crc32(body, zlib.crc32(LOSSY[:11])).to_bytes(4, "little")
    longer = _core.Stream(LOSSY[:11] + checksum + body).with_sections({"CLSS": b"c"})
    names = [part["name"] for part in _core.Stream(longer).sections]
    assert names == ["HEAD", "BLKS", "CLSS", "#64"]
    assert longer.endswith(b"\x40\x03abc")


@given(st.data())
def test_what_is_saved_does_not_depend_on_the_number_of_threads(draw: st.DataObject) -> None:
    damaged = bytearray(TALL)
    for place in draw.draw(st.lists(st.integers(15, len(TALL) - 1), max_size=3)):
        damaged[place] ^= draw.draw(st.integers(1, 255))
    cut = bytes(damaged[: draw.draw(st.integers(15, len(TALL)))])
    first, second = (
        _core.Stream(cut, max_pixels=1 << 20, partial=True).decode(threads=count)
        for count in (1, 2)
    )
    assert (first[0] == second[0]).all()
    assert first[1] == second[1]


def test_a_prefix_with_assistance_cut_off_keeps_the_picture(stream: bytes) -> None:
    longer = _core.Stream(stream).with_sections({"LATN": b"latent" * 50})
    with pytest.warns(ablc.StreamWarning, match="cut short"):
        saved = ablc.decode(longer[:-100], partial=True, fill="classical")
    assert (saved == ablc.decode(stream)).all()


def test_sections_of_what_is_no_stream() -> None:
    for data in (b"", b"no stream at all", LOSSY[:-1], LOSSY + b"\0"):
        with pytest.raises(ablc.StreamError):
            _core.Stream(data).section("EDGE")
        with pytest.raises(ablc.StreamError):
            _core.Stream(data).with_sections({"EDGE": b""})
    with pytest.raises(ValueError, match="unknown section 'NONE'"):
        _core.Stream(LOSSY).section("NONE")
    with pytest.raises(ValueError, match="section 'BASE' cannot be replaced"):
        _core.Stream(LOSSY).with_sections({"BASE": b""})


def test_a_stream_is_parsed_once_and_asked_often(stream: bytes) -> None:
    parsed = _core.Stream(stream, max_pixels=1 << 20)
    info = ablc.inspect(stream)
    assert (parsed.header.width, parsed.header.height) == (info.width, info.height)
    assert [part["name"] for part in parsed.sections] == [part.name for part in info.sections]
    for _ in range(2):
        assert (parsed.decode()[0] == ablc.decode(stream, fill="classical")).all()
        assert (parsed.keep_mask() == ablc.keep_mask(stream)).all()
        assert parsed.leaves() == info.leaves
        assert parsed.kept_share() == info.kept


def test_the_mask_of_a_guided_decode_is_the_stream_s() -> None:
    for data in (LOSSY, TALL, ablc.encode(scene(300, 270), quality=5)):
        guided = _core.Stream(data)
        guide = guided.decode_guided()[2]
        assert guide is not None
        assert (guided.keep_mask() == guide.kept).all()
        assert (guided.keep_mask() == _core.Stream(data).keep_mask()).all()
        assert guided.leaves() == _core.Stream(data).leaves()


def test_threads_share_a_stream() -> None:
    shared = _core.Stream(TALL)
    with ThreadPoolExecutor(4) as pool:
        masks = list(pool.map(lambda _: shared.keep_mask(), range(16)))
        pictures = list(pool.map(lambda _: shared.decode()[0], range(8)))
    assert all((mask == masks[0]).all() for mask in masks)
    assert all((picture == pictures[0]).all() for picture in pictures)


@pytest.mark.parametrize("damage", [LOSSY[:-1], LOSSY[:-1] + bytes([LOSSY[-1] ^ 1])])
def test_a_partial_stream_has_pixels_and_metadata_alone(damage: bytes) -> None:
    parsed = _core.Stream(damage, partial=True)
    assert not parsed.whole
    assert parsed.header.width == 50
    assert parsed.decode()[0].shape == (40, 50, 3)
    assert parsed.metadata() == {"icc": b"", "exif": b"", "xmp": b""}
    for ask in (
        lambda: parsed.sections,
        lambda: parsed.section("EDGE"),
        lambda: parsed.with_sections({}),
        parsed.keep_mask,
        parsed.leaves,
        parsed.coding_map,
    ):
        with pytest.raises(ablc.StreamError, match=r"cut short|checksum"):
            ask()
