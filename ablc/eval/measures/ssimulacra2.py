"""SSIMULACRA 2.1 (Sneyers 2023), the measure that still-picture encoders are tuned for.

100: equal, 90: seen by nobody, 70: high quality, 50: medium, 30: low, below 0: very bad. Errors of
structure, of edges that were added and of detail that was lost, at six scales, in the colour space
XYB. Colour, weights and the final mapping are those of the package ssimulacra2. Its blur is not:
here it is the reference's, the nine taps that the truncated cosines of Charalampidis (2016) make,
with zeros beyond every border. The package mirrors two of the borders, which is off by tens of
points on small pictures.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ablc.arrays import Pixels

Planes = npt.NDArray[np.float32]  # (H, W, 3)

SIGMA = 1.5  # of the blur, pixels
SCALES = 6
SIDE_LEAST = 8  # pixels, of a scale
STRUCTURE_FLOOR = 0.0009  # C2 of SSIM
PACKAGES = ("ssimulacra2", "cv2")


class MissingMeasureError(ImportError):
    """A measure cannot be taken here; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A picture at one scale: XYB, its blurred means, and those of its squares."""

    xyb: Planes
    mean: Planes
    square: Planes


class Original:
    """A picture against which others are measured."""

    def __init__(self, picture: Pixels) -> None:
        """picture: (H, W, 3). Raises MissingMeasureError without the extra [eval]."""
        self._shape = picture.shape
        self._scales = _pyramid(picture)

    def score(self, shown: Pixels) -> float | None:
        """Return the score of a picture of the same size, at most 100.

        None if a side is under 8 pixels. Raises ValueError for another size.
        """
        if shown.shape != self._shape:
            raise ValueError(f"pictures must both be {self._shape}, not {shown.shape}")
        if not self._scales:
            return None
        definition = _definition()
        result = definition.Msssim()
        for one, other in zip(self._scales, _pyramid(shown), strict=True):
            scale = definition.MsssimScale()
            scale.avg_ssim = _structure(one, other).ravel()
            scale.avg_edgediff = _edges(one, other).ravel()
            result.scales.append(scale)
        return float(result.score())


def ssimulacra2(original: Pixels, shown: Pixels) -> float | None:
    """Return SSIMULACRA 2 of two (H, W, 3) pictures; raises and returns as Original does."""
    return Original(original).score(shown)


@functools.cache
def _definition() -> Any:
    """Return the package's module. Raises MissingMeasureError if something is not installed."""
    try:
        import cv2  # noqa: F401  # late: an extra
        from ssimulacra2 import ssimulacra2 as definition
    except ImportError as error:
        raise MissingMeasureError(
            f"SSIMULACRA 2 needs {' and '.join(PACKAGES)}: pip install 'ablc[eval]'"
        ) from error
    return definition


def _pyramid(picture: Pixels) -> list[Scale]:
    """Return the scales of a picture whose sides are long enough."""
    linear = _linear(picture)
    scales: list[Scale] = []
    while len(scales) < SCALES and min(linear.shape[:2]) >= SIDE_LEAST:
        linear = _halve(linear) if scales else linear  # after the test: the last may be smaller
        xyb = _xyb(linear)
        scales.append(Scale(xyb, _blur(xyb), _blur(xyb * xyb)))
    return scales


def _linear(picture: Pixels) -> Planes:
    """Return a picture in linear light, 0..1."""
    levels = _definition().srgb_to_linear(np.arange(256))
    linear: Planes = levels.astype(np.float32)[picture]
    return linear


def _xyb(linear: Planes) -> Planes:
    """Return XYB, moved and scaled so that all values lie in 0..1."""
    definition = _definition()
    matrix = definition.kOpsinAbsorbanceMatrix.reshape(3, 3).astype(np.float32)
    bias = np.float32(definition.kB0)
    mixed = np.cbrt(np.maximum(linear @ matrix.T + bias, 0)) - np.cbrt(bias)
    x, y = (mixed[..., 0] - mixed[..., 1]) / 2, (mixed[..., 0] + mixed[..., 1]) / 2
    xyb: Planes = np.stack([x, y, mixed[..., 2]], axis=-1)
    positive: Planes = definition.make_positive_xyb(xyb)
    return positive


def _halve(linear: Planes) -> Planes:
    """Return the means of 2x2 pixels; a last row or column that is alone counts twice."""
    height, width = linear.shape[:2]
    full = np.pad(linear, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return (full[::2, ::2] + full[1::2, ::2] + full[::2, 1::2] + full[1::2, 1::2]) / np.float32(4)


def _structure(one: Scale, other: Scale) -> npt.NDArray[np.float64]:
    """Return the norms (3, 2) of 1 - SSIM, without SSIM's weight of dark areas."""
    means = one.mean * other.mean
    distance = 1 - np.square(one.mean - other.mean)
    covariance = 2 * (_blur(one.xyb * other.xyb) - means) + STRUCTURE_FLOOR
    variances = (one.square - one.mean**2) + (other.square - other.mean**2) + STRUCTURE_FLOOR
    return _norms(np.maximum(1 - distance * covariance / variances, 0))


def _edges(one: Scale, other: Scale) -> npt.NDArray[np.float64]:
    """Return the norms (3, 4) of edges that were added, and of those that were lost."""
    ratio = (1 + np.abs(other.xyb - other.mean)) / (1 + np.abs(one.xyb - one.mean)) - 1
    return np.concatenate([_norms(np.maximum(ratio, 0)), _norms(np.maximum(-ratio, 0))], axis=1)


def _norms(errors: Planes) -> npt.NDArray[np.float64]:
    """Return the 1-norm and the 4-norm of each channel, (3, 2)."""
    fourth = np.square(np.square(errors))
    means = [np.mean(values, (0, 1), dtype=np.float64) for values in (errors, fourth)]
    return np.stack([means[0], np.sqrt(np.sqrt(means[1]))], axis=1)


def _blur(planes: Planes) -> Planes:
    import cv2  # late: an extra

    taps = _taps()
    blurred = cv2.sepFilter2D(planes, cv2.CV_32F, taps, taps, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32)


@functools.cache
def _taps() -> npt.NDArray[np.float64]:
    """Return the blur's taps: three cosines with periods of 4, 4/3 and 4/5 radii, truncated.

    Their shares are such that the taps sum to 1, have the variance of the Gaussian, and follow its
    spectrum at the third condition of the paper (equations 37 to 52).
    """
    radius = round(3.2795 * SIGMA + 0.2546)
    omega = np.array([1, 3, 5]) * np.pi / (2 * radius)
    p = np.array([1, -1, 1]) / np.tan(omega / 2)
    r = np.array([1, -1, 1]) * p * p / np.sin(omega)
    rho = np.exp(-0.5 * (SIGMA * omega) ** 2) / radius
    minors = np.cross(p, r)  # of the pairs (3, 5), (5, 1) and (1, 3)
    zeta = minors / minors[2]
    shares = np.linalg.solve([p, r, zeta], [1, radius**2 - SIGMA**2, zeta @ rho])
    places = np.arange(1 - radius, radius)
    taps: npt.NDArray[np.float64] = shares @ np.cos(np.outer(omega, places))
    return taps
