"""Types of arrays that all of the package shares, and the side of a cell."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]  # (H, W, C) samples, sRGB; C = 1 grey, 3 RGB, 4 RGBA
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

CELL = 8  # side of a cell of masks and importance, pixels
