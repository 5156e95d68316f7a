"""Importance maps: where bits go.

An importance map is (H, W), 1 = neutral, 0 = spend nothing here. The codec takes means over
cells of 8x8 pixels, (R, C) with R = ceil(H / 8), C = ceil(W / 8); cells at the right and lower
border average the pixels that exist.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc.regions import Region

CELL = 8  # pixels
WEIGHT_DEFAULT = 8.0  # of a region of interest that names none


def cell_means(importance: npt.ArrayLike, height: int, width: int) -> npt.NDArray[np.float32]:
    """(R, C) float32 means of an (H, W) importance map.

    Raises ValueError unless the map is (height, width), finite and >= 0.
    """
    values = np.asarray(importance)
    if values.dtype.kind not in "fiub":
        raise ValueError(f"importance must hold numbers, not {values.dtype}")
    if values.shape != (height, width):
        raise ValueError(
            f"importance must be {(height, width)} like the picture, not {values.shape}"
        )
    if np.isnan(values).any():
        raise ValueError("importance must not hold NaN")
    if values.min() < 0:
        raise ValueError(f"importance must be at least 0, not {values.min()}")
    if not np.isfinite(values).all():
        raise ValueError(
            "importance must be finite: infinite (lossless) areas are not supported yet"
        )
    rows, cols = np.arange(0, height, CELL), np.arange(0, width, CELL)
    sums = np.add.reduceat(values.astype(np.float64), rows, axis=0)  # (R, W)
    sums = np.add.reduceat(sums, cols, axis=1)  # (R, C)
    counts = np.outer(np.diff(rows, append=height), np.diff(cols, append=width))  # (R, C)
    means: npt.NDArray[np.float32] = (sums / counts).astype(np.float32)
    return means


def check_mask(mask: object, height: int, width: int) -> npt.NDArray[np.bool_]:
    """The explicit mask itself, contiguous. Raises ValueError unless it is (R, C) bool."""
    wanted = (-(-height // CELL), -(-width // CELL))
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != wanted:
        found = f"{mask.shape} {mask.dtype}" if isinstance(mask, np.ndarray) else repr(mask)
        raise ValueError(f"mask must be 'rdo' or bool cells of shape {wanted}, not {found}")
    return np.ascontiguousarray(mask)


@dataclass(frozen=True, slots=True, eq=False)
class Roi:
    """A region of interest: where, and how much more than 1 it counts."""

    where: Region | npt.NDArray[np.uint8]  # a rectangle, or (H, W) from 0 outside to 255 inside
    weight: float = WEIGHT_DEFAULT  # finite, >= 0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight) and self.weight >= 0):
            raise ValueError(f"the weight of a region must be finite and >= 0, not {self.weight}")


def paint(rois: Iterable[Roi], height: int, width: int) -> npt.NDArray[np.float32]:
    """(H, W) importance map: 1, with each region painted over those before it.

    Raises ValueError if a rectangle leaves the picture or a mask has another size.
    """
    importance = np.ones((height, width), np.float32)
    for roi in rois:
        if isinstance(roi.where, Region):
            importance[roi.where.check(height, width).slices] = roi.weight
            continue
        if roi.where.shape != (height, width):
            found = "x".join(str(side) for side in roi.where.shape[1::-1])
            raise ValueError(f"the region's mask is {found} pixels, the picture {width}x{height}")
        share = roi.where.astype(np.float32) / 255
        importance += share * (np.float32(roi.weight) - importance)
    return importance
