"""The codecs of an evaluation, and figures of their curves."""

import importlib

import numpy as np
import pytest

from ablc.eval.rd.curves import Curve, Mean, at_rate, bd_rate, bd_rates, line
from ablc.metrics import psnr
from ablc.peers import libraries
from ablc.peers.ablc_codec import OWN, QUALITIES, ablc_codec, own
from ablc.peers.codec import MissingCodecError
from ablc.peers.libraries import LOSSLESS_PEERS, PEERS, lossless_peer, peer
from scenes import scene


@pytest.mark.parametrize("name", PEERS)
def test_a_finer_quality_makes_a_larger_and_better_file(name: str) -> None:
    try:
        codec = peer(name)
    except MissingCodecError as error:
        pytest.skip(str(error))
    picture = scene(96, 131)
    coarse, fine = (codec.encode(picture, q) for q in (codec.qualities[0], codec.qualities[-1]))
    assert codec.name == name
    assert len(coarse) < len(fine)
    assert 10 < psnr(picture, codec.decode(coarse)) < psnr(picture, codec.decode(fine))


@pytest.mark.parametrize("name", LOSSLESS_PEERS)
def test_lossless_peers_lose_nothing(name: str) -> None:
    try:
        codec = lossless_peer(name)
    except MissingCodecError as error:
        pytest.skip(str(error))
    picture = scene(41, 60)
    assert (codec.decode(codec.encode(picture, 0)) == picture).all()


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    monkeypatch.setattr(libraries.features, "check", lambda _: False)
    for name in (*PEERS, *LOSSLESS_PEERS):
        make = peer if name in PEERS else lossless_peer
        with pytest.raises(MissingCodecError, match="pip install"):
            make(name)


def test_a_libvips_without_mozjpeg_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyvips", reason="needs the extra [eval]")
    monkeypatch.setattr(libraries, "_vips_jpeg", lambda *_, **__: b"the same")
    with pytest.raises(MissingCodecError, match="no mozjpeg"):
        peer("mozjpeg")


@pytest.mark.parametrize("make", [peer, lossless_peer, own])
def test_unknown_codecs_are_refused(make) -> None:
    with pytest.raises(ValueError, match="no codec 'BPG'; there are"):
        make("BPG")


def test_a_painted_codec_codes_the_same_files_and_shows_others(networks: None) -> None:
    picture = scene(64, 96)
    plain, painted = own(OWN[0]), own(OWN[1])
    data = plain.encode(picture, QUALITIES[3])
    assert painted.encode(picture, QUALITIES[3]) == data
    assert (painted.decode(data) != plain.decode(data)).any()


def test_without_onnx_runtime_a_painted_codec_is_missing() -> None:
    with pytest.raises(MissingCodecError, match=r"ablc\[cpu\]"):
        own(OWN[1])


def test_options_reach_the_encoder() -> None:
    picture = scene(64, 96)
    plain, full = ablc_codec(), ablc_codec({"subsampling": "4:4:4"})
    assert "subsampling 4:4:4" in full.settings
    assert plain.encode(picture, 40) != full.encode(picture, 40)
    exact = ablc_codec(lossless=True)
    assert (exact.decode(exact.encode(picture, 0)) == picture).all()


# --- curves ---------------------------------------------------------------------------------------


def curve(scale: float = 1.0, lift: float = 0.0) -> Curve:
    """Six decibels a doubling of the rate."""
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
    found = bd_rates(anchor, tested, ["psnr", "texture"], (0.01, 2))
    assert found["texture"] is None
    assert found["psnr"] is not None
    assert found["psnr"].count == 2
    assert found["psnr"].mean == pytest.approx(25)
    assert found["psnr"].text("+.0f", 3) == "+25 (2)"


def test_a_measure_at_a_rate_is_interpolated_within_the_curve() -> None:
    pytest.importorskip("scipy", reason="needs the extra [eval]")
    found = at_rate(curve(), "psnr", 0.2)
    assert found == pytest.approx(30 + 20 * np.log10(0.2), abs=0.01)
    assert at_rate(curve(), "psnr", 0.7) is None
    assert at_rate(curve(), "psnr", 0.03) is None
    assert at_rate(curve()[:1], "psnr", 0.04) is None


def test_a_curve_is_sorted_by_rate_and_skips_what_was_not_measured() -> None:
    bpp, value = line([{"bpp": 2, "psnr": 5}, {"bpp": 1, "psnr": 4}, {"bpp": 3}], "psnr")
    assert bpp.tolist() == [1, 2]
    assert value.tolist() == [4, 5]
    assert Mean.of([None, None]) is None
