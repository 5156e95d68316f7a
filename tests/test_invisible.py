"""Colour under alpha 0: free in lossy streams, kept in lossless ones."""

import io
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import ablc
from ablc.arrays import Flags, Pixels
from ablc.invisible import find_invisible, hidden_cells, smoothed
from ablc.metrics import psnr
from ablc.settings import EncodeSettings
from scenes import scene


@pytest.fixture(scope="module")
def visible() -> Flags:
    """An ellipse in a picture of 150 x 220 pixels."""
    return np.hypot(*np.ogrid[-1:1:150j, -1:1:220j]) < 0.5


@pytest.fixture(scope="module")
def cut_out(photo: Pixels, visible: Flags) -> Pixels:
    """A photograph with a transparent surrounding, noise under it."""
    picture = np.dstack([photo, visible * np.uint8(255)])
    noise = np.random.default_rng(0).integers(0, 256, photo.shape, np.uint8)
    picture[~visible, :3] = noise[~visible]
    return picture


def seen(first: Pixels, second: Pixels, visible: Flags) -> float:
    """Return the PSNR of what is visible."""
    return psnr(first[visible][None, :, :3], second[visible][None, :, :3])


def test_what_nobody_sees_takes_no_bytes(cut_out: Pixels, visible: Flags) -> None:
    black = cut_out.copy()
    black[~visible, :3] = 0
    data = ablc.encode(cut_out)
    assert data == ablc.encode(black)
    assert len(data) < 0.3 * len(ablc.encode(cut_out, keep_invisible=True))


def test_what_is_seen_gains_at_equal_bytes(cut_out: Pixels, visible: Flags) -> None:
    kept, free = (
        ablc.decode(ablc.encode(cut_out, target_bytes=6000, keep_invisible=keep))
        for keep in (True, False)
    )
    assert seen(free, cut_out, visible) > seen(kept, cut_out, visible) + 3
    assert (free[..., 3] == cut_out[..., 3]).all()


def test_an_edge_is_as_good_as_what_is_inside(cut_out: Pixels, visible: Flags) -> None:
    decoded = ablc.decode(ablc.encode(cut_out, quality=60))
    inner = np.hypot(*np.ogrid[-1:1:150j, -1:1:220j]) < 0.4
    assert seen(decoded, cut_out, visible & ~inner) > seen(decoded, cut_out, inner) - 2


def test_lossless_keeps_the_invisible_unless_asked(cut_out: Pixels, visible: Flags) -> None:
    assert (ablc.decode(ablc.encode(cut_out, lossless=True)) == cut_out).all()
    data = ablc.encode(cut_out, lossless=True, keep_invisible=False)
    decoded = ablc.decode(data)
    assert (decoded[visible] == cut_out[visible]).all()
    assert (decoded[..., 3] == cut_out[..., 3]).all()
    assert len(data) < 0.6 * len(ablc.encode(cut_out, lossless=True))


def test_a_lossless_region_comes_back_with_all_it_hides(cut_out: Pixels) -> None:
    region = ablc.Region(50, 40, 120, 70)
    data = ablc.encode(cut_out, quality=10, importance=ablc.Roi(region, math.inf))
    assert (ablc.decode(data)[region.slices] == cut_out[region.slices]).all()


def test_importance_still_counts_in_what_is_seen(cut_out: Pixels, visible: Flags) -> None:
    half = visible.copy()
    half[:75] = False
    encoder = ablc.Encoder(target_bytes=4000, subsampling="4:4:4")
    plain = ablc.decode(encoder.encode(cut_out))
    steered = ablc.decode(encoder.encode(cut_out, importance=ablc.Roi(half, 16, feather=0)))
    assert seen(steered, cut_out, half) > seen(plain, cut_out, half) + 0.5


def test_pictures_without_hidden_pixels_stay_as_they_are(photo: Pixels) -> None:
    faint = np.dstack([photo, np.maximum(photo[..., 0], 1)])
    for picture in (photo, faint, photo[..., 0]):
        kept = ablc.encode(picture, keep_invisible=True)
        assert ablc.encode(picture) == ablc.encode(picture, keep_invisible=False) == kept


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_any_alpha_is_kept_and_what_is_seen_with_it(
    height: int, width: int, share: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (height, width, 4), np.uint8)
    picture[rng.random((height, width)) < share, 3] = 0
    invisible = find_invisible(picture)
    if invisible is not None:
        smooth = smoothed(picture, invisible)
        assert (smooth[~invisible] == picture[~invisible]).all()
        assert (smooth[..., 3] == picture[..., 3]).all()
    decoded = ablc.decode(ablc.encode(picture, quality=50))
    assert (decoded[..., 3] == picture[..., 3]).all()


def test_invisible_pixels_continue_a_surface() -> None:
    picture = np.full((40, 64, 4), 255, np.uint8)
    picture[..., :3] = np.arange(64)[:, None] + [0, 60, 120]
    invisible = np.zeros((40, 64), np.bool_)
    invisible[4:36, 20:44] = True
    hidden = picture.copy()
    hidden[invisible, :3] = 0
    error = smoothed(hidden, invisible).astype(int) - picture
    assert np.abs(error).max() < 16
    assert np.abs(error[invisible]).mean() < 5


def test_a_margin_of_a_cell_around_what_is_seen_counts() -> None:
    invisible = np.ones((40, 64), np.bool_)
    invisible[16, 24] = False
    cells = np.ones((5, 8), np.bool_)
    cells[1:4, 2:5] = False
    assert (hidden_cells(invisible) == cells).all()


def test_a_picture_of_nothing_is_flat_and_costs_nothing() -> None:
    nothing = scene(200, 300, 4)
    nothing[..., 3] = 0
    data = ablc.encode(nothing)
    decoded = ablc.decode(data)
    assert (decoded[..., 3] == 0).all()
    assert (decoded == decoded[0, 0]).all()
    assert len(data) < 60


@pytest.mark.parametrize(
    ("settings", "keeps"),
    [
        ({}, False),
        ({"lossless": True}, True),
        ({"keep_invisible": True}, True),
        ({"lossless": True, "keep_invisible": False}, False),
    ],
)
def test_lossless_decides_unless_told(settings: dict[str, Any], keeps: bool) -> None:
    assert EncodeSettings(**settings).keeps_invisible is keeps


def test_a_word_is_no_answer() -> None:
    with pytest.raises(ValueError, match="keep_invisible must be True or False, not 'no'"):
        EncodeSettings(keep_invisible="no")  # type: ignore[arg-type]


def test_the_command_has_the_option(cut_out: Pixels, tmp_path: Any) -> None:
    from typer.testing import CliRunner

    from ablc.cli.main import app

    Image.fromarray(cut_out).save(tmp_path / "a.png")
    for option, keep in (([], None), (["--keep-invisible"], True)):
        done = CliRunner().invoke(
            app, ["encode", str(tmp_path / "a.png"), str(tmp_path / "a.ablc"), *option]
        )
        assert done.exit_code == 0, done.output
        expected = ablc.encode(cut_out, keep_invisible=keep)
        assert (tmp_path / "a.ablc").read_bytes() == expected


def test_pillow_has_the_option(cut_out: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    import ablc.pillow

    ablc.pillow.register()
    file = io.BytesIO()
    Image.fromarray(cut_out).save(file, "ABLC", keep_invisible=True)
    assert file.getvalue() == ablc.encode(cut_out, keep_invisible=True)
