"""A generated picture's detail in a filled one."""

import numpy as np
import numpy.typing as npt
import pytest

from ablc.arrays import Floats
from ablc.runtime.detail_transfer import transfer_detail
from scenes import scene

HEIGHT, WIDTH = 96, 160


def picture(seed: int) -> Floats:
    return scene(HEIGHT, WIDTH, seed=seed).astype(np.float32).transpose(2, 0, 1) / 255


def cells(share: float = 0.5) -> npt.NDArray[np.bool_]:
    """Kept cells in groups of 2x2."""
    coarse = np.random.default_rng(3).random((HEIGHT // 16, WIDTH // 16)) < share
    return coarse.repeat(2, 0).repeat(2, 1)


def means(x: Floats, side: int = 8) -> Floats:
    """(C, H/side, W/side)"""
    result: Floats = x.reshape(3, HEIGHT // side, side, WIDTH // side, side).mean((2, 4))
    return result


def test_no_strength_is_the_filled_picture() -> None:
    filled = picture(1)
    assert np.array_equal(transfer_detail(filled, picture(2), cells(), 0.0), filled)


def test_kept_pixels_stay() -> None:
    filled, kept = picture(1), cells()
    result = transfer_detail(filled, picture(2), kept, 1.0)
    pixels = kept.repeat(8, 0).repeat(8, 1)
    assert np.array_equal(result[:, pixels], filled[:, pixels])
    changed = (result != filled).any(0)
    assert changed[~pixels].mean() > 0.95
    assert result.dtype == np.float32


def test_smooth_parts_stay_those_of_the_filled_picture() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    colours = np.stack([0.3 * np.sin(y / 40), 0.3 * np.cos(x / 50), x / WIDTH - 0.2])
    filled = picture(1)
    result = transfer_detail(filled, filled + colours, np.zeros((HEIGHT // 8, WIDTH // 8)), 1.0)
    assert abs(result - filled)[:, 8:-8, 8:-8].max() < 0.01
    assert abs(colours).max() > 0.3


def test_means_of_areas_stay() -> None:
    filled, noise = picture(1), np.random.default_rng(0).normal(0, 0.1, (3, HEIGHT, WIDTH))
    generated = (filled + noise).astype(np.float32)
    result = transfer_detail(filled, generated, np.zeros((HEIGHT // 8, WIDTH // 8)), 1.0)
    assert abs(means(result, 16) - means(filled, 16)).max() < 0.01
    assert (result - filled).std() > 0.09


def test_strength_is_a_share() -> None:
    filled, generated = picture(1), picture(2)
    half, full = (transfer_detail(filled, generated, cells(), s) - filled for s in (0.5, 1.0))
    assert half == pytest.approx(full / 2, abs=1e-6)


def test_the_share_rises_over_four_pixels_from_kept_cells() -> None:
    kept = np.zeros((HEIGHT // 8, WIDTH // 8), np.float32)
    kept[:, :4] = 1
    filled = np.zeros((3, HEIGHT, WIDTH), np.float32)
    generated = np.tile(np.array([1, -1], np.float32), (3, HEIGHT, WIDTH // 2))
    result = abs(transfer_detail(filled, generated, kept, 1.0))[0, 20, 30:40]
    assert result.tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1, 1, 1]


def test_a_cell_that_only_touches_a_kept_one_meets_it_softly() -> None:
    kept = np.zeros((HEIGHT // 8, WIDTH // 8), np.float32)
    kept[3, 3] = 1
    filled = np.zeros((3, HEIGHT, WIDTH), np.float32)
    generated = np.tile(np.array([1, -1], np.float32), (3, HEIGHT, WIDTH // 2))
    share = abs(transfer_detail(filled, generated, kept, 1.0))[0]
    assert abs(np.diff(share)).max() <= 0.25
    assert abs(np.diff(share, axis=0)).max() <= 0.25
    assert share[0, 0] == 1  # nothing is feathered at the borders of the picture


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match=r"must be \(3, H, W\) twice"):
        transfer_detail(picture(1), picture(2), cells()[1:], 1.0)
