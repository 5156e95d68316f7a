"""SSIMULACRA 2, against scores of the reference program of libjxl."""

import io
import sys

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from ablc.eval.measures import measure_set, ssimulacra2
from ablc.eval.measures.measure_set import MeasureSet
from ablc.eval.measures.ssimulacra2 import MissingMeasureError, Original
from scenes import scene

Picture = npt.NDArray[np.uint8]

INSTALLED = not measure_set.missing_measures()
needs_extra = pytest.mark.skipif(not INSTALLED, reason="needs the extra [eval]")

SIDE = 64  # pixels, of the reference's pictures


def flat(level: int, side: int = SIDE) -> Picture:
    return np.full((side, side, 3), level, np.uint8)


def gradient() -> Picture:
    levels = np.arange(SIDE) * 255 // (SIDE - 1)
    return np.broadcast_to(levels[None, :, None], (SIDE, SIDE, 3)).astype(np.uint8)


def noise() -> Picture:
    """Return bytes of Knuth's linear congruential generator of 64 bits, from 42."""
    state, samples = 42, []
    for _ in range(SIDE * SIDE * 3):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        samples.append(state >> 33 & 0xFF)
    return np.array(samples, np.uint8).reshape(SIDE, SIDE, 3)


@needs_extra
@pytest.mark.parametrize(
    ("original", "shown", "expected", "near"),
    [
        (gradient(), flat(128), -64.5687, 0.01),
        (noise(), flat(128), -47.3357, 0.01),
        # The variance of flat pictures is rounding error, which the score amplifies.
        (flat(128), flat(178), -8.7594, 0.2),
        (flat(128), flat(148), 56.0586, 0.2),
        (flat(128, 128), flat(178, 128), -9.8238, 0.2),
        (flat(128, 128), flat(138, 128), 77.8430, 0.2),
    ],
)
def test_scores_are_those_of_the_reference(
    original: Picture, shown: Picture, expected: float, near: float
) -> None:
    assert Original(original).score(shown) == pytest.approx(expected, abs=near)


@needs_extra
@pytest.mark.parametrize("size", [(8, 8), (65, 47), (120, 200)])
def test_equal_pictures_score_a_hundred(size: tuple[int, int]) -> None:
    picture = scene(*size)
    assert ssimulacra2.ssimulacra2(picture, picture) == pytest.approx(100, abs=1e-6)


@needs_extra
def test_a_better_file_scores_higher() -> None:
    picture, scores = scene(160, 240), []
    for quality in (5, 20, 50, 90):
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "JPEG", quality=quality)
        scores.append(Original(picture).score(np.asarray(Image.open(file))))
    assert scores == sorted(scores, key=float)
    assert scores[-1] is not None
    assert 60 < scores[-1] < 100


@needs_extra
def test_small_pictures_have_no_score_and_other_sizes_are_refused() -> None:
    assert Original(scene(7, 64)).score(scene(7, 64)) is None
    assert "ssimulacra2" not in MeasureSet(None).reference(scene(7, 64)).measure(scene(7, 64))
    with pytest.raises(ValueError, match="pictures must both be"):
        Original(scene(16, 16)).score(scene(16, 17))


@needs_extra
def test_it_is_one_of_the_measures() -> None:
    picture, other = scene(48, 64), scene(48, 64, seed=2)
    measured = MeasureSet(None).reference(picture).measure(other)
    assert measured["ssimulacra2"] == pytest.approx(Original(picture).score(other))


def test_without_the_extra_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ssimulacra2", None)
    ssimulacra2._definition.cache_clear()
    measure_set.missing_measures.cache_clear()
    try:
        with pytest.raises(MissingMeasureError, match=r"pip install 'ablc\[eval\]'"):
            Original(scene(16, 16))
        assert "ablc[eval]" in measure_set.missing_measures()["ssimulacra2"]
        measured = MeasureSet(None).reference(scene(16, 16)).measure(scene(16, 16, seed=2))
        assert set(measured) == {"psnr", "ssim"}
    finally:
        ssimulacra2._definition.cache_clear()
        measure_set.missing_measures.cache_clear()
