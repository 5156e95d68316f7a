"""Encoding in the light of what will be painted into dropped blocks."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

import ablc
from scenes import scene

Pixels = np.ndarray


def paint_as(picture: Pixels) -> "ablc.encoder.Paint":
    """A fill that paints dropped cells as they are in picture."""

    def fill(decoded: Pixels, kept: np.ndarray) -> Pixels:
        height, width, _ = decoded.shape
        dropped = ~kept.repeat(8, axis=0).repeat(8, axis=1)[:height, :width, np.newaxis]
        return np.where(dropped, picture, decoded)

    return fill


def test_what_a_fill_paints_well_is_dropped(photo: Pixels) -> None:
    picture = photo.copy()
    picture[:, 128:] = np.random.default_rng(2).integers(0, 256, picture[:, 128:].shape, np.uint8)
    half = picture.copy()
    half[:, :128] = 128  # this painter knows the right half alone
    plain = ablc.keep_mask(ablc.encode(picture, quality=40))
    aware = ablc.keep_mask(ablc.encode(picture, quality=40, fill=paint_as(half), fill_passes=4))
    assert plain[:, 16:].mean() > 0.9
    assert aware[:, 16:].mean() < 0.5
    assert aware[:, :16].mean() > plain[:, :16].mean() - 0.1


def test_the_same_passes_give_the_same_stream(photo: Pixels) -> None:
    coder = ablc.Encoder(quality=30, fill_passes=2)
    assert coder.encode(photo, fill=paint_as(photo)) == coder.encode(photo, fill=paint_as(photo))
    none = ablc.Encoder(quality=30, fill_passes=0)
    assert none.encode(photo, fill=paint_as(photo)) == none.encode(photo)


def test_targets_hold_with_a_fill() -> None:
    def smooth(decoded: Pixels, kept: np.ndarray) -> Pixels:
        blurred = Image.fromarray(decoded).filter(ImageFilter.GaussianBlur(2))
        return paint_as(np.asarray(blurred))(decoded, kept)

    data = ablc.encode(scene(300, 440), target_bytes=12000, fill=smooth)
    assert 0.98 * 12000 <= len(data) <= 12000


def test_fills_that_return_something_else_are_refused(photo: Pixels) -> None:
    with pytest.raises(ValueError, match=r"must return uint8 pixels of shape \(150, 220, 3\)"):
        ablc.encode(photo, fill=lambda decoded, _: decoded[:, :, 0])
    with pytest.raises(ValueError, match=r"fill_passes must be a whole number in 0\.\.8, not 9"):
        ablc.encode(photo, fill_passes=9)
