"""Distances as networks see them, with random networks."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("onnx", reason="making networks needs the [train] extra")
pytest.importorskip("onnxruntime", reason="metrics need the [cpu] extra")

import made_metrics
from ablc.eval.crop import middle
from ablc.eval.measures.perceptual import DISTANCES, Judges
from ablc.runtime.registry import SHIPPED
from scenes import scene

pytestmark = pytest.mark.usefixtures("networks")

ALL = tuple(DISTANCES)


@pytest.fixture
def judges(networks: None, tmp_path_factory: pytest.TempPathFactory) -> Judges:
    return Judges(made_metrics.write(tmp_path_factory.mktemp("metrics")), ALL)


def noisy(picture: npt.NDArray[np.uint8], sigma: float) -> npt.NDArray[np.uint8]:
    noise = np.random.default_rng(3).normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


def test_equal_pictures_have_no_distance_and_worse_ones_more(judges: Judges) -> None:
    original = scene(70, 90)
    judge = judges.of(original)
    same, near, far = (judge.distances(noisy(original, sigma)) for sigma in (0, 5, 40))
    assert set(same) == set(ALL)
    for name in ALL:
        assert same[name] == pytest.approx(0, abs=1e-6)
        assert 0 < near[name] < far[name]


def test_the_smallest_judged_picture_has_a_side_of_32_pixels(judges: Judges) -> None:
    judge = judges.of(scene(32, 32))
    assert all(np.isfinite(value) for value in judge.distances(scene(32, 32, seed=2)).values())
    assert judges.of(scene(31, 64)).distances(scene(31, 64)) == {}


def test_pictures_of_another_size_are_refused(judges: Judges) -> None:
    with pytest.raises(ValueError, match="must both be"):
        judges.of(scene(40, 50)).distances(scene(50, 40))


def test_of_a_large_picture_the_middle_is_judged(
    judges: Judges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablc.eval.measures.perceptual.PIXELS_MOST", 64 * 80)
    large, other = scene(128, 160), scene(128, 160, seed=2)
    inner = judges.of(middle(large, 64 * 80)).distances(middle(other, 64 * 80))
    assert judges.of(large).distances(other) == inner


@pytest.mark.parametrize("shape", [(300, 400), (4000, 3), (1, 70000), (100, 100)])
def test_the_middle_has_at_most_that_many_pixels(shape: tuple[int, int]) -> None:
    picture = np.zeros((*shape, 3), np.uint8)
    height, width, _ = middle(picture, 10000).shape
    assert height * width <= 10000
    assert height * width > 7000 or (height, width) == shape


def test_missing_and_other_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no lpips\.onnx in .*ablc\.export perceptual"):
        Judges(tmp_path, ["lpips"])
    (tmp_path / "lpips.onnx").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"lpips\.onnx is not a network that ONNX Runtime can run"):
        Judges(tmp_path, ["lpips"])
    (tmp_path / "lpips.onnx").write_bytes((SHIPPED / "encoder-small.onnx").read_bytes())
    with pytest.raises(ValueError, match=r"lpips\.onnx is not a perceptual metric"):
        Judges(tmp_path, ["lpips"])
    with pytest.raises(ValueError, match="lpips_squeeze"):
        Judges(tmp_path, ["prettiness"])
