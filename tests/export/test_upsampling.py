"""The upsampling filters: their classes, their prediction, their fit and the C++ they become."""

import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("cv2", reason="the trainers need the [train] extra")

from ablc.export import upsampling, upsampling_reference

Ints = npt.NDArray[np.int64]

CSRC = Path(__file__).parents[2] / "csrc"


def numbers(name: str, file: str) -> Ints:
    """A constant of a file of csrc, in its declared shape."""
    text = (CSRC / file).read_text(encoding="ascii")
    result = re.search(rf" {name}((?:\[\d+\])+) = (.*?)\}};", text, re.DOTALL)
    assert result is not None, name
    size = [int(n) for n in re.findall(r"\d+", result[1])]
    values = re.findall(r"-?\d+", re.sub(r"//.*", "", result[2]))
    return np.array([int(v) for v in values]).reshape(size)


@pytest.fixture(scope="module")
def shipped() -> Ints:
    return numbers("kUpsample8", "upsample_tables.inc")


def slope(right: int, down: int) -> Ints:
    """A (9, 9) base that rises by so many sixteenths of a grey level a cell, 2040 at the centre."""
    y, x = np.mgrid[-4:5, -4:5]
    return 2040 + right * x + down * y


@pytest.mark.parametrize(
    ("right", "down", "sector"),
    [
        (160, 0, 0),
        (-160, 0, 0),
        (160, 160, 2),
        (0, 160, 4),
        (160, -160, 6),
        (160, 64, 1),
        (64, 160, 3),
        (-64, 160, 5),
        (160, -64, 7),
    ],
)
def test_sector_is_the_doubled_angle_of_the_gradient(right: int, down: int, sector: int) -> None:
    coherent = 1
    middle = upsampling_reference.class_map(slope(right, down))[4, 4]
    assert (middle - 1) % 8 == sector
    assert (middle - 1) // 8 % 2 == coherent


@pytest.mark.parametrize(("rise", "strength"), [(0, 0), (1, 0), (2, 1), (7, 1), (8, 2), (20, 3)])
def test_strength_grows_with_the_gradient(rise: int, strength: int) -> None:
    # The tensor's trace of a slope of g grey levels a cell is 16 (8 g)^2 = 1024 g^2.
    middle = upsampling_reference.class_map(slope(16 * rise, 0))[4, 4]
    assert middle == (0 if strength == 0 else 1 + ((strength - 1) * 2 + 1) * 8)


def test_a_tensor_without_direction_is_in_sector_0() -> None:
    base = np.zeros((9, 9), np.int64)
    base[4, 4] = 16 * 60
    middle = upsampling_reference.class_map(base)[4, 4]
    assert middle in {1, 17, 33}  # not coherent


def test_the_nearest_cell_repeats_beyond_the_picture() -> None:
    base = np.random.default_rng(0).integers(0, upsampling.BASE_MAX + 1, (6, 7))
    wide = np.pad(base, 3, mode="edge")
    assert np.array_equal(
        upsampling_reference.class_map(base), upsampling_reference.class_map(wide)[3:-3, 3:-3]
    )


def test_one_cell_is_flat() -> None:
    assert upsampling_reference.class_map(np.array([[777]])).tolist() == [[0]]


def test_shipped_table_is_what_the_generator_writes(shipped: Ints) -> None:
    assert shipped.shape == (49, 24, 64)
    text = (CSRC / "upsample_tables.inc").read_text(encoding="ascii")
    assert upsampling.cpp_source(shipped) == text


def test_shipped_filters_keep_the_symmetries_of_the_square(shipped: Ints) -> None:
    for motion in upsampling.MOTIONS:
        moved = shipped[:, motion.taps()][:, :, motion.pixels()]
        assert np.array_equal(shipped[motion.classes()], moved)
    assert np.array_equal(upsampling.fixed_point(shipped / 1024), shipped)


@pytest.mark.parametrize("grey", [0, 1, 128, 255])
def test_flat_base_gives_flat_picture(grey: int, shipped: Ints) -> None:
    picture = upsampling_reference.upsample(np.full((3, 4), 16 * grey), shipped)
    assert picture.shape == (24, 32)
    assert (picture == grey).all()


def test_ramp_stays_a_ramp(shipped: Ints) -> None:
    picture = upsampling_reference.upsample(slope(16 * 8, 0), shipped)[24:48, 24:48]
    expected = 127.5 + np.arange(-12, 12) + 0.5
    assert abs(picture - expected).max() <= 2


def test_prediction_stays_within_grey_levels(shipped: Ints) -> None:
    base = np.random.default_rng(1).choice([0, upsampling.BASE_MAX], (12, 12))
    picture = upsampling_reference.upsample(base, shipped)
    assert (picture.min(), picture.max()) == (0, 255)


def test_fit_recovers_a_filter() -> None:
    rng = np.random.default_rng(2)
    base = rng.integers(0, upsampling.BASE_MAX + 1, (150, 150))
    taps = np.zeros((24, 64))
    taps[11], taps[12] = np.linspace(0.4, 0, 64), np.linspace(0, 0.4, 64)
    cells = base[..., None] / 16 + upsampling_reference.differences(base) / 16 @ taps
    normal = upsampling.NormalEquations.empty()
    normal.add(base, cells)
    strong = np.bincount(upsampling_reference.class_map(base).ravel()).argmax()
    assert abs(normal.solve()[strong] - taps).max() < 0.01


def test_weights_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        upsampling.fixed_point(np.full((49, 24, 64), 32.0))


def test_cells_are_the_pixels_of_each_cell_row_by_row() -> None:
    plane = np.add.outer(100.0 * np.arange(17), np.arange(25))
    cells = upsampling.cells_of(plane)
    assert cells.shape == (2, 3, 64)
    assert np.array_equal(cells[1, 2].reshape(8, 8), plane[8:16, 16:24])


def test_training_runs_on_a_folder(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2", reason="the trainers need the [train] extra")
    y, x = np.mgrid[0:160, 0:160]
    disc = np.where((x - 80) ** 2 + (y - 70) ** 2 < 2500, 200, 60).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "disc.png"), np.dstack([disc] * 3))
    out = tmp_path / "tables.inc"
    arguments = ["--data", str(tmp_path), "--out", str(out), "--views", "1"]
    upsampling.main(arguments)
    once = out.read_text(encoding="ascii")
    assert "kUpsample8[49][24][64]" in once
    upsampling.main(arguments)
    assert out.read_text(encoding="ascii") == once
