"""How generated detail enters a filled picture."""

import numpy as np
import pytest
from ablc.runtime.compose import FEATHER, SMOOTH, box, combine

SHAPE = (3, 64, 96)


@pytest.fixture
def pictures() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.random(SHAPE, np.float32), rng.random(SHAPE, np.float32)


@pytest.fixture
def kept() -> np.ndarray:
    kept = np.ones(SHAPE[1:], np.float32)
    kept[16:48, 24:72] = 0
    return kept


def test_kept_pixels_stay(pictures: tuple[np.ndarray, np.ndarray], kept: np.ndarray) -> None:
    filled, generated = pictures
    found = combine(filled, generated, kept, 1.0)
    assert (found[:, kept > 0] == filled[:, kept > 0]).all()
    assert (combine(filled, generated, kept, 0.0) == filled).all()
    assert (combine(filled, generated, np.ones_like(kept), 1.0) == filled).all()


def test_detail_is_that_of_the_generated_picture(
    pictures: tuple[np.ndarray, np.ndarray], kept: np.ndarray
) -> None:
    filled, generated = pictures
    found = combine(filled, generated, kept, 1.0)
    inner = np.s_[:, 16 + 2 * FEATHER : 48 - 2 * FEATHER, 24 + 2 * FEATHER : 72 - 2 * FEATHER]

    def detail(picture: np.ndarray) -> np.ndarray:
        return picture - box(box(picture, SMOOTH), SMOOTH)

    expected = filled + detail(generated) - detail(filled)
    assert abs(found - expected)[inner].max() < 1e-5


def test_shading_stays(kept: np.ndarray) -> None:
    filled = np.full(SHAPE, 0.4, np.float32)
    darker = np.full(SHAPE, 0.1, np.float32)
    assert abs(combine(filled, darker, kept, 1.0) - filled).max() < 1e-6


def test_a_box_is_a_mean() -> None:
    values = np.random.default_rng(1).random((2, 20, 30)).astype(np.float32)
    around = np.pad(values, [(0, 0), (2, 2), (2, 2)], mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(around, (5, 5), (1, 2))
    assert abs(box(values, 2) - windows.mean((-1, -2))).max() < 1e-6
