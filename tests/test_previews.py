"""Previews from the base, and decoding into the caller's arrays."""

import numpy as np
import pytest

import ablc
from ablc.arrays import Pixels
from scenes import scene


@pytest.fixture(scope="module")
def tiled() -> bytes:
    """A stream of nine tiles."""
    return ablc._core.encode(scene(600, 700), step=900, tile=256)


def test_a_preview_has_a_pixel_for_each_cell(tiled: bytes) -> None:
    small = ablc.preview(tiled)
    assert (small.shape, small.dtype) == ((75, 88, 3), np.uint8)
    whole = ablc.decode(tiled)[:, :696].reshape(75, 8, 87, 8, 3).mean(axis=(1, 3))
    assert np.abs(whole - small[:, :87]).mean() < 4
    assert (ablc.preview(tiled, threads=1) == small).all()


def test_a_preview_needs_a_base(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="lossless stream has no base"):
        ablc.preview(ablc.encode(photo, lossless=True))
    with pytest.raises(ablc.LimitError):
        ablc.preview(ablc.encode(photo), max_pixels=1000)
    with pytest.raises(ablc.StreamError):
        ablc.preview(b"nothing")


def test_the_beginning_of_a_stream_is_enough_for_a_preview(tiled: bytes) -> None:
    base = next(part for part in ablc.inspect(tiled).sections if part.name == "BASE")
    end = base.offset + base.length
    with pytest.raises(ablc.StreamError):
        ablc.preview(tiled[:end])
    assert (ablc.preview(tiled[:end], partial=True) == ablc.preview(tiled)).all()
    with pytest.warns(ablc.StreamWarning, match="BASE is missing or damaged"):
        cut = ablc.preview(tiled[: end - 200], partial=True)
    assert (cut[:30, :30] == ablc.preview(tiled)[:30, :30]).all()


def test_a_picture_is_decoded_into_an_array(tiled: bytes) -> None:
    expected = ablc.decode(tiled)
    for decode in (ablc.decode, ablc.Decoder().decode):
        out = np.empty((600, 700, 3), np.uint8)
        assert decode(tiled, out=out) is out
        assert (out == expected).all()
        part = np.empty((3, 50, 60, 3), np.uint8)[1]  # in the middle of something larger
        assert decode(tiled, region=(30, 20, 60, 50), out=part) is part
        assert (part == expected[20:70, 30:90]).all()


@pytest.mark.usefixtures("networks")
def test_a_painted_picture_is_decoded_into_an_array(photo: Pixels) -> None:
    stream = ablc.encode(photo, quality=20)
    expected = ablc.decode(stream, fill="net")
    out, part = np.empty_like(photo), np.empty((50, 60, 3), np.uint8)
    assert ablc.decode(stream, fill="net", out=out) is out
    assert ablc.decode(stream, fill="net", region=(30, 20, 60, 50), out=part) is part
    assert (out == expected).all()
    assert np.abs(part.astype(int) - expected[20:70, 30:90]).max() <= 1


@pytest.mark.parametrize(
    "out",
    [
        [1, 2],
        np.empty((600, 700, 3), np.int8),
        np.empty((600, 700, 4), np.uint8),
        np.empty((700, 600, 3), np.uint8),
        np.empty((600, 700), np.uint8),
        np.empty((600, 700, 6), np.uint8)[..., ::2],
        np.empty((600, 700, 3), np.uint8, order="F"),
        np.broadcast_to(np.uint8(0), (600, 700, 3)),
    ],
)
def test_any_other_array_is_refused(tiled: bytes, out: object) -> None:
    with pytest.raises(ValueError, match=r"out must be \(600, 700, 3\) uint8, C-contiguous and"):
        ablc.decode(tiled, out=out)  # type: ignore[arg-type]
