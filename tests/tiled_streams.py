"""Streams of 3x3 tiles of every kind, and the bytes that a reader of ranges gets of them."""

import functools
from collections.abc import Callable, Iterable

import numpy as np

from ablc import _core
from ablc.arrays import Pixels
from scenes import scene

Region = tuple[int, int, int, int]

HEIGHT, WIDTH = 570, 541  # 3x3 tiles of 256
WHOLE = (0, 0, WIDTH, HEIGHT)
PICTURE = scene(HEIGHT, WIDTH)
SMALL = PICTURE[:64, :64].copy()
CELLS = np.add.outer(np.arange(72), np.arange(68)) % 7 < 4
KINDS: dict[str, Callable[[], bytes]] = {
    "lossy": lambda: _core.encode(PICTURE, step=900, tile=256, effort=1),
    "mask": lambda: _core.encode(PICTURE, step=900, tile=256, effort=1, mask=CELLS),
    "exact": lambda: _core.encode(
        PICTURE, step=2000, tile=256, effort=1, exact=CELLS & (np.arange(68) % 9 == 0)
    ),
    "rgba": lambda: _core.encode(scene(HEIGHT, WIDTH, 4), step=900, tile=256, effort=1),
    "lossless": lambda: _core.encode(scene(HEIGHT, WIDTH, 1), lossless=True, tile=256),
}


@functools.cache
def coded(kind: str) -> tuple[bytes, Pixels]:
    data = KINDS[kind]()
    return data, _core.Stream(data).decode()[0]


def beginning(data: bytes) -> bytes:
    """Return the first bytes of a file, with the index."""
    length = _core.beginning_of(data)
    assert length is not None
    return data[:length]


def fetched(data: bytes, ranges: Iterable[tuple[int, int]]) -> dict[int, bytes]:
    """Return ranges of a file by their offset."""
    return {start: data[start : start + length] for start, length in ranges}


def ranges_of(data: bytes, region: Region) -> list[tuple[int, int]]:
    return _core.Stream.of_ranges(beginning(data), {}).tile_ranges(region)


def from_ranges(data: bytes, region: Region) -> Pixels:
    """Return a window, decoded from the bytes that it needs and no others."""
    pieces = fetched(data, ranges_of(data, region))
    image, lost = _core.Stream.of_ranges(beginning(data), pieces).decode(region=region)
    assert not lost
    return image
