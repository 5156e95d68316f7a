"""Importance maps, masks and regions of interest."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ablc.importance import Roi, cell_means, check_mask, paint
from ablc.regions import Region


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
        lambda shape: arrays(np.float32, shape, elements=st.floats(0, 100, width=32))
    )
)
def test_cells_are_the_means_of_their_pixels(importance: np.ndarray) -> None:
    height, width = importance.shape
    cells = cell_means(importance, height, width)
    assert cells.dtype == np.float32
    for row in range(cells.shape[0]):
        for col in range(cells.shape[1]):
            block = importance[8 * row : 8 * row + 8, 8 * col : 8 * col + 8]
            assert cells[row, col] == pytest.approx(block.mean(dtype=float), rel=1e-5)


def test_cells_at_the_border_average_the_pixels_that_exist() -> None:
    assert cell_means(np.ones((9, 17)), 9, 17).tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (math.nan, "must not hold NaN"),
        (-0.5, "must be at least 0, not -0.5"),
        (math.inf, "must be finite"),
    ],
)
def test_values_out_of_range_are_refused(value: float, message: str) -> None:
    importance = np.ones((10, 12))
    importance[3, 4] = value
    with pytest.raises(ValueError, match=message):
        cell_means(importance, 10, 12)


def test_maps_of_another_shape_or_kind_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(10, 12\) like the picture, not \(12, 10\)"):
        cell_means(np.ones((12, 10)), 10, 12)
    with pytest.raises(ValueError, match=r"must hold numbers, not complex128"):
        cell_means(np.ones((10, 12), complex), 10, 12)


def test_masks_are_made_contiguous() -> None:
    mask = np.ones((6, 4), bool)[::2]
    assert check_mask(mask, 20, 30).flags.c_contiguous


def test_regions_are_painted_in_their_order() -> None:
    left = np.zeros((4, 6), np.uint8)
    left[:, :3] = 255
    left[0, 3] = 51  # a fifth
    painted = paint([Roi(left, 6), Roi(Region(0, 0, 2, 2), 0.5)], 4, 6)
    assert painted[0].tolist() == [0.5, 0.5, 6, 2, 1, 1]
    assert painted[3].tolist() == [6, 6, 6, 1, 1, 1]


def test_regions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"region 5,0,2,1 is empty or not inside .* 6x4"):
        paint([Roi(Region(5, 0, 2, 1))], 4, 6)
    with pytest.raises(ValueError, match="mask is 5x4 pixels, the picture 6x4"):
        paint([Roi(np.zeros((4, 5), np.uint8))], 4, 6)


@pytest.mark.parametrize("weight", [-1, math.nan, math.inf])
def test_weights_out_of_range_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match="must be finite and >= 0"):
        Roi(Region(0, 0, 1, 1), weight)


def test_regions_are_four_numbers() -> None:
    assert Region.parse("1, 2,3,4") == (1, 2, 3, 4)
    for text in ("", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,4.0"):
        with pytest.raises(ValueError, match="a region is X,Y,W,H in whole pixels"):
            Region.parse(text)
