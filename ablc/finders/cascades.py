"""Faces, by the Haar cascades that come with OpenCV 4.

A cascade alone takes many a texture for a face. So a face counts only where two of them see one.
"""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ablc.arrays import Flags, Pixels
from ablc.errors import FinderError
from ablc.finders.reduced import Box, fill, opencv, reduced

AREA = 300 * 300  # of the reduced picture, square pixels
SMALLEST = 20  # side of the smallest face in the reduced picture
ZOOM = 1.15  # from one size of faces to the next
NEIGHBOURS = 3  # least detections of a seeker that make a face
WITNESSED = 2  # least detections of a witness
OVERLAP = 0.4  # least intersection over union of two detections of the same face
SEEKERS = ("frontalface_alt2", "frontalface_default")  # look for faces everywhere
WITNESSES = ("frontalface_alt", "profileface")  # look only where one of the seekers saw a face
INSET, CHIN = 1 / 16, 1 / 10  # a face is narrower and taller than the square that a cascade returns

Square = npt.NDArray[np.int64]  # left, top, width, height

_loaded = threading.local()  # a cascade must not be used by two threads at once


def faces(pixels: Pixels) -> Flags:
    """Return a mask (H, W) of the faces that look towards the camera.

    Viola and Jones, CVPR 2001. Raises FinderError unless OpenCV 4 is installed.
    """
    cascades = _cascades()
    if cascades is None:
        raise FinderError("the finder faces needs OpenCV 4: pip install 'ablc[schemes]'")
    picture = reduced(pixels, "L", area=AREA)
    grey = np.asarray(picture)
    squares = [_detect(cascades[name], grey, NEIGHBOURS) for name in SEEKERS]
    scale = max(pixels.shape[:2]) / max(picture.size)
    return fill(map(_face, _confirmed(squares, grey, cascades)), pixels.shape[:2], scale)


def can_find_faces() -> bool:
    """True if OpenCV is installed in a version that has cascades."""
    return _cascades() is not None


def _cascades() -> dict[str, Any] | None:
    """Return the cascades of this thread by name; None if OpenCV has none, as from version 5 on."""
    cv2 = opencv()
    make = getattr(cv2, "CascadeClassifier", None)
    if make is None:
        return None
    if not hasattr(_loaded, "cascades"):
        folder = Path(cv2.data.haarcascades)  # type: ignore[union-attr]
        _loaded.cascades = {
            name: make(str(folder / f"haarcascade_{name}.xml")) for name in SEEKERS + WITNESSES
        }
    cascades: dict[str, Any] = _loaded.cascades
    return cascades


def _detect(cascade: Any, grey: npt.NDArray[np.uint8], neighbours: int) -> list[Square]:
    """Return the squares in which a cascade sees a face, sorted."""
    if min(grey.shape) < SMALLEST:
        return []
    found = cascade.detectMultiScale(
        grey, scaleFactor=ZOOM, minNeighbors=neighbours, minSize=(SMALLEST, SMALLEST)
    )
    return sorted((np.array(square, np.int64) for square in found), key=tuple)


def _confirmed(
    squares: list[list[Square]], grey: npt.NDArray[np.uint8], cascades: dict[str, Any]
) -> Iterator[Square]:
    """Yield the squares of the seekers that another cascade confirms."""
    first, second = squares
    for square, others in itertools.chain(
        ((square, second) for square in first), ((square, first) for square in second)
    ):
        if any(_overlap(square, other) >= OVERLAP for other in others) or any(
            _sees(cascades[name], grey, square) for name in WITNESSES
        ):
            yield square


def _sees(cascade: Any, grey: npt.NDArray[np.uint8], square: Square) -> bool:
    """True if a cascade sees the face of a square, as it is or mirrored."""
    left, top, width, height = square
    margin = width // 2
    x, y = max(0, left - margin), max(0, top - margin)
    part = grey[y : top + height + margin, x : left + width + margin]
    moved = square - (x, y, 0, 0)
    mirrored = moved.copy()
    mirrored[0] = part.shape[1] - moved[0] - width
    return any(
        _overlap(other, place) >= OVERLAP
        for view, place in ((part, moved), (part[:, ::-1], mirrored))
        for other in _detect(cascade, np.ascontiguousarray(view), WITNESSED)
    )


def _overlap(a: Square, b: Square) -> float:
    """Return the intersection of two squares over their union, 0..1."""
    sides = np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - np.maximum(a[:2], b[:2])
    common = float(np.maximum(sides, 0).prod())
    return common / (float(a[2:].prod() + b[2:].prod()) - common)


def _face(square: Square) -> Box:
    """Return the box of the face in a square, from forehead to chin."""
    left, top, width, height = (float(value) for value in square)
    inset, chin = INSET * width, CHIN * height
    return left + inset, top - chin, left + width - inset, top + height + chin
