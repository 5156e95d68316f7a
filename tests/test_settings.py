"""Settings: the quality scale, ranges, defaults."""

import inspect
import itertools
import math
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

import ablc
from ablc.cli.decode import decode as decode_command
from ablc.cli.encode import encode as encode_command
from ablc.settings import DecodeSettings, EncodeSettings, pixel_limit, step_of


def test_quality_100_has_a_step_of_one_grey_level() -> None:
    assert step_of(100) == 16


def test_every_whole_quality_has_a_finer_step_than_the_one_below() -> None:
    steps = [step_of(quality) for quality in (1, 4, 7, 10, 13, *range(16, 101))]
    assert all(coarse > fine for coarse, fine in itertools.pairwise(steps))
    assert steps[0] <= 16384


def test_the_lowest_qualities_go_in_threes() -> None:
    assert step_of(4) == step_of(5) == step_of(6.9) > step_of(7)
    assert step_of(15.9) == step_of(13) > step_of(16)


def test_fractions_of_quality_count() -> None:
    assert step_of(50) > step_of(50.5) > step_of(51)


@pytest.mark.parametrize(
    ("settings", "subsample"),
    [
        ({}, True),
        ({"quality": 89.9}, True),
        ({"quality": 90}, False),
        ({"bpp": 4.0}, True),
        ({"quality": 10, "subsampling": "4:4:4"}, False),
        ({"quality": 100, "subsampling": "4:2:0"}, True),
    ],
)
def test_chroma_is_subsampled(settings: dict[str, Any], subsample: bool) -> None:
    assert EncodeSettings(**settings).subsample is subsample


def test_bits_per_pixel_become_whole_bytes_rounded_down() -> None:
    assert EncodeSettings(bpp=0.5).target(31, 17) == 32  # of 32.9
    assert EncodeSettings(target_bytes=1000).target(31, 17) == 1000
    assert EncodeSettings().target(31, 17) is None


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"quality": 0}, r"quality must be a number in 1\.\.100, not 0"),
        ({"quality": 100.1}, r"quality must be a number in 1\.\.100, not 100\.1"),
        ({"quality": math.nan}, "quality must be a number in .* not nan"),
        ({"quality": "high"}, "quality must be a number in .* not 'high'"),
        ({"quality": True}, "quality must be a number in .* not True"),
        ({"quality": 50, "bpp": 1}, "quality and bpp exclude each other"),
        ({"lossless": True, "target_bytes": 9}, "target_bytes and lossless exclude each other"),
        ({"target_bytes": 0}, "target_bytes must be a whole number at least 1, not 0"),
        ({"target_bytes": 10.0}, "target_bytes must be a whole number"),
        ({"bpp": 0}, "bpp must be a number above 0, not 0"),
        ({"bpp": math.inf}, "bpp must be a number above 0, not inf"),
        ({"effort": 0}, r"effort must be a whole number in 1\.\.9, not 0"),
        ({"effort": 10}, r"effort must be a whole number in 1\.\.9, not 10"),
        ({"threads": 0}, "threads must be a whole number at least 1, not 0"),
        ({"subsampling": "4:2:2"}, "subsampling must be one of auto, 4:2:0, 4:4:4, not '4:2:2'"),
        ({"tune": "vmaf"}, "tune must be one of ssim, psnr, not 'vmaf'"),
        ({"assist": ("sharp",)}, "a name in assist must be one of edge, style, .* not 'sharp'"),
        ({"assist": "edge"}, "assist must be several names, not the text 'edge'"),
        ({"assist": ("edge",), "lossless": True}, "lossless keeps everything: assist excludes it"),
    ],
)
def test_encode_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        EncodeSettings(**settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fill": "magic"}, "fill must be one of auto, classical, net, ppgn, not 'magic'"),
        ({"iterations": -1}, "iterations must be a whole number at least 0, not -1"),
        ({"iterations": 2}, "iterations=2 needs fill='ppgn', not 'auto'"),
        ({"provider": "tpu"}, "provider must be one of auto, cpu, cuda, tensorrt, not 'tpu'"),
        ({"threads": 1.5}, r"threads must be a whole number at least 1, not 1\.5"),
        ({"max_pixels": 0}, "max_pixels must be a whole number at least 1, not 0"),
    ],
)
def test_decode_settings_out_of_range_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DecodeSettings(**settings)


def test_pixel_limit_is_pillows_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pixel_limit(5) == 5
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 1234)
    assert pixel_limit(None) == 1234
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", None)
    assert pixel_limit(None) == 65535**2


@pytest.mark.parametrize(
    ("settings", "ways"),
    [
        (EncodeSettings(), (ablc.encode, encode_command)),
        (DecodeSettings(), (ablc.decode, decode_command)),
    ],
)
def test_every_way_in_has_the_same_defaults(
    settings: EncodeSettings | DecodeSettings, ways: tuple[Callable[..., Any], ...]
) -> None:
    for way in ways:
        parameters = inspect.signature(way).parameters.items()
        defaults = {name: parameter.default for name, parameter in parameters}
        assert {field.name for field in fields(settings)} <= {*defaults}
        for field in fields(settings):
            expected = getattr(settings, field.name) or None
            assert (defaults[field.name] or None) == expected, field.name
