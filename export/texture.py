"""Texture that a decoded picture lacks: what N may be told of the original."""

import numpy as np

from ablc.arrays import CELL, Floats, Pixels
from ablc.runtime.edges import luma

BLOCK = 16  # side of the squares that are measured, pixels


def lacking(picture: Pixels, decoded: Pixels) -> Floats:
    """Return (2, H/8, W/8): log2(1 + r) in steps of 1/2, r the missing texture in grey levels.

    picture, decoded: (H, W, C), with sides that are multiples of 16. r is the root of the energy
    that squares of 16x16 of the original's luma have above those of the decoded one, in two bands:
    differences of samples from the means of 2x2, and of these from the means of 4x4.
    """
    energies = (_bands(luma_of(p)) for p in (picture, decoded))
    original, present = energies
    level = np.round(2 * np.log2(1 + np.sqrt(np.maximum(original - present, 0)))) / 2
    return level.repeat(BLOCK // CELL, 1).repeat(BLOCK // CELL, 2).astype(np.float32)


def luma_of(pixels: Pixels) -> Floats:
    """Return the luma, (H, W), in grey levels."""
    return luma(pixels[:, :, :3].transpose(2, 0, 1).astype(np.float32))


def _bands(plane: Floats) -> Floats:
    """Return (2, H/16, W/16): mean squares of the two bands."""
    half = _means(plane, 2)
    fine = _means((plane - half.repeat(2, 0).repeat(2, 1)) ** 2, BLOCK)
    coarse = half - _means(half, 2).repeat(2, 0).repeat(2, 1)
    return np.stack([fine, _means(coarse**2, BLOCK // 2)])


def _means(plane: Floats, side: int) -> Floats:
    height, width = plane.shape
    return plane.reshape(height // side, side, width // side, side).mean((1, 3))
