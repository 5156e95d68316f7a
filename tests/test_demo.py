"""The demonstration: its JPEG file and its photograph."""

import numpy as np
import numpy.typing as npt
import pytest

from ablc.cli import demo
from ablc.drawing import panels


def test_the_jpeg_file_has_the_requested_length(photo: npt.NDArray[np.uint8]) -> None:
    pixels, length = demo.jpeg_of_length(photo, 5000)
    assert pixels.shape == photo.shape
    assert abs(length - 5000) < 200


def test_below_the_smallest_jpeg_the_smallest_is_shown(photo: npt.NDArray[np.uint8]) -> None:
    assert demo.jpeg_of_length(photo, 10)[1] == min(
        demo.jpeg_of_length(photo, length)[1] for length in (10, 300, 900)
    )


def test_without_scikit_image_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"ablc demo PHOTO.*pip install 'ablc\[demo\]'"):
        demo.photograph()


def test_the_photograph_is_found_without_importing_its_package() -> None:
    pytest.importorskip("skimage", reason="needs the extra [demo]")
    assert demo.photograph().name == "coffee.png"


def test_ablated_cells_are_one_flat_colour(photo: npt.NDArray[np.uint8]) -> None:
    mask = np.ones((19, 28), bool)
    mask[18, 27] = False
    shown = panels.show_mask(photo, mask)
    assert (shown[:144] == photo[:144]).all()
    assert (shown[144:, 216:] == panels.ABLATED).all()
