"""Arrays of pictures: the types that all of the package shares, and a check of one given."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # (H, W, C) samples, sRGB; C = 1 grey, 3 RGB, 4 RGBA
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

CELL = 8  # side of a cell of masks and importance, in pixels


def makes_array(value: object) -> bool:
    """True if a value is an array of numpy or of another library, or a picture of Pillow."""
    return hasattr(value, "__array__") or hasattr(value, "__array_interface__")


def check_out(out: object, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless out is an array that a picture of this shape is decoded into."""
    expected = f"out must be {shape} uint8, C-contiguous and writable"
    if not isinstance(out, np.ndarray):
        raise ValueError(f"{expected}, not {type(out).__name__}")
    if out.shape != shape or out.dtype != np.uint8:
        raise ValueError(f"{expected}, not {out.shape} {out.dtype}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise ValueError(f"{expected}, which this array is not")
