"""Rate control, on made-up codecs whose size is a formula."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ablc.rate import STEP_MAX, STEP_MIN, first_step, hit_target


class PowerLaw:
    """A codec of scale * step^-slope * lambda^-0.25 bytes, plus what does not shrink."""

    def __init__(self, scale: float, slope: float, fixed: int = 0, ripple: float = 0) -> None:
        self.scale, self.slope, self.fixed, self.ripple = scale, slope, fixed, ripple
        self.passes: list[tuple[int, float]] = []

    def __call__(self, step: int, lambda_scale: float) -> bytes:
        self.passes.append((step, lambda_scale))
        return bytes(self.size(step, lambda_scale))

    def size(self, step: int, lambda_scale: float = 1.0) -> int:
        size = self.scale * step**-self.slope * lambda_scale**-0.25
        return round(size * (1 + self.ripple * math.sin(7 * step))) + self.fixed


@given(
    scale=st.floats(1e5, 1e9),
    slope=st.floats(0.4, 2),
    fixed=st.integers(20, 200),
    ripple=st.floats(0, 0.004),
    share=st.floats(0.001, 0.999),
    start=st.integers(STEP_MIN, STEP_MAX),
)
def test_any_reachable_target_is_met_within_2_percent_and_never_exceeded(
    scale: float, slope: float, fixed: int, ripple: float, share: float, start: int
) -> None:
    codec = PowerLaw(scale, slope, fixed, ripple)
    smallest, largest = codec.size(STEP_MAX), codec.size(STEP_MIN)
    target = round(smallest ** (1 - share) * largest**share)
    assume(500 < target < 5_000_000)
    assume(smallest < 0.97 * target)
    data = hit_target(codec, target, start=start)
    assert 0.98 * target <= len(data) <= target
    assert len(codec.passes) <= 14


def test_a_photograph_takes_few_passes() -> None:
    codec = PowerLaw(scale=1.6e7, slope=1.19, fixed=60)
    for bpp in (0.1, 0.25, 0.5, 1):
        codec.passes.clear()
        hit_target(codec, round(bpp * 768 * 512 / 8), start=first_step(bpp))
        assert len(codec.passes) <= 4


def test_the_lagrangian_closes_the_gap_between_two_fine_steps() -> None:
    codec = PowerLaw(scale=1e6, slope=1)  # 62500 bytes at step 16, 58824 at 17
    assert 60_270 <= len(hit_target(codec, 61_500)) <= 61_500
    assert codec.passes[-1][0] == 16
    assert codec.passes[-1][1] > 1


def test_targets_below_the_smallest_stream_are_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"smallest stream .* has 73 bytes, 50 were asked for"):
        hit_target(PowerLaw(scale=212_992, slope=1, fixed=60), 50)


def test_targets_above_the_largest_stream_are_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"largest stream .* has 62500 bytes, 64000 were"):
        hit_target(PowerLaw(scale=1e6, slope=1), 64_000)


def test_where_nothing_falls_in_the_window_the_largest_that_fits_is_taken() -> None:
    def coarse(step: int, lambda_scale: float) -> bytes:
        return bytes(40 if step * lambda_scale < 300 else 30)

    assert len(hit_target(coarse, 35)) == 30


@pytest.mark.parametrize("bpp", [1e-6, 0.05, 1, 24, 1e6])
def test_the_first_step_is_one_that_the_codec_has(bpp: float) -> None:
    assert STEP_MIN <= first_step(bpp) <= STEP_MAX
