"""Measures of the difference between two pictures: PSNR, SSIM, MS-SSIM.

PSNR is over all samples of R, G and B. SSIM (Wang et al. 2004) is on BT.601 luma with a Gaussian
window of 11 pixels and sigma 1.5, population covariance, K = .01 and .03, averaged where the window
fits. MS-SSIM (Wang et al. 2003) has five scales and is the mean over R, G and B. Grey counts as
R = G = B; RGBA is composited on white first.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc.arrays import Pixels, makes_array

Plane = npt.NDArray[np.float64]

WINDOW = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
WINDOW /= WINDOW.sum()
LUMA = (0.299, 0.587, 0.114)
SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MS_SSIM_MIN_SIDE = 176  # pixels: 11 at the coarsest scale
C1, C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


@dataclass(frozen=True, slots=True)
class Comparison:
    """The measures of two pictures."""

    psnr: float  # dB, infinite if they are equal
    ssim: float | None  # None where a side is under 11 pixels
    ms_ssim: float | None  # None where a side is under 176 pixels


def compare(first: Pixels, second: Pixels) -> Comparison:
    """Return PSNR, SSIM and MS-SSIM of two pictures, (H, W) or (H, W, C) uint8 with C 1, 3 or 4.

    Raises ValueError if an argument is not such a picture, or if the sizes differ.
    """
    a, b = rgb(first), rgb(second)
    if a.shape != b.shape:
        (h1, w1, _), (h2, w2, _) = a.shape, b.shape
        raise ValueError(f"the pictures differ in size: {w1}x{h1} and {w2}x{h2} pixels")
    return Comparison(psnr(a, b), ssim(a, b), ms_ssim(a, b))


def psnr(first: Pixels, second: Pixels) -> float:
    """Return the peak signal-to-noise ratio over all samples, in dB; infinite for equal arrays."""
    error = float(np.mean(np.square(first.astype(np.float64) - second)))
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def ssim(first: Pixels, second: Pixels) -> float | None:
    """Return the structural similarity of the luma of two (H, W, 3) pictures, at most 1.

    None if a side is under 11 pixels.
    """
    if min(first.shape[:2]) < WINDOW.size:
        return None
    return float(np.mean(ssim_map(first, second)))


def ssim_map(first: Pixels, second: Pixels) -> Plane:
    """Return the map (H - 10, W - 10) whose mean is ssim; at the border the window does not fit."""
    structure, luminance = _similarity(first @ np.array(LUMA), second @ np.array(LUMA))
    return structure * luminance


def ms_ssim(first: Pixels, second: Pixels) -> float | None:
    """Return the multi-scale structural similarity of two (H, W, 3) pictures, at most 1.

    None if a side is under 176 pixels.
    """
    if min(first.shape[:2]) < MS_SSIM_MIN_SIDE:
        return None
    planes = [(first[..., c].astype(float), second[..., c].astype(float)) for c in range(3)]
    return float(np.mean([_multi_scale(a, b) for a, b in planes]))


def _multi_scale(a: Plane, b: Plane) -> float:
    product = 1.0
    for scale, weight in enumerate(SCALE_WEIGHTS):
        structure, luminance = _similarity(a, b)
        last = scale == len(SCALE_WEIGHTS) - 1
        mean = float(np.mean(structure * luminance if last else structure))
        product *= max(mean, 0.0) ** weight
        if not last:
            a, b = _halve(a), _halve(b)
    return product


def _similarity(a: Plane, b: Plane) -> tuple[Plane, Plane]:
    """Return contrast and structure, and luminance of SSIM, without the border of 5 pixels."""
    mean_a, mean_b = _blur(a), _blur(b)
    var_a = _blur(a * a) - mean_a * mean_a
    var_b = _blur(b * b) - mean_b * mean_b
    cov = _blur(a * b) - mean_a * mean_b
    structure = (2 * cov + C2) / (var_a + var_b + C2)
    luminance = (2 * mean_a * mean_b + C1) / (mean_a * mean_a + mean_b * mean_b + C1)
    return structure, luminance


def _blur(plane: Plane) -> Plane:
    """Return the Gaussian means where the window fits, (H - 10, W - 10)."""
    height, width = plane.shape[0] - WINDOW.size + 1, plane.shape[1] - WINDOW.size + 1
    rows = sum(weight * plane[i : i + height] for i, weight in enumerate(WINDOW))
    return np.asarray(sum(weight * rows[:, i : i + width] for i, weight in enumerate(WINDOW)))


def _halve(plane: Plane) -> Plane:
    """Return the means of 2x2 pixels, without an odd last row or column."""
    even = plane[: plane.shape[0] // 2 * 2, : plane.shape[1] // 2 * 2]
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def rgb(picture: object) -> Pixels:
    """Return a picture as it is measured, (H, W, 3): grey as R = G = B, RGBA on white.

    Raises ValueError if it is not (H, W) or (H, W, 1, 3 or 4) uint8.
    """
    if makes_array(picture):
        picture = np.asarray(picture)
    if not isinstance(picture, np.ndarray) or picture.dtype != np.uint8:
        kind = picture.dtype if isinstance(picture, np.ndarray) else type(picture).__name__
        raise ValueError(f"a picture must be a uint8 array, not {kind}")
    if picture.ndim == 2:
        picture = picture[:, :, np.newaxis]
    if picture.ndim != 3 or picture.shape[2] not in (1, 3, 4) or picture.size == 0:
        raise ValueError(f"a picture must be (H, W) or (H, W, 1, 3 or 4), not {picture.shape}")
    if picture.shape[2] == 1:
        return np.repeat(picture, 3, axis=2)
    if picture.shape[2] == 4:
        alpha = picture[..., 3:].astype(np.float64) / 255
        return np.rint(picture[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return picture
