"""Measures, against values computed by hand or by other programs."""

import math

import numpy as np
import pytest

from ablc.metrics import compare, ms_ssim, psnr, ssim


def ramp(height: int, width: int) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 with different channels."""
    y, x, c = np.mgrid[:height, :width, :3]
    return ((7 * x + 3 * y + 50 * c + x * y // 9) % 256).astype(np.uint8)


def noisy(picture: np.ndarray) -> np.ndarray:
    y, x, c = np.mgrid[: picture.shape[0], : picture.shape[1], : picture.shape[2]]
    return np.clip(picture.astype(int) + (x * 5 + y * 11 + c * 3) % 17 - 8, 0, 255).astype(np.uint8)


def test_psnr_of_a_constant_error() -> None:
    a = np.full((5, 7, 3), 100, np.uint8)
    assert psnr(a, a + 1) == pytest.approx(48.1308036)  # 20 log10 255
    assert psnr(a, a) == math.inf


def test_psnr_and_ssim_are_those_of_scikit_image() -> None:
    skimage = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    for height, width in ((11, 11), (64, 83)):
        a = ramp(height, width)
        b = noisy(a)
        assert psnr(a, b) == pytest.approx(skimage.peak_signal_noise_ratio(a, b))
        lumas = (picture @ np.array([0.299, 0.587, 0.114]) for picture in (a, b))
        gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        expected = skimage.structural_similarity(*lumas, data_range=255, **gaussian)
        assert ssim(a, b) == pytest.approx(expected, abs=1e-12)


def test_ssim_of_two_flat_pictures_is_the_luminance_term_alone() -> None:
    a, b = np.full((11, 11, 3), 100, np.uint8), np.full((11, 11, 3), 120, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(a, b) == pytest.approx((2 * 100 * 120 + c1) / (100**2 + 120**2 + c1))


def test_equal_pictures_have_similarity_one() -> None:
    measured = compare(ramp(180, 190), ramp(180, 190))
    assert (measured.psnr, measured.ssim, measured.ms_ssim) == (
        math.inf,
        pytest.approx(1),
        pytest.approx(1),
    )


def test_values_have_not_changed() -> None:
    a = ramp(200, 211)
    b = noisy(a)
    assert psnr(a, b) == pytest.approx(34.4077725, abs=1e-6)
    assert ssim(a, b) == pytest.approx(0.9946939, abs=1e-6)
    assert ms_ssim(a, b) == pytest.approx(0.9995013, abs=1e-6)


def test_small_pictures_have_no_similarity() -> None:
    assert ssim(ramp(10, 40), ramp(10, 40)) is None
    assert ms_ssim(ramp(175, 400), ramp(175, 400)) is None


def test_grey_is_compared_as_rgb() -> None:
    grey = ramp(20, 20)[..., :1]
    assert compare(grey, grey.repeat(3, axis=2)).psnr == math.inf
    assert compare(grey[..., 0], grey).psnr == math.inf


def test_transparent_pictures_are_compared_on_white() -> None:
    clear = np.zeros((4, 4, 4), np.uint8)
    assert compare(clear, np.full((4, 4, 3), 255, np.uint8)).psnr == math.inf


def test_pictures_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="differ in size: 20x30 and 21x30 pixels"):
        compare(ramp(30, 20), ramp(30, 21))


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((4, 4, 3)), "must be a uint8 array, not float64"),
        ([[1]], "must be a uint8 array, not list"),
        (np.zeros((4, 4, 2), np.uint8), r"not \(4, 4, 2\)"),
        (np.zeros((0, 4, 3), np.uint8), r"not \(0, 4, 3\)"),
    ],
)
def test_what_is_no_picture_is_refused(picture: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare(picture, ramp(4, 4))  # type: ignore[arg-type]
