"""Masks of regions: what their numbers mean."""

import math
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ablc
from ablc.arrays import Pixels
from ablc.importance import Roi, check_mask, paint
from ablc.masks import shares_of

INSIDE = np.zeros((40, 64), np.bool_)
INSIDE[8:24, 16:48] = True
EVERY_INTEGER = [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32, np.int64]


@pytest.mark.parametrize("kind", [np.bool_, *EVERY_INTEGER, np.float16, np.float64])
def test_masks_of_0_and_1_are_flags(kind: type) -> None:
    assert (shares_of(INSIDE.astype(kind)) == INSIDE).all()


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32, np.int64])
def test_masks_of_0_and_255_are_flags(kind: type) -> None:
    assert (shares_of(INSIDE.astype(kind) * 255) == INSIDE).all()


def test_masks_of_0_and_the_greatest_number_are_flags() -> None:
    assert (shares_of(INSIDE.astype(np.uint16) * 65535) == INSIDE).all()


@pytest.mark.parametrize("kind", EVERY_INTEGER)
def test_every_label_but_0_is_inside(kind: type) -> None:
    labels = INSIDE.astype(kind)
    labels[8:24, 32:48] = 2
    labels[8:12, 16:20] = 90
    assert (shares_of(labels) == INSIDE).all()
    assert (shares_of(INSIDE.astype(kind) * 17) == INSIDE).all()


def test_thousands_of_labels_are_inside() -> None:
    labels = np.arange(40 * 64, dtype=np.int32).reshape(40, 64)
    assert (shares_of(labels) == (labels > 0)).all()


def test_soft_brushes_are_shares_in_255ths() -> None:
    ramp = np.tile(np.arange(0, 256, 3, dtype=np.uint8), (40, 1))
    assert shares_of(ramp) == pytest.approx(ramp / 255)
    edges = INSIDE.astype(np.uint8) * 255
    edges[8] //= 2
    assert shares_of(edges) == pytest.approx(edges / 255)
    assert shares_of(ramp // 2 + 100) == pytest.approx((ramp // 2 + 100) / 255)


def ambiguous() -> dict[str, np.ndarray]:
    """Masks that could be labels or shares."""
    halves = INSIDE.astype(np.uint8) * 128
    bordered = INSIDE.astype(np.uint8) * 15  # as in PASCAL VOC, where 255 is nothing at all
    bordered[7] = 255
    deep = np.tile(np.arange(64, dtype=np.uint16) * 1040, (40, 1))
    deep[:, -1] = 65535
    wide = np.tile(np.arange(64, dtype=np.int64) * 4, (40, 1))
    wide[:, -1] = 255
    return {"halves": halves, "bordered": bordered, "deep": deep, "wide": wide}


@pytest.mark.parametrize("name", ambiguous())
def test_masks_that_could_mean_two_things_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"shares, or labels.*mask > 0.*mask / \d+\.0"):
        paint([Roi(ambiguous()[name])], np.zeros((40, 64, 1), np.uint8))


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.full((40, 64), 255.0), r"floats must lie in 0\.\.1, not 255\.0\.\.255\.0"),
        (np.full((40, 64), math.nan), r"floats must lie in 0\.\.1"),
        (np.full((40, 64), -1), "must be at least 0, not -1"),
        (np.full((40, 64), 1j), "must be bool, integers or floats, not complex128"),
        (np.full((40, 64), "1"), "must be bool, integers or floats, not <U1"),
    ],
)
def test_numbers_that_no_mask_has_are_refused(mask: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        shares_of(mask)


@pytest.mark.parametrize("scale", [1, 3, 255])
def test_a_lossless_region_by_integers_comes_back(photo: Pixels, scale: int) -> None:
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[40:90, 60:120] = scale
    data = ablc.encode(photo, quality=5, importance=Roi(mask, math.inf))
    assert (ablc.decode(data)[mask > 0] == photo[mask > 0]).all()


def forms_of_a_mask() -> list[Any]:
    """The region INSIDE in the types of several libraries."""
    flags = INSIDE.astype(np.uint8)
    return [flags[:, :, None], Image.fromarray(flags), flags.tolist(), Image.fromarray(INSIDE)]


@pytest.mark.parametrize("mask", forms_of_a_mask(), ids=["channel", "L", "list", "1"])
def test_masks_may_be_whatever_makes_an_array(mask: Any) -> None:
    painted = paint([Roi(mask, 5, feather=0)], np.zeros((40, 64, 1), np.uint8))
    assert (painted == np.where(INSIDE, 5, 1)).all()


@pytest.mark.parametrize("scale", [1, 255])
def test_cells_to_keep_may_be_integers(scale: int) -> None:
    cells = np.array([[1, 0, 1], [0, 0, 1]], np.uint8)
    assert (check_mask(cells * scale, 16, 24) == cells).all()
    assert (check_mask((cells * scale).tolist(), 16, 24) == cells).all()
    with pytest.raises(ValueError, match=r"bool cells of shape \(2, 3\), not \(2, 3\) uint8"):
        check_mask(cells * 7, 16, 24)
