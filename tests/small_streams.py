"""Small streams of every kind, encoded when they are asked for."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

import ablc
from ablc import _core
from scenes import drawing, scene

Picture = npt.NDArray[np.uint8]


def grey(height: int, width: int) -> Picture:
    """(H, W, 1): slopes, edges and texture."""
    return scene(height, width, channels=1)


def rgba(height: int, width: int) -> Picture:
    """(H, W, 4): discs and lines, transparent towards the right."""
    alpha = np.tile(np.linspace(255, 0, width).astype(np.uint8), (height, 1))
    return np.dstack([drawing(height, width), alpha])


def cells(height: int, width: int, share: float) -> npt.NDArray[np.bool_]:
    """A random mask of the cells of a picture; `share` of them are True."""
    shape = (-(-height // 8), -(-width // 8))
    return np.random.default_rng(5).random(shape) < share


def steps(height: int, width: int, octaves: float) -> npt.NDArray[np.float32]:
    """Importance of the cells of a picture, from low to high from left to right."""
    shape = (-(-height // 8), -(-width // 8))
    row = 2.0 ** np.linspace(-octaves, octaves, shape[1])
    return np.tile(row, (shape[0], 1)).astype(np.float32)


STREAMS: dict[str, Callable[[], bytes]] = {
    "grey": lambda: _core.encode(grey(45, 70), step=700),
    "grey-fine": lambda: _core.encode(grey(33, 20), step=60),
    "grey-one-pixel": lambda: _core.encode(grey(1, 1), step=100),
    "one-row": lambda: _core.encode(scene(1, 130), step=300),
    "one-column": lambda: _core.encode(scene(97, 1), step=300, subsample=False),
    "photo": lambda: _core.encode(scene(70, 101), step=250),
    "photo-coarse": lambda: _core.encode(scene(130, 129), step=3000),
    "photo-444": lambda: _core.encode(scene(67, 43), step=150, subsample=False),
    "drawing": lambda: _core.encode(drawing(83, 66), step=500, effort=8),
    "drawing-444": lambda: _core.encode(drawing(64, 65), step=900, subsample=False),
    "rgba": lambda: _core.encode(rgba(30, 41), step=600),
    "mask": lambda: _core.encode(scene(75, 90), step=400, mask=cells(75, 90, 0.7)),
    "mask-444": lambda: _core.encode(
        drawing(50, 61), step=200, subsample=False, mask=cells(50, 61, 0.2)
    ),
    "all-dropped": lambda: _core.encode(scene(90, 70), step=300, mask=cells(90, 70, 0)),
    "all-kept": lambda: _core.encode(grey(66, 69), step=2000, mask=cells(66, 69, 1.1)),
    "importance": lambda: _core.encode(scene(70, 129), step=700, importance=steps(70, 129, 2)),
    "importance-extreme": lambda: _core.encode(
        drawing(20, 260), step=640, importance=steps(20, 260, 17)
    ),
    "exact-cells": lambda: _core.encode(scene(40, 51), step=2000, exact=cells(40, 51, 0.3)),
    "exact-pixels": lambda: _core.encode(
        scene(29, 37), step=2000, exact=np.random.default_rng(6).random((29, 37)) < 0.1
    ),
    "exact-mask-importance": lambda: _core.encode(
        drawing(40, 72),
        step=1500,
        exact=cells(40, 72, 0.2),
        mask=cells(40, 72, 0.6),
        importance=steps(40, 72, 4),
    ),
    "tiles": lambda: _core.encode(drawing(9, 272), step=500, tile=256),
    "tiles-exact-alpha": lambda: _core.encode(
        rgba(9, 272), step=2000, tile=256, exact=np.random.default_rng(7).random((9, 272)) < 0.1
    ),
    "tiles-lossless": lambda: _core.encode(drawing(9, 272), lossless=True, tile=256),
    "lossless-grey": lambda: _core.encode(grey(20, 33), lossless=True),
    "lossless-rgba": lambda: _core.encode(rgba(19, 31), lossless=True),
    "metadata": lambda: ablc.encode(scene(8, 8), icc=b"profile", exif=b"II*\0", xmp=b"<x/>"),
}
