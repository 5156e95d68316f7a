"""Pictures in and out: modes, orientation, metadata, formats."""

import contextlib
import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin, features

from ablc import exif as exif_module
from ablc import picture_plugins, pictures
from ablc.errors import LimitError, PictureError
from ablc.inspection import Metadata
from ablc.pictures import Picture

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
RGB = np.random.default_rng(3).integers(0, 256, (5, 7, 3)).astype(np.uint8)


def file(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    made = io.BytesIO()
    image.save(made, kind, **options)
    return made.getvalue()


def exif(orientation: int | None = None, artist: str | None = "Ada") -> Image.Exif:
    tags = Image.Exif()
    if orientation:
        tags[0x0112] = orientation
    if artist:
        tags[0x013B] = artist
    return tags


def artist(content: bytes) -> str:
    tags = Image.Exif()
    tags.load(b"Exif\0\0" + content)
    return str(tags[0x013B])


def test_rgb_comes_back() -> None:
    assert (pictures.parse(pictures.pack(Picture(RGB))).pixels == RGB).all()


@pytest.mark.parametrize(
    ("mode", "channels"), [("1", 1), ("L", 1), ("LA", 4), ("P", 3), ("RGB", 3), ("RGBA", 4)]
)
def test_modes_become_grey_rgb_or_rgba(mode: str, channels: int) -> None:
    image = Image.fromarray(RGB).convert(mode)
    picture = pictures.parse(file(image))
    expected = image.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels])
    assert picture.pixels.shape == (5, 7, channels)
    assert (picture.pixels == np.atleast_3d(np.array(expected))).all()
    assert picture.notes == ()


def test_a_palette_with_transparency_becomes_rgba() -> None:
    image = Image.fromarray(RGB).convert("P")
    picture = pictures.parse(file(image, transparency=image.getpixel((2, 1))))
    assert picture.pixels.shape == (5, 7, 4)
    assert picture.pixels[1, 2, 3] == 0


def test_a_transparent_colour_becomes_alpha() -> None:
    colour = tuple(int(sample) for sample in RGB[1, 2])
    picture = pictures.parse(file(Image.fromarray(RGB), transparency=colour))
    assert picture.pixels[1, 2, 3] == 0
    assert (picture.pixels[..., :3] == RGB).all()


def test_sixteen_bits_become_eight_with_a_note() -> None:
    deep = np.array([[0, 128, 129, 257, 32896, 65535]], np.uint16)
    picture = pictures.parse(file(Image.fromarray(deep)))
    assert picture.pixels[0, :, 0].tolist() == [0, 0, 1, 1, 128, 255]
    assert picture.notes == ("16 bits per sample were reduced to 8",)


def png(bits: int, colour: int, row: bytes, width: int, transparent: bytes) -> bytes:
    """Return a PNG file of one row with a transparent colour."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, 1, bits, colour, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", transparent), (b"IDAT", zlib.compress(b"\0" + row))]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in [*chunks, (b"IEND", b"")])


@pytest.mark.parametrize(
    ("bits", "row", "transparent", "grey", "alpha"),
    [
        (1, b"\x40", 1, [0, 255], [255, 0]),
        (2, b"\x60", 2, [85, 170], [255, 0]),
        (4, b"\x1f", 15, [17, 255], [255, 0]),
        (8, b"\x00\xc8", 200, [0, 200], [255, 0]),
        (16, b"\x12\x34\x12\x35", 0x1235, [18, 18], [255, 0]),
    ],
)
def test_a_transparent_grey_of_any_depth_becomes_alpha(
    bits: int, row: bytes, transparent: int, grey: list[int], alpha: list[int]
) -> None:
    pixels = pictures.parse(png(bits, 0, row, 2, struct.pack(">H", transparent))).pixels
    assert pixels[0, :, 0].tolist() == grey
    assert pixels[0, :, 3].tolist() == alpha


def test_a_transparent_colour_of_sixteen_bits_becomes_alpha() -> None:
    row, transparent = struct.pack(">6H", 0x1234, 0, 0, 0x5678, 0, 0), (0x5678, 0, 0)
    pixels = pictures.parse(png(16, 2, row, 2, struct.pack(">3H", *transparent))).pixels
    assert pixels[0].tolist() == [[0x12, 0, 0, 255], [0x56, 0, 0, 0]]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_of_a_mask_are_not_white(mode: str) -> None:
    mask = np.full((2, 3, 4), 255, np.uint8)
    mask[0, :, 3] = 0
    mask[1, 0, 3] = 128
    picture = pictures.parse(file(Image.fromarray(mask).convert(mode)))
    assert pictures.white(picture).tolist() == [[0, 0, 0], [128, 255, 255]]
    assert (pictures.white(Picture(RGB)) == np.asarray(Image.fromarray(RGB).convert("L"))).all()


def test_cmyk_becomes_rgb() -> None:
    picture = pictures.parse(file(Image.new("CMYK", (8, 8), (255, 0, 0, 0)), "TIFF"))
    assert picture.pixels[0, 0].tolist() == [0, 255, 255]


def test_pictures_of_unknown_mode_are_refused() -> None:
    with pytest.raises(PictureError, match="mode F"):
        pictures.parse(file(Image.new("F", (3, 3)), "TIFF"))


def test_the_first_frame_counts() -> None:
    frames = [Image.fromarray(RGB), Image.fromarray(RGB[::-1])]
    picture = pictures.parse(file(frames[0], save_all=True, append_images=frames[1:]))
    assert (picture.pixels == RGB).all()
    assert picture.notes == ("only the first frame is used",)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_orientation_is_applied_and_forgotten(orientation: int, kind: str) -> None:
    picture = pictures.parse(file(Image.fromarray(RGB), kind, exif=exif(orientation)))
    turned = {
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.transpose(1, 0, 2),
        6: RGB[::-1].transpose(1, 0, 2),
        7: RGB[::-1, ::-1].transpose(1, 0, 2),
        8: RGB[:, ::-1].transpose(1, 0, 2),
    }[orientation]
    assert (picture.pixels == turned).all()
    assert artist(picture.metadata.exif) == "Ada"
    tags = Image.Exif()
    tags.load(picture.metadata.exif)
    assert tags.get(0x0112, 1) == 1


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_metadata_survives(kind: str) -> None:
    if kind == "WEBP" and not features.check("webp"):
        pytest.skip("this Pillow was built without WebP")
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    options: dict[str, Any] = {"icc_profile": SRGB, "exif": exif()}
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_itxt("XML:com.adobe.xmp", xmp.decode())
    elif kind == "TIFF":
        options["exif"][700] = xmp
    else:
        options["xmp"] = xmp
    picture = pictures.parse(file(Image.fromarray(RGB), kind, **options))
    again = pictures.parse(pictures.pack(picture, kind))
    for metadata in (picture.metadata, again.metadata):
        assert metadata.icc == SRGB
        assert metadata.xmp == xmp
        assert not metadata.exif.startswith(b"Exif")
    assert artist(picture.metadata.exif) == artist(again.metadata.exif) == "Ada"


def test_profiles_for_other_colours_are_dropped_with_a_note() -> None:
    picture = pictures.parse(file(Image.fromarray(RGB).convert("L"), icc_profile=SRGB))
    assert picture.metadata == Metadata()
    assert "the ICC profile is dropped" in picture.notes[0]


@pytest.mark.parametrize("data", [b"", b"not a picture", file(Image.fromarray(RGB))[:60]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError):
        pictures.parse(data)


@pytest.mark.parametrize("fault", [RuntimeError("no such tile"), KeyError("x"), OverflowError()])
def test_whatever_a_plugin_raises_is_a_picture_that_cannot_be_read(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(_: Image.Image) -> None:
        raise fault

    data = file(Image.fromarray(RGB))
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    with pytest.raises(PictureError, match="the picture cannot be read"):
        pictures.parse(data)


def test_only_the_formats_asked_for_are_read() -> None:
    data = file(Image.fromarray(RGB), "BMP")
    assert (pictures.parse(data, ("PNG", "BMP")).pixels == RGB).all()
    with pytest.raises(PictureError, match="not a picture"):
        pictures.parse(data, ("PNG", "JPEG"))


def test_lossy_formats_take_a_quality() -> None:
    picture = Picture(np.tile(RGB, (9, 9, 1)))
    low, high = (pictures.pack(picture, "JPEG", quality) for quality in (10, 90))
    assert len(low) < len(high)
    assert pictures.pack(picture, "PNG", 10) == pictures.pack(picture, "PNG")


@pytest.mark.parametrize("limit", [10, 20, 34])  # Image.open raises below half, warns below all
def test_large_pictures_are_refused(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    data = file(Image.fromarray(RGB))
    with pytest.raises(LimitError, match=f"^7x5 pixels are more than the {limit} allowed$"):
        pictures.parse(data, max_pixels=limit)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(LimitError, match=f"^7x5 pixels are more than the {limit} allowed$"):
        pictures.parse(data)
    assert pictures.parse(data, max_pixels=35).pixels.shape == (5, 7, 3)


def test_filters_of_warnings_and_the_limit_of_pillow_are_left_alone() -> None:
    before = list(warnings.filters), Image.MAX_IMAGE_PIXELS
    pictures.parse(file(Image.fromarray(RGB)), max_pixels=35)
    assert (list(warnings.filters), Image.MAX_IMAGE_PIXELS) == before


def test_the_size_is_checked_before_anything_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    with pytest.raises(LimitError):
        pictures.parse(file(Image.fromarray(RGB)), max_pixels=34)


def test_formats_go_by_extension() -> None:
    assert pictures.format_of("a.PNG") == "PNG"
    assert pictures.format_of("b.c/a.jpg") == "JPEG"
    assert pictures.format_of("-") == "PNG"
    for name in ("a.xyz", "a.ablc", "a.psd"):
        with pytest.raises(ValueError, match="Pillow writes no pictures with the extension"):
            pictures.format_of(name)


def test_jpeg_takes_opaque_alpha_and_refuses_transparency() -> None:
    rgba = np.dstack([RGB, np.full((5, 7), 255, np.uint8)])
    assert pictures.parse(pictures.pack(Picture(rgba), "JPEG")).pixels.shape == (5, 7, 3)
    rgba[0, 0, 3] = 254
    with pytest.raises(PictureError, match="JPEG holds no transparency"):
        pictures.pack(Picture(rgba), "JPEG")


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("channels", [3, 4])
def test_lossless_formats_are_written_without_loss(kind: str, channels: int) -> None:
    rgba = np.dstack([RGB, np.maximum(RGB[..., 0], 1)])[..., :channels]
    assert (pictures.parse(pictures.pack(Picture(rgba), kind)).pixels == rgba).all()


def test_exposure_survives_from_jpeg_to_tiff_without_the_layout_of_another_file() -> None:
    tags = exif()
    tags[0x0100] = 9999  # a width, as some cameras write it
    tags[0x8769] = {0x829A: 0.25}  # exposure time
    picture = pictures.parse(file(Image.fromarray(RGB), "JPEG", exif=tags))
    again = pictures.parse(pictures.pack(picture, "TIFF"))
    assert again.pixels.shape == RGB.shape
    kept = Image.Exif()
    kept.load(again.metadata.exif)
    assert kept.get_ifd(0x8769)[0x829A] == 0.25
    assert 0x0100 not in kept


@pytest.mark.parametrize(("kind", "suffix"), [("HEIF", ".heic"), ("JXL", ".jxl")])
def test_formats_of_plug_ins_are_read_and_written(kind: str, suffix: str) -> None:
    picture_plugins.load()
    if kind not in Image.SAVE:
        pytest.skip(f"no plug-in for {kind} is installed")
    pixels = np.full((40, 60, 3), (200, 90, 30), np.uint8)
    assert pictures.format_of(f"a{suffix}") == kind
    data = pictures.pack(Picture(pixels), kind)
    again = pictures.parse(data).pixels
    assert np.abs(again.astype(int) - pixels).max() <= 3
    with pytest.raises(LimitError, match="60x40 pixels are more than the 2399 allowed"):
        pictures.parse(data, max_pixels=2399)


@pytest.mark.parametrize(
    "size", [(8, 8), (256, 256), (1, 1), (300, 200), (9000, 3), (3, 20000), (1600, 900)]
)
@pytest.mark.parametrize("boxes", [False, True])
def test_the_size_of_a_jpeg_xl_file_is_read_before_it_is_opened(
    size: tuple[int, int], boxes: bool
) -> None:
    pytest.importorskip("pillow_jxl", reason="pillow-jxl-plugin is not installed")
    picture_plugins.load()
    data = file(Image.new("L", size), "JXL", use_container=boxes)
    assert picture_plugins.jxl_size(data) == size
    for length in range(12, len(data)):
        with contextlib.suppress(PictureError):
            picture_plugins.jxl_size(data[:length])


def test_a_jpeg_xl_file_is_not_written_without_its_profile() -> None:
    with pytest.raises(PictureError, match="ICC"):
        pictures.pack(Picture(RGB, Metadata(icc=SRGB)), "JXL")


def jpeg_with(exif_data: bytes) -> bytes:
    """Return a JPEG file of 64x32 pixels, red above, with EXIF data."""
    pixels = np.zeros((32, 64, 3), np.uint8)
    pixels[:16, :, 0] = 255
    plain = file(Image.fromarray(pixels), "JPEG", quality=95)
    segment = b"Exif\0\0" + exif_data
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + plain[2:]


def tags_of(*entries: tuple[int, int, bytes], order: str = ">") -> bytes:
    """Return EXIF data of entries: tag, type, and four bytes of one value."""
    head = (b"MM\0*" if order == ">" else b"II*\0") + struct.pack(f"{order}I", 8)
    packed = (struct.pack(f"{order}HHI", tag, kind, 1) + value for tag, kind, value in entries)
    return head + struct.pack(f"{order}H", len(entries)) + b"".join(packed) + bytes(4)


TURNED = (0x0112, 3, b"\0\6\0\0")
UNWRITABLE = (0x0103, 8, b"\xff\xfb\0\0")  # a signed number, which Pillow cannot write here


def test_orientation_is_applied_although_pillow_cannot_write_the_exif_data_again() -> None:
    picture = pictures.parse(jpeg_with(tags_of(TURNED, UNWRITABLE)))
    assert picture.pixels.shape == (64, 32, 3)
    assert picture.pixels[32, 28, 0] > 200 > picture.pixels[32, 3, 0] + 150
    assert picture.metadata.exif == tags_of((0x0112, 3, b"\0\1\0\0"), UNWRITABLE)
    assert any("EXIF data are damaged" in note for note in picture.notes)


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_from_what_can_be_read(order: str) -> None:
    value = struct.pack(f"{order}HH", 8, 0)
    data = tags_of((0x0112, 3, value), (0x0110, 2, b"\xff\xff\xff\xff"), order=order)
    for cut in (len(data), len(data) - 3):
        assert exif_module.orientation(data[:cut]) == 8
        assert exif_module.orientation(exif_module.upright(b"Exif\0\0" + data[:cut])) == 1
    for wrong in (b"", b"MM\0*", b"II*\0\xff\xff\xff\xff", data[:12], b"garbage"):
        assert exif_module.orientation(wrong) == 1
        assert exif_module.upright(wrong) == wrong
    assert exif_module.xmp_orientation(b'<x tiff:Orientation="6"/>') == 6
    assert exif_module.upright_xmp(b'<x tiff:Orientation="6"/>') == b'<x tiff:Orientation="1"/>'


@given(st.data())
def test_a_camera_file_with_damaged_exif_data_is_read(data: st.DataObject) -> None:
    tags = exif(6)
    tags[0x0110] = "camera"
    tags[0x8769] = {0x829A: 0.25, 0x9003: "2026:01:01 00:00:00", 0x920A: 35.0}
    tags[0x8825] = {1: "N", 2: (1.0, 2.0, 3.0)}
    good = tags.tobytes().removeprefix(b"Exif\0\0")
    bad = bytearray(good)
    places = st.integers(0, len(bad) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=3)):
        bad[place] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = pictures.parse(jpeg_with(bytes(bad)))
        assert sorted(picture.pixels.shape[:2]) == [32, 64]
        for kind in ("PNG", "JPEG", "TIFF", "WEBP"):
            again = pictures.parse(pictures.pack(picture, kind))
            assert again.pixels.shape == picture.pixels.shape


KINDS = ["PNG", "JPEG", "TIFF", "WEBP", "AVIF", "BMP", "GIF", "JPEG2000"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damaged", ["exif", "xmp", "icc", "all"])
@pytest.mark.parametrize("data", [b"MM\0*", b"II*\0\xff\xff\xff\xff", b"\xff" * 200, b"\0"])
def test_any_metadata_give_a_picture(kind: str, damaged: str, data: bytes) -> None:
    Image.init()
    if kind not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {kind}")
    names = ("exif", "xmp", "icc") if damaged == "all" else (damaged,)
    picture = Picture(np.tile(RGB, (4, 4, 1)), Metadata(**dict.fromkeys(names, data)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made, _ = pictures.pack_noting(picture, kind)
        with Image.open(io.BytesIO(made)) as image:
            image.load()
            assert image.size == (28, 20)
        assert pictures.parse(made).pixels.shape[:2] == (20, 28)


def test_damaged_metadata_are_dropped_with_a_note() -> None:
    picture = Picture(RGB, Metadata(SRGB, b"MM\0*", b""))
    made, notes = pictures.pack_noting(picture, "TIFF")
    assert notes == ("TIFF cannot hold the damaged EXIF data, which are dropped",)
    assert pictures.parse(made).metadata.icc == SRGB


@pytest.mark.parametrize("name", ["exif", "xmp"])
def test_metadata_too_long_for_jpeg_are_an_error_that_says_what_to_do(name: str) -> None:
    metadata = Metadata(**{name: b"x" * 70_000})
    with pytest.raises(PictureError, match=rf"{name.upper()} data of 70,000 bytes .*--strip"):
        pictures.pack(Picture(RGB, metadata), "JPEG")
    assert pictures.pack(Picture(RGB, metadata), "PNG")
    least = {"exif": b"MM\0*\0\0\0\x08\0\0\0\0\0\0", "xmp": b"<x/>"}[name]
    for length in (65_504, 65_527) if name == "exif" else (65_504,):
        fits = Metadata(**{name: least.ljust(length, b" ")})
        assert len(pictures.pack(Picture(RGB, fits), "JPEG")) > length


@pytest.mark.parametrize("cut", [200, 128, 20])
def test_cmyk_with_a_damaged_profile_is_converted_without_it(cut: int) -> None:
    profile = bytearray(SRGB)
    profile[16:20] = b"CMYK"
    image = Image.new("RGB", (8, 8), "orange").convert("CMYK")
    picture = pictures.parse(file(image, "JPEG", icc_profile=bytes(profile[:cut])))
    assert abs(picture.pixels[0, 0].astype(int) - [255, 165, 0]).max() < 12
    assert picture.metadata.icc == b""
    assert any("ICC profile is damaged" in note for note in picture.notes)
