"""The refinement filters: the classes of simple pictures, the fit and the C++ they become."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

for needed in ("cv2", "scipy"):
    pytest.importorskip(needed, reason="the trainers need the [train] extra")

from ablc.export import refinement  # noqa: E402

Grey = npt.NDArray[np.uint8]

CSRC = Path(__file__).parents[2] / "csrc"
ACROSS, DOWN, FALLING, RISING = range(4)
BANDS, CLASSES, PAIRS = 5, 45, 12


def wave(along: npt.NDArray[np.int64]) -> Grey:
    """Dark and bright by turns, two samples each."""
    return np.where(along // 2 % 2 == 0, 60, 180).astype(np.uint8)


Y, X = np.mgrid[0:32, 0:32]


@pytest.mark.parametrize("grey", [0, 100, 255])
def test_flat_picture_is_of_class_0(grey: int) -> None:
    result = refinement.classes(np.full((13, 18), grey, np.uint8))
    assert result.shape == (13, 18)
    assert (result == 0).all()


def test_slope_is_of_class_0() -> None:
    assert (refinement.classes((3 * X + 2 * Y).astype(np.uint8))[4:-4, 4:-4] == 0).all()


@pytest.mark.parametrize(
    ("along", "direction"), [(X, ACROSS), (Y, DOWN), (X + Y, FALLING), (X - Y, RISING)]
)
def test_stripes_have_a_direction(along: npt.NDArray[np.int64], direction: int) -> None:
    # Strongest of the strengths, most pronounced of the directions.
    inner = refinement.classes(wave(along))[8:-8, 8:-8]
    assert (inner == 4 * 9 + 1 + 2 * direction + 1).all()


def test_classes_are_those_of_4x4_blocks() -> None:
    result = refinement.classes(np.random.default_rng(0).integers(0, 256, (22, 27), np.uint8))
    assert result.max() < CLASSES
    for y in range(0, 22, 4):
        for x in range(0, 27, 4):
            assert len(np.unique(result[y : y + 4, x : x + 4])) == 1


def test_pairs_are_half_of_the_diamond() -> None:
    assert len(refinement.PAIRS) == PAIRS
    both = {*refinement.PAIRS, *((-dy, -dx) for dy, dx in refinement.PAIRS), (0, 0)}
    assert both == set(refinement.DIAMOND)
    text = (CSRC / "refine.cpp").read_text(encoding="ascii")
    result = re.search(r"kOffset = \{\s*\{(.*?)\}\};", text, re.DOTALL)
    assert result is not None
    pairs = re.findall(r"\{(-?\d), (-?\d)\}", result[1] + "}")
    assert [(int(dy), int(dx)) for dy, dx in pairs] == refinement.PAIRS


def test_differences_are_clipped() -> None:
    luma = np.zeros((9, 9), np.uint8)
    luma[4, 4] = 200
    result = refinement.differences(luma, 30)
    assert (result[4, 4] == -60).all()
    assert result.max() == 30


def test_clip_grows_with_the_step() -> None:
    clips = [refinement.clip_of(step) for step in (1, 90, 640, 1600, 4200)]
    assert clips == sorted(clips)
    assert (clips[0], clips[-1]) == (2, refinement.MOST)


def test_solve_recovers_the_weights() -> None:
    rng = np.random.default_rng(1)
    true = rng.uniform(-0.1, 0.1, PAIRS)
    f = rng.integers(-20, 21, (40_000, PAIRS)).astype(np.float64)
    left = np.broadcast_to(f.T @ f, (BANDS, CLASSES, PAIRS, PAIRS))
    right = np.broadcast_to(f.T @ (f @ true), (BANDS, CLASSES, PAIRS))
    weights = refinement.solve(left, right)
    assert abs(weights - refinement.STRENGTH * true * 128).max() < 0.6


def test_unseen_class_takes_the_pooled_filter() -> None:
    left = np.zeros((1, CLASSES, PAIRS, PAIRS))
    right = np.zeros((1, CLASSES, PAIRS))
    left[0, 7] = 1e9 * np.eye(PAIRS)
    right[0, 7] = 1e9 * 0.1
    weights = refinement.solve(left, right)
    assert (weights[0] == round(refinement.STRENGTH * 0.1 * 128)).all()


def test_weights_too_large_are_refused() -> None:
    left = np.broadcast_to(1e9 * np.eye(PAIRS), (1, CLASSES, PAIRS, PAIRS))
    right = np.full((1, CLASSES, PAIRS), 1e9)
    with pytest.raises(ValueError, match="too large"):
        refinement.solve(left, right)


def test_shipped_table_is_what_the_generator_writes() -> None:
    text = (CSRC / "refine_tables.inc").read_text(encoding="ascii")
    values = re.findall(r"-?\d+", text[text.index(" = {") : text.index("};")])
    weights = np.array([int(v) for v in values]).reshape(BANDS, CLASSES, PAIRS)
    assert refinement.source_text(weights) == text
    assert abs(weights).sum(-1).max() * 2 * refinement.MOST < (1 << 15) - 64
