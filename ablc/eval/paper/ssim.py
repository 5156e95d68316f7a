"""The SSIM of the paper's table, which is not that of ablc.metrics."""

import numpy as np

from ablc.arrays import Pixels
from ablc.metrics import C1, C2, Plane

WINDOW = 7  # pixels


def ssim_rgb(first: Pixels, second: Pixels) -> float:
    """Return the SSIM of two (H, W, 3) pictures, the mean of R, G and B, at most 1.

    Wang et al. 2004 with a uniform window of 7x7 and sample covariance, averaged over all windows
    inside the picture: scikit-image's default. With JPEG it comes as close to the figures of the
    paper's table as any plain protocol does.
    Raises ValueError for pictures of other or differing shapes, or with a side under 7.
    """
    if first.shape != second.shape or first.ndim != 3 or first.shape[2] != 3:
        raise ValueError(f"pictures must both be (H, W, 3), not {first.shape} and {second.shape}")
    if min(first.shape[:2]) < WINDOW:
        raise ValueError(f"a side of {first.shape[:2]} is under {WINDOW} pixels")
    values = [_ssim(first[..., c].astype(float), second[..., c].astype(float)) for c in range(3)]
    return float(np.mean(values))


def _ssim(a: Plane, b: Plane) -> float:
    mean_a, mean_b = _means(a), _means(b)
    unbiased = WINDOW**2 / (WINDOW**2 - 1)
    var_a = unbiased * (_means(a * a) - mean_a * mean_a)
    var_b = unbiased * (_means(b * b) - mean_b * mean_b)
    cov = unbiased * (_means(a * b) - mean_a * mean_b)
    luminance = (2 * mean_a * mean_b + C1) / (mean_a * mean_a + mean_b * mean_b + C1)
    return float(np.mean(luminance * (2 * cov + C2) / (var_a + var_b + C2)))


def _means(plane: Plane) -> Plane:
    """Return the means of all windows inside the plane, (H - 6, W - 6)."""
    total = np.pad(plane, ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
    n = WINDOW
    sums = total[n:, n:] - total[:-n, n:] - total[n:, :-n] + total[:-n, :-n]
    return np.asarray(sums / n**2)
