"""Importance maps, masks and regions of interest."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import ablc
from ablc.importance import Roi, check_mask, paint, to_cells
from ablc.regions import Region

GREY = np.zeros((40, 64, 1), np.uint8)  # a picture whose pixels do not matter


def blank(height: int, width: int) -> np.ndarray:
    return np.zeros((height, width, 1), np.uint8)


@given(
    st.tuples(st.integers(1, 30), st.integers(1, 30)).flatmap(
        lambda shape: arrays(np.float32, shape, elements=st.floats(0, 100, width=32))
    )
)
def test_cells_are_the_means_of_their_pixels(importance: np.ndarray) -> None:
    cells = to_cells(importance, blank(*importance.shape))
    assert cells.exact is None
    assert cells.weight.dtype == np.float32
    for row in range(cells.weight.shape[0]):
        for col in range(cells.weight.shape[1]):
            block = importance[8 * row : 8 * row + 8, 8 * col : 8 * col + 8]
            assert cells.weight[row, col] == pytest.approx(block.mean(dtype=float), rel=1e-5)


def test_cells_at_the_border_average_the_pixels_that_exist() -> None:
    assert to_cells(np.ones((9, 17)), blank(9, 17)).weight.tolist() == [[1, 1, 1], [1, 1, 1]]


@given(
    arrays(np.bool_, (21, 34), elements=st.booleans()),
    arrays(np.float64, (21, 34), elements=st.floats(0, 9)),
)
def test_a_cell_with_an_infinite_pixel_is_exact(infinite: np.ndarray, finite: np.ndarray) -> None:
    cells = to_cells(np.where(infinite, np.inf, finite), blank(21, 34))
    assert np.isfinite(cells.weight).all()
    for row in range(3):
        for col in range(5):
            inside = infinite[8 * row : 8 * row + 8, 8 * col : 8 * col + 8].any()
            assert inside == (cells.exact is not None and cells.exact[row, col])


@pytest.mark.parametrize(
    ("value", "message"), [(math.nan, "must not hold NaN"), (-0.5, "must be at least 0, not -0.5")]
)
def test_values_out_of_range_are_refused(value: float, message: str) -> None:
    importance = np.ones((10, 12))
    importance[3, 4] = value
    with pytest.raises(ValueError, match=message):
        to_cells(importance, blank(10, 12))


def test_maps_of_another_shape_or_kind_are_refused() -> None:
    with pytest.raises(ValueError, match=r"must be \(10, 12\) like the picture, not \(12, 10\)"):
        to_cells(np.ones((12, 10)), blank(10, 12))
    with pytest.raises(ValueError, match=r"must hold numbers, not complex128"):
        to_cells(np.ones((10, 12), complex), blank(10, 12))


def test_a_callable_makes_the_map_of_the_picture() -> None:
    picture = np.arange(80, dtype=np.uint8).reshape(8, 10, 1)
    cells = to_cells(lambda pixels: pixels[:, :, 0] >= 8, picture)
    assert cells.weight[0, 0] == pytest.approx((picture[:, :8, 0] >= 8).mean())


def test_a_callable_that_raises_is_named() -> None:
    def broken(_: np.ndarray) -> np.ndarray:
        raise KeyError("no weights")

    with pytest.raises(ablc.FinderError, match=r"broken failed: KeyError: 'no weights'"):
        to_cells(broken, GREY)


def test_masks_are_made_contiguous() -> None:
    mask = np.ones((6, 4), bool)[::2]
    assert check_mask(mask, 20, 30).flags.c_contiguous


# ---- regions of interest -----------------------------------------------------------------------


def test_regions_are_painted_in_their_order() -> None:
    left = np.zeros((4, 6), np.uint8)
    left[:, :3] = 255
    left[0, 3] = 51  # a fifth
    rois = [Roi(left, 6, feather=0), Roi(Region(0, 0, 2, 2), 0.5, feather=0)]
    painted = paint(rois, blank(4, 6))
    assert painted[0].tolist() == pytest.approx([0.5, 0.5, 6, 6**0.2, 1, 1])
    assert painted[3].tolist() == [6, 6, 6, 1, 1, 1]


@given(
    weight=st.floats(0, 1e6),
    feather=st.integers(0, 40),
    box=st.tuples(st.integers(0, 40), st.integers(0, 30), st.integers(1, 24), st.integers(1, 10)),
)
def test_a_region_has_its_weight_inside_and_fades_outside(
    weight: float, feather: int, box: tuple[int, int, int, int]
) -> None:
    painted = paint([Roi(Region(*box), weight, feather)], GREY)
    inside = Region(*box).slices
    assert (painted[inside] == np.float32(weight)).all()
    outside = np.ones(painted.shape, bool)
    outside[inside] = False
    low, high = sorted((1.0, min(max(weight, 1 / 64), 64.0)))
    assert painted[outside].min(initial=1) >= low * 0.999
    assert painted[outside].max(initial=1) <= high * 1.001
    far = np.ones(painted.shape, bool)
    x, y, width, height = box
    reach = 8 * (-(-feather // 8) + 1)
    far[max(y - reach, 0) : y + height + reach, max(x - reach, 0) : x + width + reach] = False
    assert (painted[far] == 1).all()


def test_the_border_fades_in_steps_from_cell_to_cell() -> None:
    painted = paint([Roi(Region(0, 0, 16, 40), 16, feather=16)], GREY)
    ramp = [16, 16, 16 ** (2 / 3), 16 ** (1 / 3), 1, 1, 1, 1]
    assert painted[20, ::8].tolist() == pytest.approx(ramp)


def test_lossless_regions_are_infinite_and_stay_so_beside_others() -> None:
    rois = [Roi(Region(8, 8, 8, 8), math.inf), Roi(Region(24, 8, 8, 8), 4)]
    painted = paint(rois, GREY)
    assert np.isinf(painted[8:16, 8:16]).all()
    assert np.isinf(painted).sum() == 64
    assert (painted[8:16, 24:32] == 4).all()


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.float32])
def test_masks_may_be_flags_bytes_or_shares(kind: type) -> None:
    mask = np.zeros((40, 64), kind)
    mask[8:16, 8:16] = 255 if kind is np.uint8 else 1
    assert (paint([Roi(mask, 5, feather=0)], GREY) == np.where(mask, 5, 1)).all()


def test_a_neutral_map_is_as_none(photo: np.ndarray) -> None:
    plain = ablc.encode(photo, quality=30)
    assert ablc.encode(photo, quality=30, importance=np.ones(photo.shape[:2])) == plain


def test_regions_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"region 5,0,2,1 is empty or not inside .* 6x4"):
        paint([Roi(Region(5, 0, 2, 1))], blank(4, 6))
    with pytest.raises(ValueError, match=r"mask must be \(4, 6\) like the picture, not \(4, 5\)"):
        paint([Roi(np.zeros((4, 5), np.uint8))], blank(4, 6))
    with pytest.raises(ValueError, match="region is empty: its mask is 0 everywhere"):
        paint([Roi(np.zeros((4, 6), np.uint8))], blank(4, 6))
    with pytest.raises(ValueError, match=r"must lie in 0\.\.1"):
        paint([Roi(np.full((4, 6), 2.0))], blank(4, 6))


@pytest.mark.parametrize("weight", [-1, math.nan])
def test_weights_out_of_range_are_refused(weight: float) -> None:
    with pytest.raises(ValueError, match=r"must be at least 0, at most 1e\+30 or infinite, not"):
        Roi(Region(0, 0, 1, 1), weight)


def test_regions_are_four_numbers() -> None:
    assert Region.parse("1, 2,3,4") == (1, 2, 3, 4)
    for text in ("", "1,2,3", "1,2,3,4,5", "1,2,3,x", "1,2,3,4.0"):
        with pytest.raises(ValueError, match="a region is X,Y,W,H in whole pixels"):
            Region.parse(text)


# ---- in streams --------------------------------------------------------------------------------


def mean_square(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a.astype(float) - b) ** 2).mean())


def test_a_region_gains_what_the_rest_loses(photo: np.ndarray) -> None:
    box = Region(60, 40, 64, 64)
    coder = ablc.Encoder(bpp=2, subsampling="4:4:4")
    plain = ablc.decode(coder.encode(photo))
    steered = ablc.decode(coder.encode(photo, importance=Roi(box, 32)))
    inside = box.slices
    was = mean_square(plain[inside], photo[inside])
    assert mean_square(steered[inside], photo[inside]) < 0.5 * was
    assert mean_square(steered, photo) > mean_square(plain, photo)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_every_pixel_of_a_lossless_region_comes_back(photo: np.ndarray, channels: int) -> None:
    picture = np.dstack([photo, photo[:, :, 0]])[:, :, :channels]
    ellipse = np.hypot(*np.ogrid[-1:1:150j, -1:1:220j]) < 0.4
    data = ablc.encode(picture, quality=1, importance=Roi(ellipse, math.inf))
    assert (ablc.decode(data)[ellipse] == picture[ellipse]).all()
    whole = ablc.encode(picture, lossless=True)
    assert len(data) < 0.6 * len(whole)


def test_a_lossless_region_leaves_the_rest_to_the_rate(photo: np.ndarray) -> None:
    roi = Roi(Region(60, 40, 30, 30), math.inf)
    floor = len(ablc.encode(photo, quality=1, importance=roi))
    for target in (floor + 500, floor + 3000):
        data = ablc.encode(photo, target_bytes=target, importance=roi)
        assert 0.98 * target <= len(data) <= target
        assert (ablc.decode(data)[40:70, 60:90] == photo[40:70, 60:90]).all()
    with pytest.raises(ValueError, match=r"smallest stream of this picture has \d+ bytes"):
        ablc.encode(photo, target_bytes=floor // 2, importance=roi)


def test_nothing_is_spent_where_importance_is_0(photo: np.ndarray) -> None:
    importance = np.ones(photo.shape[:2])
    importance[:64, :128] = 0
    data = ablc.encode(photo, quality=60, importance=importance)
    cells = ablc.coding_map(data)
    assert not cells.kept[:8, :16].any()
    assert cells.bits[:8, :16].mean() < 0.1 * cells.bits[8:].mean()
