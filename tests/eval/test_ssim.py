"""The SSIM of the paper's table."""

import numpy as np
import pytest

from ablc.eval.paper.ssim import ssim_rgb
from scenes import scene


def test_ssim_is_that_of_scikit_image_by_default() -> None:
    skimage = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    a, b = scene(40, 57), scene(40, 57, seed=2)
    expected = skimage.structural_similarity(a, b, channel_axis=2)
    assert ssim_rgb(a, b) == pytest.approx(expected, abs=1e-12)


def test_ssim_is_that_of_a_plain_sum_over_windows() -> None:
    a, b = scene(12, 11), scene(12, 11, seed=2)
    values = []
    for c in range(3):
        for y in range(6):
            for x in range(5):
                p, q = (s[y : y + 7, x : x + 7, c].astype(float).ravel() for s in (a, b))
                cov = np.cov(p, q)
                c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
                values.append(
                    (2 * p.mean() * q.mean() + c1)
                    * (2 * cov[0, 1] + c2)
                    / ((p.mean() ** 2 + q.mean() ** 2 + c1) * (cov[0, 0] + cov[1, 1] + c2))
                )
    assert ssim_rgb(a, b) == pytest.approx(np.mean(values), abs=1e-9)
    assert ssim_rgb(a, a) == pytest.approx(1)
    with pytest.raises(ValueError, match="must both be"):
        ssim_rgb(a, b[:-1])
    with pytest.raises(ValueError, match="under 7"):
        ssim_rgb(a[:6], b[:6])
