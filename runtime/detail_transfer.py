"""Transfer of fine detail from a generated picture to a filled one, in dropped blocks."""

import numpy as np
import numpy.typing as npt

from ablc.arrays import CELL, Floats

FEATHER = CELL // 2  # pixels from a kept cell's border to full strength


def transfer_detail(
    filled: Floats, generated: Floats, kept: npt.ArrayLike, strength: float
) -> Floats:
    """Return filled, (3, H, W), with a share of its fine detail replaced by that of generated.

    Variation that is smooth over about CELL pixels stays, and every pixel of a kept cell stays
    exactly as it is.
    filled, generated: (3, H, W), finite, H and W multiples of CELL.
    kept: (H/8, W/8), not 0 for cells in kept blocks; strength: the share, 0..1.
    Raises ValueError for other shapes.
    """
    cells = np.asarray(kept) != 0
    shape = (3, CELL * cells.shape[0], CELL * cells.shape[-1])
    if cells.ndim != 2 or not filled.shape == generated.shape == shape:
        raise ValueError(
            f"pictures and cells must be (3, H, W) twice and (H/8, W/8), not {filled.shape}, "
            f"{generated.shape} and {cells.shape}"
        )
    detail = np.subtract(generated, filled, dtype=np.float32)
    detail -= _smooth(detail)
    detail *= np.float32(strength) * _feathered(~cells)
    detail += filled
    return detail


def _smooth(x: Floats) -> Floats:
    """Return (C, H, W): bilinear interpolation between the means of the cells."""
    c, height, width = x.shape
    rows = x.reshape(c, height // CELL, CELL, width).sum(2)  # (C, R, W)
    means = rows.reshape(c, height // CELL, width // CELL, CELL).sum(3) / np.float32(CELL * CELL)
    corners = np.pad(means, ((0, 0), (1, 1), (1, 1)), "edge")
    margin = slice(CELL // 2, -(CELL // 2))  # the means are at the middles of cells
    return _between(corners, CELL)[:, margin, margin]


def _feathered(dropped: npt.NDArray[np.bool_]) -> Floats:
    """Return (H, W): 0 in kept cells, rising to 1 over FEATHER pixels in dropped ones.

    It interpolates between points FEATHER pixels apart, which are 1 where all cells that they touch
    are dropped.
    """
    halves = np.pad(dropped.repeat(2, 0).repeat(2, 1), 1, "edge")
    across = halves[:, 1:] & halves[:, :-1]
    return _between((across[1:] & across[:-1]).astype(np.float32), FEATHER)


def _between(corners: Floats, factor: int) -> Floats:
    """Return (..., factor R, factor C) pixels, bilinear between (..., R + 1, C + 1) corners."""
    t = ((np.arange(factor) + 0.5) / factor).astype(np.float32)
    lead = corners.shape[:-2]
    rows, columns = corners.shape[-2] - 1, corners.shape[-1] - 1
    left, rise = corners[..., :-1, np.newaxis], np.diff(corners)[..., np.newaxis]
    wide = (left + rise * t).reshape(*lead, rows + 1, columns * factor)
    above, fall = wide[..., :-1, np.newaxis, :], np.diff(wide, axis=-2)[..., np.newaxis, :]
    tall: Floats = fall * t[:, np.newaxis]
    tall += above
    return tall.reshape(*lead, rows * factor, columns * factor)
