"""The matting Laplacian of a guide: how far a picture is from an affine function of its colours.

Levin, Lischinski, Weiss, "A closed-form solution to natural image matting", PAMI 30 (2008):

    M_ij = sum_(q: i, j in q) [i = j] - (1 + (I_i - mu)^T (Sigma + eps / 9 Id)^-1 (I_j - mu)) / 9

over all windows q of 3x3 pixels, with mean mu and covariance Sigma (by 1/9) of the guide I in q.
The residuals of each window after its best fit x ~ a^T I + b, where eps regularises a, add up to

    x^T M x = sum_q 9 (var(x) - cov(I, x)^T (Sigma + eps / 9 Id)^-1 cov(I, x))

M is never formed: box sums of 3x3 give its product with a picture, as in a guided filter (He, Sun,
Tang, "Guided image filtering", PAMI 35 (2013)). They are float64, as variances as small as eps are
differences of much larger numbers.

Axis letters: C channels of x; H W pixels; h = H - 2, w = W - 2 windows.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ablc.arrays import Floats

Doubles = npt.NDArray[np.float64]

WINDOW = 9  # pixels
EPSILON = 1e-7  # of Deep Photo Style Transfer, for colours in 0..1


@dataclass(frozen=True, slots=True, eq=False)
class Matting:
    """The matting Laplacian of a guide, in the memory of a few pictures."""

    guide: Doubles  # (3, H, W)
    mean: Doubles  # (3, h, w)
    inverse: Doubles  # (3, 3, h, w), of the regularised covariance
    windows: Doubles  # (H, W), number of windows that contain the pixel

    @classmethod
    def of(cls, guide: Floats, epsilon: float = EPSILON) -> Self:
        """Return it for a guide, (3, H, W) sRGB 0..1, H and W at least 3; epsilon: above 0."""
        colours = guide.astype(np.float64)
        mean = _box(colours) / WINDOW
        regularised = np.empty((*mean.shape[1:], 3, 3))  # the layout that numpy inverts
        for i in range(3):
            for j in range(i + 1):
                covariance = _box(colours[i] * colours[j]) / WINDOW - mean[i] * mean[j]
                regularised[:, :, i, j] = regularised[:, :, j, i] = covariance
        regularised += epsilon / WINDOW * np.eye(3)
        inverse = np.ascontiguousarray(np.linalg.inv(regularised).transpose(2, 3, 0, 1))
        return cls(colours, mean, inverse, _spread(np.ones(mean.shape[1:])))

    def energy_and_gradient(self, x: Floats) -> tuple[float, Doubles]:
        """Return x^T M x of (C, H, W), summed over the channels, and its gradient 2 M x."""
        products = np.stack([self._times(channel.astype(np.float64)) for channel in x])
        return float(np.vdot(x, products)), 2 * products

    def _times(self, x: Doubles) -> Doubles:
        """Return M x of (H, W): the sum of residuals over the windows of each pixel."""
        mean = _box(x) / WINDOW
        covariance = _box(self.guide * x) / WINDOW - self.mean * mean
        a = (self.inverse * covariance).sum(1)  # (3, h, w)
        b = mean - (a * self.mean).sum(0)
        fitted = (_spread(a) * self.guide).sum(0) + _spread(b)
        return np.asarray(self.windows * x - fitted)


def _box(planes: Doubles) -> Doubles:
    """Return (..., H - 2, W - 2) sums over the windows of (..., H, W)."""
    rows = planes[..., :-2, :] + planes[..., 1:-1, :] + planes[..., 2:, :]
    return np.asarray(rows[..., :-2] + rows[..., 1:-1] + rows[..., 2:])


def _spread(values: Doubles) -> Doubles:
    """Return (..., h + 2, w + 2) sums over the windows that contain each pixel."""
    return _box(np.pad(values, [(0, 0)] * (values.ndim - 2) + [(2, 2), (2, 2)]))
