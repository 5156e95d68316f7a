"""Rate control, on simulated codecs whose lengths follow a formula."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

import ablc
from ablc.rate import STEP_MAX, STEP_MIN, hit_target
from ablc.settings import step_of
from ablc.size_forecast import fixed_bytes, forecast_of
from scenes import scene


class PowerLaw:
    """A codec of scale * step^-slope * 2^(-tail / 4) bytes, plus a constant."""

    def __init__(self, scale: float, slope: float, fixed: int = 0, ripple: float = 0) -> None:
        self.scale, self.slope, self.fixed, self.ripple = scale, slope, fixed, ripple
        self.passes: list[tuple[int, float]] = []

    def __call__(self, step: int, tail: float) -> bytes:
        self.passes.append((step, tail))
        return bytes(self.size(step, tail))

    def size(self, step: int, tail: float = 0.0) -> int:
        size = self.scale * step**-self.slope * 2 ** (-tail / 4)
        return round(size * (1 + self.ripple * math.sin(7 * step))) + self.fixed


def rough(step: float) -> float:
    """A forecast that knows almost nothing about the codec."""
    return 1e6 / step


@given(
    scale=st.floats(1e5, 1e9),
    slope=st.floats(0.4, 2),
    fixed=st.integers(20, 200),
    ripple=st.floats(0, 0.004),
    share=st.floats(0.001, 0.999),
    guess=st.floats(1e4, 1e8),
)
def test_any_reachable_target_is_met_within_2_percent_and_never_exceeded(
    scale: float, slope: float, fixed: int, ripple: float, share: float, guess: float
) -> None:
    codec = PowerLaw(scale, slope, fixed, ripple)
    smallest, largest = codec.size(STEP_MAX), codec.size(STEP_MIN)
    target = round(smallest ** (1 - share) * largest**share)
    assume(500 < target < 5_000_000)
    assume(smallest < 0.97 * target)
    data = hit_target(codec, target, lambda step: guess / step)
    assert 0.98 * target <= len(data) <= target
    assert len(codec.passes) <= 16


def test_a_good_forecast_takes_few_passes() -> None:
    codec = PowerLaw(scale=1.6e7, slope=1.19, fixed=60, ripple=0.004)
    for bpp in (0.1, 0.25, 0.5, 1):
        codec.passes.clear()
        hit_target(codec, round(bpp * 768 * 512 / 8), lambda step: 1.3e7 * step**-1.1)
        assert len(codec.passes) <= 4


def test_what_no_step_changes_is_set_apart() -> None:
    codec = PowerLaw(scale=1e6, slope=1.1, fixed=40_000)
    hit_target(codec, 42_000, rough, lambda _: 40_000)
    assert len(codec.passes) <= 4


def test_tails_close_the_gap_between_two_fine_steps() -> None:
    codec = PowerLaw(scale=1e6, slope=1)  # 62500 bytes at step 16, 58824 at 17
    assert 60_270 <= len(hit_target(codec, 61_500, rough)) <= 61_500
    assert codec.passes[-1][1] != 0


def test_targets_below_the_smallest_stream_are_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"smallest stream .* has 71 bytes, 50 were requested"):
        hit_target(PowerLaw(scale=212_992, slope=1, fixed=60), 50, rough)


def test_targets_above_the_largest_stream_are_refused_with_its_size() -> None:
    with pytest.raises(ValueError, match=r"largest stream .* has 62500 bytes, 90000 were"):
        hit_target(PowerLaw(scale=1e6, slope=1), 90_000, rough)


def test_where_nothing_falls_in_the_window_the_largest_that_fits_is_taken() -> None:
    def coarse(step: int, tail: float) -> bytes:
        return bytes(40 if step * (1 + tail / 8) < 300 else 30)

    assert len(hit_target(coarse, 35, rough)) == 30


@pytest.mark.parametrize("shape", [(1, 1, 1), (9, 200, 3), (300, 300, 4)])
def test_forecasts_exist_for_any_picture_and_fall(shape: tuple[int, int, int]) -> None:
    forecast = forecast_of(scene(*shape), None, None)
    sizes = [forecast(step) for step in (STEP_MIN, 100, 1000, STEP_MAX)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] > 0


def test_forecasts_know_photographs(kodak: Path) -> None:
    for name in ("kodim05", "kodim23"):
        picture = np.asarray(Image.open(kodak / f"{name}.png").convert("RGB"))
        forecast = forecast_of(picture, None, None)
        for quality in (10, 50, 80):
            size = len(ablc.encode(picture, quality=quality))
            assert 0.6 < forecast(step_of(quality)) / size < 1.6


def test_forecasts_follow_importance_and_mask() -> None:
    picture = scene(160, 160)
    plain = forecast_of(picture, None, None)(600)
    finer = forecast_of(picture, np.full((20, 20), 16, np.float32), None)(600)
    half = forecast_of(picture, None, np.arange(400).reshape(20, 20) < 200)(600)
    assert finer > 2 * plain
    assert 0.5 * plain < half < 0.8 * plain


def test_fixed_bytes_are_all_but_what_the_step_governs(photo: np.ndarray) -> None:
    picture = np.dstack([photo, photo[:, :, 0]])
    corner = ablc.Roi(ablc.Region(0, 0, 8, 8), math.inf)
    data = ablc.encode(picture, exif=b"II*\0", importance=corner)
    governed = ("MASK", "BLKS")
    sections = ablc.inspect(data).sections
    assert fixed_bytes(data) == sum(s.length for s in sections if s.name not in governed)
