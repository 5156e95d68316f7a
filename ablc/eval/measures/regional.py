"""PSNR and SSIM inside and outside a region."""

import math
from dataclasses import dataclass

import numpy as np

from ablc import metrics
from ablc.arrays import Flags, Pixels

BORDER = metrics.WINDOW.size // 2  # pixels of each side without a place of SSIM's window


@dataclass(frozen=True, slots=True)
class RegionFidelity:
    """Measures as ablc.metrics defines them, over the pixels of a region and over the others.

    SSIM is the mean of its map over the places whose middle lies there; None where there is none.
    """

    psnr_in: float  # dB, infinite if nothing differs
    psnr_out: float
    ssim_in: float | None
    ssim_out: float | None


def regional(original: Pixels, shown: Pixels, inside: Flags) -> RegionFidelity:
    """Return the measures of two (H, W, 3) pictures of the same size.

    inside: (H, W), the region. Raises ValueError if it covers nothing, or all.
    """
    if not inside.any() or inside.all():
        covered = "the whole picture" if inside.any() else "nothing"
        raise ValueError(f"the region covers {covered}: there is no inside and outside to compare")
    error = np.square(original.astype(np.float64) - shown).mean(-1)  # (H, W)
    within = inside[BORDER:-BORDER, BORDER:-BORDER]
    similar = np.zeros(within.shape)
    if within.size:
        similar = metrics.ssim_map(original, shown)  # (H - 10, W - 10)
    return RegionFidelity(
        decibels(error[inside].mean()),
        decibels(error[~inside].mean()),
        float(similar[within].mean()) if within.any() else None,
        float(similar[~within].mean()) if (~within).any() else None,
    )


def decibels(square_error: float) -> float:
    """Return the PSNR of a mean square error, infinite for 0."""
    return math.inf if square_error == 0 else 10 * math.log10(255**2 / square_error)
