"""Dots per inch, from one file through a stream to another."""

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags, Image

import ablc
import ablc.pillow
from ablc import pictures
from ablc.density import density_of, with_density
from scenes import scene

IMAGE = Image.fromarray(scene(20, 30))


def saved(image: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def through_a_stream(file: bytes, name: str) -> Image.Image:
    """Return a file of a format, made from the stream of another."""
    picture = pictures.parse(file)
    metadata = picture.metadata
    data = ablc.encode(picture.pixels, exif=metadata.exif)
    carried = pictures.Picture(ablc.decode(data), ablc.metadata(data))
    return Image.open(io.BytesIO(pictures.pack(carried, name)))


@pytest.mark.parametrize("source", ["PNG", "JPEG", "TIFF", "BMP"])
@pytest.mark.parametrize("target", ["PNG", "JPEG", "TIFF", "BMP"])
def test_density_survives(source: str, target: str) -> None:
    again = through_a_stream(saved(IMAGE, source, dpi=(300, 150)), target)
    assert again.info["dpi"] == pytest.approx((300, 150), rel=1e-3)


@pytest.mark.parametrize("target", ["WEBP", "PNG"])
def test_density_is_in_the_exif_data_of_the_others(target: str) -> None:
    exif = through_a_stream(saved(IMAGE, "PNG", dpi=(300, 150)), target).getexif()
    density = exif[ExifTags.Base.XResolution], exif[ExifTags.Base.YResolution]
    assert density == pytest.approx((300, 150), rel=1e-3)
    assert exif[ExifTags.Base.ResolutionUnit] == 2


@pytest.mark.parametrize("source", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("dpi", [None, (72, 72)])
def test_files_without_density_have_none_in_their_streams(
    source: str, dpi: tuple[int, int] | None
) -> None:
    picture = pictures.parse(saved(IMAGE, source, **({"dpi": dpi} if dpi else {})))
    assert picture.metadata.exif == b""


def test_other_tags_stay_and_win() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] = 200
    packed = exif.tobytes().removeprefix(pictures.EXIF_PREFIX)
    added = Image.Exif()
    added.load(with_density(packed, (96, 96)))
    assert added[ExifTags.Base.Make] == "Camera"
    assert added.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ISOSpeedRatings] == 200
    assert added[ExifTags.Base.XResolution] == 96
    dense = with_density(packed, (96, 96))
    assert with_density(dense, (300, 300)) == dense


def test_a_turned_picture_has_its_density_turned() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    file = saved(IMAGE, "PNG", dpi=(300, 150), exif=exif)
    assert through_a_stream(file, "PNG").info["dpi"] == pytest.approx((150, 300), rel=1e-3)


def test_centimetres_become_inches() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.XResolution] = exif[ExifTags.Base.YResolution] = 100.0
    exif[ExifTags.Base.ResolutionUnit] = 3
    assert density_of(exif.tobytes().removeprefix(pictures.EXIF_PREFIX)) == pytest.approx(
        (254, 254)
    )


@pytest.mark.parametrize(
    "odd", [None, 0, (0, 0), (1,), "ab", (float("nan"), 1), (1, 1e99), [1, "x"]]
)
def test_odd_densities_are_none(odd: object) -> None:
    assert with_density(b"", odd) == b""


@given(st.binary(max_size=60), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_any_exif_data_is_read_or_left_alone(tail: bytes, head: bytes) -> None:
    exif = head + tail
    density_of(exif)
    added = with_density(exif, (96, 96))
    assert added == exif or density_of(added) == (96, 96)


def test_pillow_writes_and_tells_it(tmp_path: Path) -> None:
    ablc.pillow.register()
    IMAGE.save(tmp_path / "x.ablc", dpi=(300, 150))
    with Image.open(tmp_path / "x.ablc") as opened:
        assert opened.info["dpi"] == (300, 150)
    IMAGE.save(tmp_path / "y.ablc")
    assert (tmp_path / "y.ablc").read_bytes() == ablc.encode(np.asarray(IMAGE))
