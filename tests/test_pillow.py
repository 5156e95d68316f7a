"""The Pillow plug-in, used only through Pillow."""

import copy
import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

import ablc
import ablc.pillow
import fresh
from ablc.arrays import Pixels
from ablc.metrics import psnr
from ablc.runtime import session
from scenes import scene


@pytest.fixture(scope="module")
def stream(photo: Pixels) -> bytes:
    return ablc.encode(photo, quality=40)


@pytest.fixture(autouse=True)
def defaults() -> None:
    ablc.pillow.register()


def opened(data: bytes) -> ImageFile.ImageFile:
    return Image.open(io.BytesIO(data))


def saved(image: Image.Image, **settings: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, "ABLC", **settings)
    return file.getvalue()


def test_a_file_opens_by_name_and_gives_the_decoders_pixels(stream: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.ablc").write_bytes(stream)
    with Image.open(tmp_path / "x.ablc") as image:
        assert (image.format, image.mode, image.size) == ("ABLC", "RGB", (220, 150))
        assert image.get_format_mimetype() == "image/x-ablc"
        assert (np.asarray(image) == ablc.decode(stream)).all()


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB"), (4, "RGBA")])
def test_grey_rgb_and_rgba_keep_their_mode_both_ways(channels: int, mode: str) -> None:
    pixels = scene(20, 30, channels)
    image = opened(saved(Image.fromarray(pixels.squeeze()), lossless=True))
    assert image.mode == mode
    assert (np.atleast_3d(np.asarray(image)) == pixels).all()


def test_opening_reads_no_further_than_the_metadata(photo: Pixels) -> None:
    icc = bytes(50_000)
    stream = ablc.encode(photo, quality=90, icc=icc, xmp=b"<x/>")
    beginning = opened(stream[:50_100])
    assert (beginning.size, beginning.info["icc_profile"]) == ((220, 150), icc)
    assert beginning.info["xmp"] == b"<x/>"


def test_half_a_profile_is_none(photo: Pixels) -> None:
    image = opened(ablc.encode(photo, icc=bytes(5000))[:3000])
    assert image.size == (220, 150)
    assert "icc_profile" not in image.info


def test_exif_comes_back_and_turns_nothing_by_itself(photo: Pixels) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    profile = bytes(16) + b"RGB "
    image = opened(saved(Image.fromarray(photo), exif=exif, xmp="<x/>", icc_profile=profile))
    assert image.size == (220, 150)
    assert image.getexif()[ExifTags.Base.Orientation] == 6
    assert (image.info["xmp"], image.info["icc_profile"]) == (b"<x/>", profile)
    upright = ImageOps.exif_transpose(image)
    assert upright.size == (150, 220)
    again = opened(saved(image, exif=image.info["exif"]))
    assert again.getexif()[ExifTags.Base.Orientation] == 6
    as_jpeg = io.BytesIO()
    image.save(as_jpeg, "JPEG", exif=image.info["exif"])
    assert Image.open(as_jpeg).getexif()[ExifTags.Base.Orientation] == 6


def test_only_the_profile_is_kept_unasked(photo: Pixels) -> None:
    first = opened(
        ablc.encode(photo, icc=bytes(16) + b"RGB ", exif=b"II*\0\x08\0\0\0\0\0", xmp=b"x")
    )
    assert set(opened(saved(first)).info) == {"icc_profile"}
    assert not opened(saved(first, icc_profile=None)).info


def test_settings_reach_the_encoder(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    assert saved(image, quality=30) == ablc.encode(photo, quality=30)
    assert saved(image, bpp=1.0, effort=3) == ablc.encode(photo, bpp=1.0, effort=3)
    assert len(saved(image, target_bytes=3000)) <= 3000
    assert saved(image, mask="centre") == ablc.encode(photo, mask="centre")
    region = (40, 30, 80, 60)
    expected = ablc.encode(photo, importance=ablc.Roi(region))
    assert saved(image, roi=region) == expected
    assert saved(image, roi=[ablc.Roi(region)]) == expected
    assert saved(image, importance=ablc.Roi(region)) == expected
    assert saved(image, optimize=True) == ablc.encode(photo)  # is another format's


def test_wrong_settings_are_value_errors_and_leave_no_file(photo: Pixels, tmp_path: Path) -> None:
    image = Image.fromarray(photo)
    for settings in ({"quality": 101}, {"quality": 50, "bpp": 1}, {"roi": "auto", "importance": 1}):
        with pytest.raises(ValueError, match=r"quality|exclude"):
            image.save(tmp_path / "x.ablc", **settings)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("mode", "becomes"),
    [("1", "L"), ("P", "RGB"), ("PA", "RGBA"), ("LA", "RGBA"), ("CMYK", "RGB")],
)
def test_other_modes_are_converted(mode: str, becomes: str) -> None:
    assert opened(saved(Image.new(mode, (20, 10)))).mode == becomes


def test_sixteen_bits_become_eight_with_a_warning() -> None:
    deep = Image.fromarray(np.array([[0, 257, 65535]], np.uint16))
    for image in (deep, deep.convert("I")):
        with pytest.warns(UserWarning, match="16 bits per sample were reduced to 8") as warned:
            data = saved(image, lossless=True)
        assert warned[0].filename == __file__
        assert np.asarray(opened(data)).tolist() == [[0, 1, 255]]


def test_a_profile_of_another_colour_space_is_dropped_with_a_warning(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    image.info["icc_profile"] = bytes(16) + b"GRAY"
    with pytest.warns(UserWarning, match="ICC profile is dropped"):
        assert not opened(saved(image)).info


@pytest.mark.parametrize(
    ("unknown", "hint"),
    [
        ("qualty", "did you mean quality"),
        ("qualities", "did you mean quality"),
        ("loseless", "did you mean lossless"),
        ("keep_invisble", "did you mean keep_invisible"),
        ("zzz", "expected one of assist, bpp, "),
    ],
)
def test_unknown_options_are_type_errors_and_leave_no_file(
    photo: Pixels, tmp_path: Path, unknown: str, hint: str
) -> None:
    with pytest.raises(TypeError, match=f"takes no option '{unknown}': {hint}"):
        Image.fromarray(photo).save(tmp_path / "x.ablc", **{unknown: 3})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("known", "own"),
    [
        ({"subsampling": 0}, {"subsampling": "4:4:4"}),
        ({"subsampling": 2}, {"subsampling": "4:2:0"}),
        ({"subsampling": "4:2:0", "quality": 95}, {"subsampling": "4:2:0", "quality": 95}),
        ({"subsampling": -1}, {}),
        ({"subsampling": "keep"}, {}),
        ({"method": 4}, {}),
        ({"method": 0}, {"effort": 1}),
        ({"method": 6}, {"effort": 9}),
        ({"speed": 0}, {"effort": 9}),
        ({"speed": 10}, {"effort": 1}),
        ({"max_threads": 1}, {"threads": 1}),
        ({"optimize": True, "progressive": True, "alpha_quality": 90, "use_sharp_yuv": True}, {}),
        ({"jfif": 257, "jfif_density": (1, 1), "adobe": 100, "loop": 0, "gamma": 0.45455}, {}),
    ],
)
def test_options_of_other_formats_are_taken(
    photo: Pixels, known: dict[str, Any], own: dict[str, Any]
) -> None:
    assert saved(Image.fromarray(photo), **known) == ablc.encode(photo, **own)


def test_exact_keeps_what_is_invisible(photo: Pixels) -> None:
    clear = np.dstack([photo, np.zeros(photo.shape[:2], np.uint8)])
    assert saved(Image.fromarray(clear), exact=True) == ablc.encode(clear, keep_invisible=True)


def test_wrong_values_of_others_options_are_value_errors(photo: Pixels) -> None:
    for options in ({"method": 7}, {"speed": "slow"}, {"subsampling": 3}, {"subsampling": "4:0:0"}):
        with pytest.raises(ValueError, match=rf"{next(iter(options))} must be"):
            saved(Image.fromarray(photo), **options)
    with pytest.raises(TypeError, match="method and effort exclude each other"):
        saved(Image.fromarray(photo), method=4, effort=4)


def test_losses_of_options_are_warned_of(photo: Pixels) -> None:
    image = Image.fromarray(photo)
    with pytest.warns(UserWarning, match="subsampling 4:2:2 is saved as 4:4:4") as warned:
        assert saved(image, subsampling=1) == ablc.encode(photo, subsampling="4:4:4")
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match="comment is not stored") as warned:
        assert saved(image, comment=b"by the river") == ablc.encode(photo)
    assert warned[0].filename == __file__


def test_what_is_known_of_an_opened_file_may_be_passed_on(photo: Pixels) -> None:
    for name in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"):
        file = io.BytesIO()
        Image.fromarray(photo).save(file, name, dpi=(300, 300))
        image = Image.open(file)
        assert opened(saved(image, **image.info)).size == image.size


def test_a_mode_that_cannot_be_converted_is_an_os_error() -> None:
    with pytest.raises(OSError, match="cannot write mode F as ABLC"):
        saved(Image.new("F", (8, 8)))


def test_a_thumbnail_comes_from_the_preview(photo: Pixels, stream: bytes) -> None:
    image = opened(stream)
    image.thumbnail((13, 13))
    assert image.size == (13, 9)
    of_preview = Image.fromarray(ablc.preview(stream))
    of_preview.thumbnail((13, 13), reducing_gap=None)
    assert psnr(np.asarray(of_preview), np.asarray(image)) > 30
    reference = Image.fromarray(photo)
    reference.thumbnail((13, 13))
    assert psnr(np.asarray(reference), np.asarray(image)) > 25


@given(st.integers(1, 200), st.integers(1, 200), st.integers(1, 99), st.integers(1, 99))
def test_thumbnails_have_the_size_that_pillow_gives_them(w: int, h: int, x: int, y: int) -> None:
    image = opened(ablc.encode(np.zeros((h, w), np.uint8)))
    plain = Image.new("L", (w, h))
    image.thumbnail((x, y))
    plain.thumbnail((x, y))
    assert image.size == plain.size


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(64, 64), (150, 217), (9, 8), (16, 1030)])
def test_the_draft_is_close_to_the_means_of_the_picture(
    size: tuple[int, int], channels: int
) -> None:
    pixels = scene(*size, channels)
    image = opened(ablc.encode(pixels, quality=90))
    width, height = image.size
    assert image.draft(None, (width // 8, height // 8)) == (
        image.mode,
        (0, 0, width / 8, height / 8),
    )
    assert image.size == (-(-width // 8), -(-height // 8))
    means = Image.fromarray(pixels.squeeze()).reduce(8)
    assert psnr(np.atleast_3d(np.asarray(means)), np.atleast_3d(np.asarray(image))) > 28


def test_a_draft_is_never_smaller_than_asked(stream: bytes) -> None:
    image = opened(stream)
    assert image.draft(None, (28, 10)) is None
    assert image.draft("L", None) is None
    assert image.draft(None, (27, 10)) is not None
    assert image.draft(None, (3, 1)) is None  # there is nothing smaller
    image.load()
    assert image.size == (28, 19)


@pytest.mark.parametrize("settings", [{"lossless": True}, {"quality": 40}])
def test_alpha_and_lossless_pictures_are_drafted_in_full(settings: dict[str, Any]) -> None:
    image = opened(ablc.encode(scene(64, 64, 4), **settings))
    image.thumbnail((4, 4))
    assert image.size == (4, 4)
    assert image.mode == "RGBA"


def test_pillows_pixel_limit_holds(stream: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    with pytest.warns(Image.DecompressionBombWarning):
        opened(stream).load()  # up to twice as many are a warning's worth
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    with pytest.raises(Image.DecompressionBombError):
        opened(stream)


def test_a_cut_file_opens_and_fails_to_load(stream: bytes) -> None:
    image = opened(stream[:-100])
    with pytest.raises(OSError, match="cut short"):
        image.load()
    with pytest.raises(OSError, match="cut short"):
        opened(stream[:-100]).thumbnail((8, 8))


def test_truncated_images_give_what_is_left(stream: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    image = opened(stream[:-100])
    with pytest.warns(ablc.StreamWarning, match="cut short"):
        image.load()
    assert psnr(ablc.decode(stream), np.asarray(image)) > 15


def test_other_bytes_are_not_identified(stream: bytes) -> None:
    for data in (b"ABL", b"ABL\x02", stream[:14], b"ABL\x01" + stream[4:], bytes(100)):
        with pytest.raises(UnidentifiedImageError):
            opened(data)


def test_verify_looks_at_the_whole_file(stream: bytes) -> None:
    opened(stream).verify()
    with pytest.raises(OSError, match="checksum"):
        opened(stream[:-1] + bytes([stream[-1] ^ 1])).verify()
    with pytest.raises(OSError, match="cut short"):
        opened(stream[:-1]).verify()


def test_a_file_that_changes_between_opening_and_loading_is_refused(
    stream: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "x.ablc"
    for size in ((16, 16), (400, 400)):
        path.write_bytes(stream)
        with Image.open(path) as image:
            path.write_bytes(ablc.encode(scene(*size)))
            with pytest.raises(OSError, match=r"was \(150, 220, 3\) when|exceeds"):
                image.load()


@pytest.mark.parametrize("truncated", [False, True])
@pytest.mark.filterwarnings("ignore::ablc.StreamWarning")
def test_mutated_files_raise_what_pillow_users_catch(
    truncated: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", truncated)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)
    rng = np.random.default_rng(1)
    whole = np.frombuffer(ablc.encode(scene(48, 40, 4), quality=30, icc=b"p", exif=b"e"), np.uint8)
    loaded = 0
    for _ in range(300):
        data = whole[: rng.integers(len(whole) + 1)] if rng.random() < 0.3 else whole
        data = data.copy()
        for place in rng.integers(max(len(data), 1), size=rng.integers(4)):
            data[place : place + 1] = rng.integers(256)
        try:
            image = opened(data.tobytes())
            image.thumbnail((4, 4)) if rng.random() < 0.3 else image.load()
            loaded += 1
        except (OSError, Image.DecompressionBombError, Image.DecompressionBombWarning):
            continue
    assert 30 < loaded < 300


def test_threads_open_one_file_side_by_side(stream: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.ablc"
    path.write_bytes(stream)
    expected = ablc.decode(stream)
    with ThreadPoolExecutor(4) as pool:
        for pixels in pool.map(lambda _: np.asarray(Image.open(path)), range(16)):
            assert (pixels == expected).all()


def test_an_image_can_be_copied_and_pickled(stream: bytes) -> None:
    expected = ablc.decode(stream)
    for image in (
        pickle.loads(pickle.dumps(opened(stream))),
        copy.copy(opened(stream)),
        copy.deepcopy(opened(stream)),
        opened(stream).copy(),
    ):
        assert (np.asarray(image) == expected).all()


def test_a_stream_without_seek_can_be_read(stream: bytes) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.rest = io.BytesIO(stream)

        def read(self, size: int = -1) -> bytes:
            return self.rest.read(size)

    assert (np.asarray(Image.open(Pipe())) == ablc.decode(stream)).all()


@pytest.mark.parametrize("size", [100, 3000, 1 << 20])
def test_a_parser_is_fed_piece_by_piece(photo: Pixels, stream: bytes, size: int) -> None:
    parser = ImageFile.Parser()
    for start in range(0, len(stream), size):
        parser.feed(stream[start : start + size])
    assert (np.asarray(parser.close()) == ablc.decode(stream)).all()


def test_several_regions_may_be_given_in_any_form(photo: Pixels) -> None:
    boxes = [(0, 0, 64, 64), ablc.Roi((100, 50, 40, 40), weight=4)]
    made = saved(Image.fromarray(photo), bpp=1.0, roi=boxes)
    regions = [ablc.Roi((0, 0, 64, 64)), ablc.Roi((100, 50, 40, 40), weight=4)]
    assert made == ablc.encode(photo, bpp=1.0, importance=regions)


def test_a_profile_of_other_colours_does_not_stop_cmyk(photo: Pixels) -> None:
    cmyk = Image.fromarray(photo).convert("CMYK")
    cmyk.info["icc_profile"] = bytes(16) + b"RGB " + bytes(200)
    assert opened(saved(cmyk)).mode == "RGB"


@pytest.mark.usefixtures("networks")
def test_the_fill_is_the_decoders_unless_chosen() -> None:
    coarse = ablc.encode(scene(64, 64), quality=10)
    classical, painted = (ablc.decode(coarse, fill=fill) for fill in ("classical", "net"))
    assert session.installed()
    assert (np.asarray(opened(coarse)) == ablc.decode(coarse)).all()
    image = opened(coarse)
    image.fill = "net"  # type: ignore[attr-defined]
    assert (np.asarray(image) == painted).all()
    ablc.pillow.register(fill="classical")
    assert (np.asarray(opened(coarse)) == classical).all()
    with pytest.raises(ValueError, match="fill must be one of"):
        ablc.pillow.register(fill="best")  # type: ignore[arg-type]


@pytest.mark.usefixtures("networks")
def test_a_file_may_name_its_painter() -> None:
    named = saved(Image.fromarray(scene(64, 64)), quality=10, paint="fill-small:0.5")
    assert named == ablc.encode(scene(64, 64), quality=10, paint="fill-small:0.5")
    assert (np.asarray(opened(named)) == ablc.decode(named)).all()
    image = opened(named)
    image.model, image.strength = "fill-small-perceptual", 0.25  # type: ignore[attr-defined]
    chosen = ablc.decode(named, model="fill-small-perceptual", strength=0.25)
    assert (np.asarray(image) == chosen).all()
    ablc.pillow.register(model="fill-small-perceptual", strength=0.25)
    assert (np.asarray(opened(named)) == chosen).all()
    with pytest.raises(ValueError, match="needs a fill that networks do"):
        ablc.pillow.register(fill="classical", strength=0.25)


def test_importing_the_module_registers_and_loads_no_network_library() -> None:
    code = (
        "import sys, ablc.pillow; from PIL import Image;"
        "print(Image.registered_extensions()['.ablc'], 'onnxruntime' in sys.modules)"
    )
    assert fresh.result(code) == "ABLC False\n"
