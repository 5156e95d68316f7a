"""Rate against distortion: BD-rates, means, interpolation."""

import numpy as np
import pytest

from ablc.eval.rd.curves import Curve, Mean, at_rate, bd_rate, bd_rates, line


def curve(scale: float = 1.0, lift: float = 0.0) -> Curve:
    """Return a curve that gains six decibels per doubling of the rate."""
    rates = np.geomspace(0.04, 0.6, 12)
    return [
        {
            "bpp": float(scale * rate),
            "psnr": float(30 + 20 * np.log10(rate) + lift),
            "ssim": float(1 - 0.01 / rate),
            "lpips": float(0.01 / rate),
        }
        for rate in rates
    ]


@pytest.mark.parametrize("measure", ["psnr", "ssim", "lpips"])
def test_half_the_bits_are_a_bd_rate_of_minus_fifty(measure: str) -> None:
    pytest.importorskip("bjontegaard", reason="needs the extra [eval]")
    assert bd_rate(curve(), curve(0.5), measure, (0.01, 1)) == pytest.approx(-50)
    assert bd_rate(curve(0.5), curve(), measure, (0.01, 1)) == pytest.approx(100)
    assert bd_rate(curve(), curve(), measure) == pytest.approx(0)


def test_curves_that_hardly_overlap_have_no_bd_rate() -> None:
    pytest.importorskip("bjontegaard", reason="needs the extra [eval]")
    assert bd_rate(curve(), curve(lift=60), "psnr") is None
    assert bd_rate(curve(), curve()[:2], "psnr") is None
    assert bd_rate(curve(), curve(), "ms_ssim") is None


def test_means_are_over_the_pictures_of_both() -> None:
    pytest.importorskip("bjontegaard", reason="needs the extra [eval]")
    anchor = {"one": curve(), "two": curve(), "three": curve()}
    tested = {"one": curve(0.5), "two": curve(2.0), "four": curve()}
    rates = bd_rates(anchor, tested, ["psnr", "texture"], (0.01, 2))
    assert rates["texture"] is None
    assert rates["psnr"] is not None
    assert rates["psnr"].count == 2
    assert rates["psnr"].mean == pytest.approx(25)
    assert rates["psnr"].text("+.0f", 3) == "+25 (2)"


def test_a_measure_at_a_rate_is_interpolated_within_the_curve() -> None:
    pytest.importorskip("scipy", reason="needs the extra [eval]")
    value = at_rate(curve(), "psnr", 0.2)
    assert value == pytest.approx(30 + 20 * np.log10(0.2), abs=0.01)
    assert at_rate(curve(), "psnr", 0.7) is None
    assert at_rate(curve(), "psnr", 0.03) is None
    assert at_rate(curve()[:1], "psnr", 0.04) is None


def test_a_curve_is_sorted_by_rate_and_skips_what_was_not_measured() -> None:
    bpp, value = line([{"bpp": 2, "psnr": 5}, {"bpp": 1, "psnr": 4}, {"bpp": 3}], "psnr")
    assert bpp.tolist() == [1, 2]
    assert value.tolist() == [4, 5]
    assert Mean.of([None, None]) is None
