"""Distances in numpy are those of the teachers."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the trainers need the [train] extra")

from PIL import Image  # noqa: E402

import teacher_weights  # noqa: E402
from ablc.arrays import Pixels  # noqa: E402
from ablc.eval.measures.perceptual import DISTANCES, Judges  # noqa: E402
from ablc.export.teachers import AlexNet, Lpips, Vgg, texture_distance  # noqa: E402
from scenes import scene  # noqa: E402


def by_teachers(folder: Path, original: Pixels, shown: Pixels) -> dict[str, float]:
    a, b = (torch.from_numpy(x).permute(2, 0, 1)[None].float() / 255 for x in (shown, original))
    with torch.inference_mode():
        return {
            "lpips": float(Lpips(folder, "alex")(a, b)),
            "lpips_squeeze": float(Lpips(folder, "squeeze")(a, b)),
            "texture": float(texture_distance([Vgg(folder), AlexNet(folder)], a, b)),
        }


@pytest.mark.parametrize("size", [(32, 32), (63, 95), (64, 97), (128, 70)])
def test_made_up_weights_give_the_distances_of_torch(tmp_path: Path, size: tuple[int, int]) -> None:
    teacher_weights.write(tmp_path)
    original, shown = scene(*size), scene(*size, seed=2)
    found = Judges(tmp_path, tuple(DISTANCES)).of(original).distances(shown)
    assert found == pytest.approx(by_teachers(tmp_path, original, shown), rel=1e-4)


def test_real_weights_give_the_distances_of_torch(kodak: Path) -> None:
    weights = kodak.parent / "weights"
    if not weights.is_dir():
        pytest.skip(f"no folder weights in ABLC_DATA ({kodak.parent})")
    one, two = (np.array(Image.open(kodak / f"kodim{n}.png").convert("RGB")) for n in ("01", "02"))
    found = Judges(weights, tuple(DISTANCES)).of(one).distances(two)
    assert found == pytest.approx(by_teachers(weights, one, two), rel=1e-4)
    assert found["lpips"] == pytest.approx(0.85689, abs=2e-5)
