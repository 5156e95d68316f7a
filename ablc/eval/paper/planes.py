"""Pictures as planes (C, H, W) float32, 0..255, and back, for inpainting."""

import numpy as np
import numpy.typing as npt

from ablc.arrays import Flags, Floats, Pixels


def check(name: str, array: object, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless array has that type and shape; -1 stands for any side >= 1."""
    if isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == len(shape):
        if all(s >= 1 and side in (s, -1) for s, side in zip(array.shape, shape, strict=True)):
            return
        raise ValueError(f"{name} must be of the shape {shape}, not {array.shape}")
    given = (
        f"{array.shape} {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
    )
    raise ValueError(f"{name} must be {shape} {np.dtype(dtype)}, not {given}")


def planes_of(known: Pixels, mask: Flags) -> Floats:
    """Return known pixels, (H, W, C), as planes, 0 where mask is not set.

    Raises ValueError for other shapes or types and for an empty mask.
    """
    check("known", known, np.uint8, (-1, -1, -1))
    check("mask", mask, np.bool_, known.shape[:2])
    if not mask.any():
        raise ValueError("no pixel is known")
    planes = np.ascontiguousarray(known.transpose(2, 0, 1), np.float32)
    planes *= mask
    return planes


def pixels_of(planes: Floats, known: Pixels, mask: Flags) -> Pixels:
    """Return planes as pixels within the range of the known ones, which are put back."""
    least, most = known[mask].min(axis=0), known[mask].max(axis=0)
    pixels = np.clip(np.rint(planes.transpose(1, 2, 0)), least, most).astype(np.uint8)
    pixels[mask] = known[mask]
    return pixels
