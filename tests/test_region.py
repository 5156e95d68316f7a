"""Regions of a picture: the same pixels as in the whole, from the tiles around them."""

import functools
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablc import _core
from ablc.arrays import Pixels
from scenes import scene

Region = tuple[int, int, int, int]

LIMIT = 1 << 24
RNG = np.random.default_rng(8)
CELLS = (72, 68)  # of the pictures below
IMPORTANCE = np.float32(2.0) ** RNG.integers(-8, 9, CELLS).astype(np.float32)
MASK = RNG.random(CELLS) < 0.6
EXACT_CELLS = RNG.random(CELLS) < 0.1
EXACT_PIXELS = RNG.random((570, 541)) < 0.02


def decode(data: bytes, region: Region | None = None, threads: int = 1) -> Pixels:
    image, lost = _core.Stream(data).decode(max_pixels=LIMIT, region=region, threads=threads)
    assert not lost
    return image


FILES: dict[str, tuple[int, dict[str, object]]] = {  # channels, settings
    "lossy": (3, {}),
    "444": (3, {"subsample": False, "step": 1600}),
    "grey": (1, {"step": 3000}),
    "alpha": (4, {"step": 2500}),
    "lossless": (3, {"lossless": True}),
    "lossless-alpha": (4, {"lossless": True}),
    "importance": (3, {"importance": IMPORTANCE, "step": 1000}),
    "mask": (3, {"mask": MASK, "step": 1000}),
    "exact-cells": (3, {"exact": EXACT_CELLS, "step": 2000}),
    "exact-pixels": (4, {"exact": EXACT_PIXELS, "step": 2000}),
    "exact-pixels-grey": (1, {"exact": EXACT_PIXELS, "step": 2000}),
    "all": (4, {"exact": EXACT_PIXELS, "importance": IMPORTANCE, "mask": MASK, "step": 1500}),
}


@functools.cache
def coded(name: str) -> tuple[bytes, Pixels]:
    """A file of nine tiles, and its whole picture."""
    channels, settings = FILES[name]
    image = scene(570, 541, channels)
    data = _core.encode(image, effort=1, tile=256, threads=2, **settings)  # type: ignore[arg-type]
    return data, decode(data)


spans = {
    size: st.integers(0, size - 1).flatmap(
        lambda at, size=size: st.tuples(st.just(at), st.integers(1, size - at))  # type: ignore[misc]
    )
    for size in (541, 570)
}
regions = st.tuples(spans[541], spans[570]).map(lambda s: (s[0][0], s[1][0], s[0][1], s[1][1]))


@pytest.mark.parametrize("name", FILES)
@given(region=regions, threads=st.integers(1, 3))
def test_windows_are_parts_of_the_picture(name: str, region: Region, threads: int) -> None:
    data, whole = coded(name)
    x, y, width, height = region
    part = decode(data, region, threads)
    assert part.shape == (height, width, whole.shape[2])
    assert (part == whole[y : y + height, x : x + width]).all()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "region",
    [
        (0, 0, 541, 570),
        (255, 255, 2, 2),  # where tiles meet
        (256, 256, 1, 1),
        (224, 224, 1, 1),
        (223, 223, 1, 1),
        (287, 288, 1, 1),
        (256, 256, 256, 256),
        (540, 569, 1, 1),
        (0, 511, 541, 1),
        (512, 0, 1, 570),
    ],
)
def test_windows_at_the_borders_of_tiles(name: str, region: Region) -> None:
    data, whole = coded(name)
    x, y, width, height = region
    assert (decode(data, region) == whole[y : y + height, x : x + width]).all()


@given(st.integers(1, 90), st.integers(1, 90), st.sampled_from([1, 3, 4]), st.booleans(), st.data())
def test_windows_of_small_pictures(  # type: ignore[no-untyped-def]
    height, width, channels, lossless, draw
) -> None:
    data = _core.encode(scene(height, width, channels), lossless=lossless, effort=1)
    x, y = draw.draw(st.integers(0, width - 1)), draw.draw(st.integers(0, height - 1))
    w, h = draw.draw(st.integers(1, width - x)), draw.draw(st.integers(1, height - y))
    assert (decode(data, (x, y, w, h)) == decode(data)[y : y + h, x : x + w]).all()


@pytest.mark.parametrize(
    "region",
    [
        (-1, 0, 5, 5),
        (0, -1, 5, 5),
        (0, 0, 0, 5),
        (0, 0, 5, 0),
        (0, 0, -5, 5),
        (541, 0, 1, 1),
        (0, 570, 1, 1),
        (540, 0, 2, 1),
        (0, 569, 1, 2),
        (0, 0, 542, 570),
        (2**31 - 1, 0, 1, 1),
        (1, 1, 2**31 - 1, 2**31 - 1),
    ],
)
def test_windows_outside_are_refused(region: Region) -> None:
    with pytest.raises(ValueError, match="is empty or not inside the picture of 541x570 pixels"):
        decode(coded("lossy")[0], region)


def test_the_limit_is_on_the_tiles_around_a_window() -> None:
    data, whole = coded("lossy")
    inner = (300, 300, 100, 100)
    image, _ = _core.Stream(data).decode(max_pixels=256 * 256, region=inner)
    assert (image == whole[300:400, 300:400]).all()
    message = (
        "decoding the region takes 262144 pixels of the picture of 541x570, which exceeds the limit"
    )
    with pytest.raises(_core.LimitError, match=message):
        _core.Stream(data).decode(max_pixels=256 * 256, region=(255, 255, 2, 2))


def test_damage_far_away_is_not_looked_at() -> None:
    data, whole = coded("lossy")
    damaged = data[:-12] + bytes(255 - b for b in data[-12:])  # of the last tile
    checksum = zlib.crc32(damaged[15:], zlib.crc32(damaged[:11]))
    damaged = damaged[:11] + checksum.to_bytes(4, "little") + damaged[15:]
    assert (decode(damaged, (5, 5, 60, 60)) == whole[5:65, 5:65]).all()
    with pytest.raises(_core.StreamError, match="TILE is damaged in 1 of 9 tiles"):
        decode(damaged)
    with pytest.raises(_core.StreamError, match="TILE is damaged in 1 of 2 tiles"):
        decode(damaged, (520, 560, 5, 5))
    saved, lost = _core.Stream(damaged, partial=True).decode(
        max_pixels=LIMIT, region=(520, 560, 5, 5)
    )
    assert (saved.shape, lost[0]) == ((5, 5, 3), "TILE is damaged in 1 of 2 tiles")
