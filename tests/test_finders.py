"""Finders of regions: saliency and plug-ins."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

import ablc
from ablc import finders


def odd_one_out() -> np.ndarray:
    """A picture (240, 320, 3) of noise with one red disc."""
    picture = np.random.default_rng(5).integers(100, 130, (240, 320, 3), np.uint8)
    disc = np.hypot(*np.ogrid[-90:150, -220:100]) < 30
    picture[disc] = (200, 30, 30)
    return picture


def test_saliency_finds_what_stands_out() -> None:
    share = finders.saliency(odd_one_out())
    assert share.shape == (240, 320)
    assert 0 <= share.min() <= share.max() <= 1
    disc = np.hypot(*np.ogrid[-90:150, -220:100]) < 30
    assert share[disc].mean() > 0.6
    assert share[disc].mean() > 5 * share[~disc].mean()


@pytest.mark.parametrize("shape", [(1, 1, 1), (8, 300, 3), (300, 8, 4)])
def test_saliency_takes_any_picture(shape: tuple[int, int, int]) -> None:
    share = finders.saliency(np.full(shape, 90, np.uint8))
    assert share.shape == shape[:2]
    assert np.isfinite(share).all()


def found_by_plugin(pixels: np.ndarray) -> np.ndarray:
    return pixels[:, :, 0] > 150


def breaks(_: np.ndarray) -> np.ndarray:
    raise OSError("model file is missing")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entry points like those of an installed package."""
    points = [
        EntryPoint("red", f"{__name__}:found_by_plugin", finders.GROUP),
        EntryPoint("broken", f"{__name__}:breaks", finders.GROUP),
        EntryPoint("gone", "no_such_package:find", finders.GROUP),
    ]
    targets = {"red": found_by_plugin, "broken": breaks}
    monkeypatch.setattr(finders, "_plugins", lambda: points)
    load = EntryPoint.load
    monkeypatch.setattr(EntryPoint, "load", lambda self: targets.get(self.name) or load(self))


@pytest.mark.usefixtures("plugins")
def test_plugins_are_found_by_name() -> None:
    assert finders.names() == ["auto", "broken", "gone", "red", "saliency"]
    picture = odd_one_out()
    assert (finders.find("red", picture) == found_by_plugin(picture)).all()
    by_name = ablc.encode(picture, quality=20, importance=ablc.Roi("red"))
    assert by_name == ablc.encode(
        picture, quality=20, importance=ablc.Roi(found_by_plugin(picture))
    )


@pytest.mark.usefixtures("plugins")
def test_plugins_that_fail_are_named() -> None:
    with pytest.raises(ablc.FinderError, match=r"broken \(.*:breaks\) failed: OSError: model file"):
        ablc.encode(odd_one_out(), importance=ablc.Roi("broken"))
    with pytest.raises(ablc.FinderError, match=r"gone \(no_such_package:find\) cannot be loaded"):
        ablc.encode(odd_one_out(), importance=ablc.Roi("gone"))


def test_names_that_nobody_has_are_refused() -> None:
    with pytest.raises(
        ValueError, match="no finder is called 'cats': expected one of auto, saliency"
    ):
        ablc.encode(odd_one_out(), importance=ablc.Roi("cats"))
