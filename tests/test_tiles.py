"""Windows over pictures of any size, and their blending."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ablc import Region
from ablc.runtime import tiles
from ablc.runtime.tiles import Blend, WindowPlan

sides = st.integers(1, 700)


def plan_of(height: int, width: int, tile: int = 128) -> WindowPlan:
    return tiles.plan(height, width, whole=0, tile=tile)


@given(sides, sides)
def test_every_pixel_has_a_window_on_the_grid(height: int, width: int) -> None:
    plan = plan_of(height, width)
    for starts, length in ((plan.rows, height), (plan.columns, width)):
        covered = np.zeros(length, bool)
        for start in starts:
            assert start % tiles.MULTIPLE == 0
            assert start < length
            covered[start : start + 128] = True
        assert covered.all()
        assert all(b - a <= 128 - tiles.OVERLAP for a, b in itertools.pairwise(starts))
    assert plan.region == Region(0, 0, width, height)


@given(sides, sides)
def test_even_windows_are_no_larger_and_no_more(height: int, width: int) -> None:
    fixed = plan_of(height, width)
    even = tiles.plan(height, width, whole=0, tile=128, even=True)
    assert max(even.side) <= 128
    assert len(even.rows) == len(fixed.rows)
    assert len(even.columns) == len(fixed.columns)
    assert even.region == fixed.region
    for starts, side, length in zip(
        (even.rows, even.columns), even.side, (height, width), strict=True
    ):
        assert starts[-1] + side - length < 32 * len(starts) + tiles.MULTIPLE
        assert all(b - a <= side - tiles.OVERLAP for a, b in itertools.pairwise(starts))


def test_small_pictures_are_one_window() -> None:
    plan = tiles.plan(100, 300, whole=30_000, tile=128, multiple=64)
    assert plan.whole
    assert plan.side == (128, 320)
    assert not tiles.plan(100, 301, whole=30_000, tile=128).whole


def picture_of(plan: WindowPlan, seed: int = 0) -> np.ndarray:
    region = plan.region
    shape = (
        3,
        -(-region.height // 32) * 32 + plan.side[0],
        -(-region.width // 32) * 32 + plan.side[1],
    )
    return np.random.default_rng(seed).random(shape, np.float32)


def cut(picture: np.ndarray, plan: WindowPlan) -> list[list[np.ndarray]]:
    return [
        [picture[:, w.y : w.y + w.height, w.x : w.x + w.width] for w in plan.windows_at(y)]
        for y in plan.rows
    ]


@given(sides, sides)
def test_windows_of_one_picture_blend_to_that_picture(height: int, width: int) -> None:
    plan = plan_of(height, width)
    picture = picture_of(plan)
    row = 0
    for top, strip in Blend(plan).strips(cut(picture, plan)):
        assert top == row
        row += strip.shape[1]
        assert strip.shape[1] % tiles.MULTIPLE == 0
        assert abs(strip - picture[:, top:row, : strip.shape[2]]).max() < 1e-6
    assert row >= height


def test_weights_rise_without_a_jump() -> None:
    plan = plan_of(32, 400)
    windows = [np.full((3, *plan.side), i % 2, np.float32) for i in range(len(plan.columns))]
    ((_, strip),) = Blend(plan).strips([windows])
    assert abs(np.diff(strip[0, 0])).max() < 0.05
    assert strip[0, 0, 0] == 0


@given(sides, sides, st.data())
def test_a_region_is_blended_as_in_the_whole(height: int, width: int, data: st.DataObject) -> None:
    plan = plan_of(height, width)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    w, h = data.draw(st.integers(1, width - x)), data.draw(st.integers(1, height - y))
    part = tiles.part_of(plan, Region(x, y, w, h))

    def painted(plan: WindowPlan) -> np.ndarray:
        # every window shows its own corner, so that a wrong weight is seen
        rows = [
            [
                np.full((1, *plan.side), np.sin(win.x + 3 * win.y), np.float32)
                for win in plan.windows_at(top)
            ]
            for top in plan.rows
        ]
        return np.concatenate([strip.copy() for _, strip in Blend(plan, 1).strips(rows)], 1)[0]

    left, top = part.region.x, part.region.y
    whole, own = painted(plan), painted(part)
    assert (
        own[y - top : y - top + h, x - left : x - left + w] == whole[y : y + h, x : x + w]
    ).all()
