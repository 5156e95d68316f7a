"""Pictures as planes of Y, Cb and Cr with halved chroma, which video encoders take.

BT.601 in full range, as JPEG has it. Chroma lies in the middle of 2x2 pixels: their mean on the way
there, bilinear on the way back. Sides that are odd grow by a copy of their last row or column.
"""

import numpy as np
import numpy.typing as npt

from ablc.arrays import Pixels

Plane = npt.NDArray[np.float32]

RED, GREEN, BLUE = 0.299, 0.587, 0.114  # shares of luma


def even(side: int) -> int:
    """Return a side in pixels, rounded up to an even number."""
    return side + side % 2


def pack(picture: Pixels, bits: int) -> bytes:
    """Return the planes of a picture, (H, W, 3), one after the other.

    bits: of a sample; more than 8 take two bytes each, little-endian.
    """
    height, width = picture.shape[:2]
    padding = ((0, even(height) - height), (0, even(width) - width), (0, 0))
    rgb = np.pad(picture, padding, mode="edge").astype(np.float32) / np.float32(255)
    luma = RED * rgb[..., 0] + GREEN * rgb[..., 1] + BLUE * rgb[..., 2]
    cb = (rgb[..., 2] - luma) / (2 - 2 * BLUE) + 0.5
    cr = (rgb[..., 0] - luma) / (2 - 2 * RED) + 0.5
    return b"".join(_samples(plane, bits) for plane in (luma, _halve(cb), _halve(cr)))


def parse(planes: bytes, height: int, width: int, bits: int) -> Pixels:
    """Return the picture (height, width, 3) of planes as pack() makes them.

    Raises ValueError for another number of bytes.
    """
    rows, columns = even(height), even(width)
    samples = np.frombuffer(planes, _dtype(bits)).astype(np.float32) / np.float32(2**bits - 1)
    area = rows * columns
    if samples.size != area * 3 // 2:
        raise ValueError(f"{samples.size} samples are not a picture of {width}x{height} pixels")
    luma = samples[:area].reshape(rows, columns)
    cb, cr = (_double(half) - 0.5 for half in samples[area:].reshape(2, rows // 2, columns // 2))
    red, blue = luma + (2 - 2 * RED) * cr, luma + (2 - 2 * BLUE) * cb
    green = (luma - RED * red - BLUE * blue) / GREEN
    rgb = np.stack([red, green, blue], axis=-1)[:height, :width]
    picture: Pixels = np.clip(np.rint(255 * rgb), 0, 255).astype(np.uint8)
    return picture


def _samples(plane: Plane, bits: int) -> bytes:
    top = 2**bits - 1
    samples: bytes = np.clip(np.rint(plane * top), 0, top).astype(_dtype(bits)).tobytes()
    return samples


def _dtype(bits: int) -> np.dtype[np.generic]:
    return np.dtype("u1" if bits <= 8 else "<u2")


def _halve(plane: Plane) -> Plane:
    """Return the means of 2x2 samples."""
    total = plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
    return (total / 4).astype(np.float32)


def _double(plane: Plane) -> Plane:
    """Return a plane enlarged by 2, bilinear."""
    for axis in (0, 1):
        wide = np.pad(plane, [(1, 1) if i == axis else (0, 0) for i in (0, 1)], mode="edge")
        before, here, after = (
            np.take(wide, range(start, start + plane.shape[axis]), axis) for start in (0, 1, 2)
        )
        pair = np.stack([0.25 * before + 0.75 * here, 0.75 * here + 0.25 * after], axis + 1)
        shape = [side * (2 if i == axis else 1) for i, side in enumerate(plane.shape)]
        plane = pair.reshape(shape).astype(np.float32)
    return plane
