"""Previews, and decoding into the caller's arrays."""

import numpy as np
import pytest

import ablc
from ablc.arrays import Pixels
from scenes import scene


def means(picture: Pixels) -> Pixels:
    """(ceil(H/8), ceil(W/8), C): what a preview of a decoded picture (H, W, C) is."""
    height, width, channels = picture.shape
    rows, columns = -(-height // 8), -(-width // 8)
    sums, counts = np.zeros((rows, columns, channels), int), np.zeros((rows, columns, 1), int)
    y, x = np.mgrid[:height, :width] // 8
    np.add.at(sums, (y, x), picture)
    np.add.at(counts, (y, x), 1)
    return ((sums + counts // 2) // counts).astype(np.uint8)


@pytest.fixture(scope="module")
def tiled() -> bytes:
    """A stream of nine tiles."""
    return ablc._core.encode(scene(600, 700), step=900, tile=256)


def test_a_preview_has_a_pixel_for_each_cell(tiled: bytes) -> None:
    small = ablc.preview(tiled)
    assert (small.shape, small.dtype) == ((75, 88, 3), np.uint8)
    assert (small == means(ablc.decode(tiled))).all()
    assert (ablc.preview(tiled, threads=1) == small).all()


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (16, 23), (65, 8)])
def test_a_cell_at_the_border_is_the_mean_of_what_there_is(size: tuple[int, int]) -> None:
    for channels in (1, 3, 4):
        stream = ablc.encode(scene(*size, channels))
        colours = ablc.decode(stream)[..., : min(channels, 3)]
        assert (ablc.preview(stream) == means(colours)).all()


def test_a_preview_is_of_a_lossy_stream(photo: Pixels) -> None:
    with pytest.raises(ValueError, match="lossless stream has no preview"):
        ablc.preview(ablc.encode(photo, lossless=True))
    with pytest.raises(ablc.LimitError):
        ablc.preview(ablc.encode(photo), max_pixels=1000)
    with pytest.raises(ablc.StreamError):
        ablc.preview(b"nothing")


def test_a_preview_of_a_cut_stream_is_of_what_is_left(tiled: bytes) -> None:
    cut = tiled[: 2 * len(tiled) // 3]
    with pytest.raises(ablc.StreamError):
        ablc.preview(cut)
    with pytest.warns(ablc.StreamWarning, match="cut short"):
        small = ablc.preview(cut, partial=True)
    with pytest.warns(ablc.StreamWarning, match="cut short"):
        left = ablc.decode(cut, partial=True)
    assert (small == means(left)).all()
    whole = ablc.preview(tiled)
    assert (small[:24] == whole[:24]).all()
    grey = ablc.preview(ablc.encode(np.full((8, 8, 3), 128, np.uint8)))
    assert (small[-8:, -8:] == grey).all()


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
