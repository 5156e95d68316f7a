"""Values that callers pass: numbers of numpy, buffers, pictures in several forms."""

import copy
import mmap
import pickle
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

import ablc
from ablc.arguments import stream_of
from ablc.arrays import Pixels
from ablc.settings import DecodeSettings, EncodeSettings


@pytest.fixture(scope="module")
def stream(photo: Pixels) -> bytes:
    return ablc.encode(photo, quality=30, icc=b"profile")


# ---- numbers -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32, np.float64, np.float16, Fraction])
def test_numbers_of_other_libraries_are_numbers(photo: Pixels, kind: Callable[[int], Any]) -> None:
    assert ablc.encode(photo, quality=kind(30)) == ablc.encode(photo, quality=30)
    assert ablc.encode(photo, bpp=kind(1)) == ablc.encode(photo, bpp=1)


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.array])
def test_whole_numbers_of_numpy_are_whole_numbers(
    photo: Pixels, stream: bytes, kind: Callable[[int], Any]
) -> None:
    assert ablc.encode(photo, target_bytes=kind(3000), effort=kind(2), threads=kind(2)) == (
        ablc.encode(photo, target_bytes=3000, effort=2)
    )
    whole = ablc.decode(stream, threads=kind(2), max_pixels=kind(33000))
    assert (whole == ablc.decode(stream)).all()
    assert ablc.inspect(stream, max_pixels=kind(33000)).width == 220
    assert (ablc.preview(stream, threads=kind(1)) == ablc.preview(stream)).all()
    part = ablc.decode(stream, region=(kind(8), kind(0), kind(20), kind(10)))
    assert (part == whole[:10, 8:28]).all()
    assert ablc.Scheme("pixels", 0.1, seed=kind(3), block=kind(8)) == (
        ablc.Scheme("pixels", 0.1, seed=3, block=8)
    )


def test_flags_of_numpy_are_flags(photo: Pixels) -> None:
    for true in (np.True_, np.bool_(1), 1):
        settings = EncodeSettings(lossless=true)  # type: ignore[arg-type]
        assert settings.lossless is True
    for wrong in ("no", 2, 0.0, None):
        with pytest.raises(ValueError, match="lossless must be True or False, not"):
            EncodeSettings(lossless=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="partial must be True or False, not"):
            DecodeSettings(partial=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [np.True_, np.float32(2.0), np.nan, np.arange(2), "2", [2], 2j])
def test_numbers_that_do_not_fit_are_value_errors(stream: bytes, wrong: Any) -> None:
    with pytest.raises(ValueError, match="threads must be a whole number at least 1, not"):
        ablc.decode(stream, threads=wrong)
    for call in (ablc.inspect, ablc.keep_mask, ablc.coding_map, ablc.preview):
        with pytest.raises(ValueError, match="max_pixels must be a whole number at least 1, not"):
            call(stream, max_pixels=wrong)


def test_names_that_do_not_fit_are_value_errors(photo: Pixels, stream: bytes) -> None:
    for wrong in (np.zeros(2), ["net"], 1, b"net"):
        with pytest.raises(ValueError, match=r"fill must be one of auto, .* not"):
            ablc.decode(stream, fill=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="tune must be one of ssim, psnr, not"):
            ablc.encode(photo, tune=wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="model must be the id of a network, not"):
            ablc.decode(stream, model=wrong)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="assist must be several names, not 5"):
        ablc.encode(photo, assist=5)  # type: ignore[arg-type]
    assert EncodeSettings(assist=["edge"]).assist == ("edge",)  # type: ignore[arg-type]


def test_more_threads_than_the_codec_has_are_all_that_it_has(photo: Pixels, stream: bytes) -> None:
    assert ablc.encode(photo, quality=30, icc=b"profile", threads=10**12) == stream
    assert (ablc.decode(stream, threads=300) == ablc.decode(stream)).all()
    assert (ablc.preview(stream, threads=300) == ablc.preview(stream)).all()


# ---- regions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "box", [[60, 40, 64, 32], np.array([60, 40, 64, 32]), ablc.Region(60, 40, 64, 32)]
)
def test_boxes_may_be_lists_and_arrays(photo: Pixels, stream: bytes, box: Any) -> None:
    expected = ablc.encode(photo, importance=ablc.Roi((60, 40, 64, 32), 4, 8))
    roi = ablc.Roi(box, np.float32(4), np.int64(8))  # type: ignore[arg-type]
    assert ablc.encode(photo, importance=roi) == expected
    assert ablc.decode(stream, region=box).shape == (32, 64, 3)
    assert ablc.Roi((1, 2, 3, 4), np.inf).weight == float("inf")


@pytest.mark.parametrize("where", [5, None, {1, 2}, b"box"])
def test_what_is_no_region_is_refused(where: Any) -> None:
    with pytest.raises(ValueError, match="a region is a rectangle, a mask, a name or a callable"):
        ablc.Roi(where)


@pytest.mark.parametrize("box", [[1, 2, 3], (1, 2, 3.0, 4), np.ones(5, int), ["a", 2, 3, 4]])
def test_boxes_of_other_numbers_are_refused(box: Any) -> None:
    with pytest.raises(ValueError, match="a region is four whole numbers"):
        ablc.Roi(box)


# ---- streams -----------------------------------------------------------------------------------


def strided(data: bytes) -> memoryview:
    """Return a view of the bytes, which lie apart in memory."""
    return memoryview(bytes(byte for pair in zip(data, data, strict=True) for byte in pair))[::2]


BUFFERS: list[Callable[[bytes], Any]] = [
    bytearray,
    memoryview,
    lambda data: memoryview(bytearray(data)),
    lambda data: np.frombuffer(data, np.uint8),
    lambda data: np.frombuffer(data, np.int8),
    strided,
]


@pytest.mark.parametrize("buffer", BUFFERS)
def test_streams_may_be_any_buffer(stream: bytes, buffer: Callable[[bytes], Any]) -> None:
    data = buffer(stream)
    whole = ablc.decode(stream)
    assert (ablc.decode(data) == whole).all()
    assert ablc.inspect(data) == ablc.inspect(stream)
    assert ablc.metadata(data) == ablc.metadata(stream)
    assert (ablc.preview(data) == ablc.preview(stream)).all()
    assert (ablc.keep_mask(data) == ablc.keep_mask(stream)).all()
    assert (ablc.coding_map(data).bits == ablc.coding_map(stream).bits).all()
    decoder = ablc.Decoder(threads=2)
    assert all((image == whole).all() for image in decoder.decode_batch([data, stream]))


def test_a_mapped_file_is_a_stream(stream: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.ablc"
    path.write_bytes(stream)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        assert (ablc.decode(data) == ablc.decode(stream)).all()


def test_memory_that_nobody_writes_is_not_copied(stream: bytes) -> None:
    assert stream_of(stream) is stream
    view = stream_of(memoryview(stream))
    assert isinstance(view, memoryview)
    assert view.obj is stream
    assert isinstance(stream_of(bytearray(stream)), bytes)


def test_a_bytearray_may_grow_after_a_decode(stream: bytes) -> None:
    data = bytearray(stream)
    ablc.decode(data)
    data += b"more"
    with pytest.raises(ablc.StreamError):
        ablc.decode(data)
    data += b"again"


CALLS: list[Callable[[Any], Any]] = [
    ablc.decode,
    ablc.inspect,
    ablc.metadata,
    ablc.preview,
    ablc.keep_mask,
    ablc.coding_map,
    lambda data: ablc.Decoder().decode_batch([data]),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("wrong", ["x.ablc", None, 5, ["x"] * 100_000, Path("x.ablc")])
def test_what_is_no_stream_is_a_type_error_in_a_line(
    call: Callable[[Any], Any], wrong: Any
) -> None:
    with pytest.raises(TypeError, match="a stream must be bytes or a buffer of them, not") as error:
        call(wrong)
    assert len(str(error.value)) < 120


def test_empty_and_wide_buffers_are_no_streams() -> None:
    for data in (b"", bytearray(), memoryview(b""), np.zeros((0, 4), np.uint8), np.ones(99)):
        with pytest.raises(ablc.StreamError):
            ablc.decode(data)


# ---- metadata ----------------------------------------------------------------------------------


@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview, strided])
def test_metadata_may_be_any_buffer(photo: Pixels, buffer: Callable[[bytes], Any]) -> None:
    data = ablc.encode(photo, icc=buffer(b"i"), exif=buffer(b"II*\0"), xmp=buffer(b"<x/>"))
    assert ablc.metadata(data) == ablc.Metadata(b"i", b"II*\0", b"<x/>")


def test_none_is_no_metadata(photo: Pixels) -> None:
    assert ablc.encode(photo, icc=None, exif=None, xmp=None) == ablc.encode(photo)


def test_metadata_as_pillow_has_it(photo: Pixels) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    packed = exif.tobytes()
    for form in (exif, packed, packed.removeprefix(b"Exif\0\0")):
        data = ablc.encode(photo, exif=form, xmp="<x/>")
        assert ablc.metadata(data) == ablc.Metadata(
            exif=packed.removeprefix(b"Exif\0\0"), xmp=b"<x/>"
        )


@pytest.mark.parametrize("name", ["icc", "exif", "xmp"])
def test_other_metadata_is_a_type_error_that_names_it(photo: Pixels, name: str) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be bytes or None, not int$"):
        ablc.encode(photo, **{name: 5})  # type: ignore[arg-type]


# ---- pictures ----------------------------------------------------------------------------------


class Wrapped:
    """An array of another library."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Pixels:
        return self._pixels


class Broken:
    """An array that cannot be had."""

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Pixels:
        raise RuntimeError("on another device")


def test_pictures_may_be_whatever_makes_an_array(photo: Pixels) -> None:
    expected = ablc.encode(photo)
    for image in (Wrapped(photo), Image.fromarray(photo), memoryview(photo)):
        assert ablc.encode(image) == expected
    with pytest.raises(ValueError, match="image, Broken, makes no array: on another device"):
        ablc.encode(Broken())


def test_pictures_to_compare_may_be_whatever_makes_an_array(photo: Pixels) -> None:
    expected = ablc.compare(photo, photo // 2)
    assert ablc.compare(Image.fromarray(photo), Wrapped(photo // 2)) == expected  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a picture must be a uint8 array, not str"):
        ablc.compare(photo, "x.png")  # type: ignore[arg-type]


def test_subclasses_of_arrays_are_arrays(photo: Pixels) -> None:
    grey = photo[..., 0]
    matrix = grey.view(np.matrix)  # whose indices always give two dimensions
    assert ablc.encode(matrix) == ablc.encode(grey)
    assert ablc.encode(np.ma.masked_array(photo)) == ablc.encode(photo)


def test_pictures_of_pillow_bring_their_profile(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    image.info.update(icc_profile=bytes(16) + b"RGB ", exif=b"Exif\0\0II*\0")
    assert ablc.metadata(ablc.encode(image)) == ablc.Metadata(icc=bytes(16) + b"RGB ")
    assert ablc.encode(image, icc=b"") == ablc.encode(photo)
    assert ablc.metadata(ablc.encode(image, icc=b"own")).icc == b"own"


def test_palettes_and_grey_with_alpha_are_converted(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    palette = image.quantize(16)
    assert ablc.encode(palette) == ablc.encode(np.asarray(palette.convert("RGB")))
    grey = image.convert("LA")
    assert ablc.encode(grey) == ablc.encode(np.asarray(grey.convert("RGBA")))


@pytest.mark.parametrize("kind", [str, Path])
def test_files_are_read_with_their_metadata(
    photo: Pixels, tmp_path: Path, kind: Callable[[Path], Any]
) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    Image.fromarray(photo).save(tmp_path / "x.png", exif=exif, icc_profile=bytes(16) + b"RGB ")
    data = ablc.encode(kind(tmp_path / "x.png"))
    metadata = ablc.metadata(data)
    assert (ablc.decode(data) == ablc.decode(ablc.encode(photo))).all()
    assert (metadata.icc, b"Camera" in metadata.exif) == (bytes(16) + b"RGB ", True)
    assert ablc.encode(kind(tmp_path / "x.png"), icc=b"", exif=b"") == ablc.encode(photo)


def test_files_that_are_missing_or_no_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ablc.encode(tmp_path / "missing.png")
    with pytest.raises(FileNotFoundError):
        ablc.encode("-")  # is standard input on the command line only
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(ablc.PictureError, match="not a picture"):
        ablc.encode(tmp_path / "text.png")


def test_what_a_picture_loses_is_warned_of() -> None:
    deep = Image.fromarray(np.array([[0, 257, 65535]], np.uint16))
    with pytest.warns(UserWarning, match="16 bits per sample were reduced to 8") as warned:
        data = ablc.encode(deep, lossless=True)
    assert warned[0].filename == __file__
    assert ablc.decode(data).ravel().tolist() == [0, 1, 255]


@pytest.mark.parametrize("wrong", [5, None, [[1, 2]], {"a": 1}, object()])
def test_what_is_no_picture_is_named_in_a_line(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"image must be a numpy array, .* not") as error:
        ablc.encode(wrong)
    assert len(str(error.value)) < 150


# ---- copies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_coders_are_copied_with_their_settings(
    photo: Pixels, stream: bytes, copied: Callable[[Any], Any]
) -> None:
    decoder, encoder = ablc.Decoder(fill="classical", threads=2), ablc.Encoder(quality=30)
    assert copied(decoder) == decoder
    assert copied(encoder) == encoder
    assert (copied(decoder).decode(stream) == decoder.decode(stream)).all()
    assert copied(encoder).encode(photo, icc=b"profile") == stream
    with copied(decoder) as other:
        assert other._slot is not decoder._slot
