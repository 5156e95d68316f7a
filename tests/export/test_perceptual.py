"""Exported metrics give the distances of the teachers."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the trainers need the [train] extra")
for needed in ("onnx", "onnxscript", "onnxslim", "onnxruntime"):
    pytest.importorskip(needed, reason="export needs the [train] and [cpu] extras")

from PIL import Image  # noqa: E402

import teacher_weights as made_weights  # noqa: E402
from ablc.arrays import Pixels  # noqa: E402
from ablc.eval.measures.perceptual import DISTANCES, Judges  # noqa: E402
from ablc.export import cli, teacher_weights  # noqa: E402
from ablc.export.teachers import AlexNet, Lpips, Vgg, texture_distance  # noqa: E402
from scenes import scene  # noqa: E402

pytestmark = pytest.mark.usefixtures("networks")


def by_teachers(folder: Path, original: Pixels, shown: Pixels) -> dict[str, float]:
    a, b = (torch.from_numpy(x).permute(2, 0, 1)[None].float() / 255 for x in (shown, original))
    with torch.inference_mode():
        return {
            "lpips": float(Lpips(folder, "alex")(a, b)),
            "lpips_squeeze": float(Lpips(folder, "squeeze")(a, b)),
            "texture": float(texture_distance([Vgg(folder), AlexNet(folder)], a, b)),
        }


def exported(weights: Path, out: Path) -> Path:
    with pytest.raises(SystemExit) as left:
        cli.main(["perceptual", str(weights), "--out", str(out)])
    assert not left.value.code
    return out


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_weights.write(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def metrics(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(weights, tmp_path_factory.mktemp("metrics"))


@pytest.mark.parametrize("size", [(32, 32), (63, 95), (64, 97), (128, 70)])
def test_made_up_weights_give_the_distances_of_torch(
    weights: Path, metrics: Path, size: tuple[int, int]
) -> None:
    original, shown = scene(*size), scene(*size, seed=2)
    distances = Judges(metrics, tuple(DISTANCES)).of(original).distances(shown)
    assert distances == pytest.approx(by_teachers(weights, original, shown), rel=1e-4)


def test_real_weights_give_the_distances_of_torch(kodak: Path, tmp_path: Path) -> None:
    weights = kodak.parent / "weights"
    if not weights.is_dir():
        pytest.skip(f"no folder weights in ABLC_DATA ({kodak.parent})")
    one, two = (np.array(Image.open(kodak / f"kodim{n}.png").convert("RGB")) for n in ("01", "02"))
    judges = Judges(exported(weights, tmp_path), tuple(DISTANCES))
    distances = judges.of(one).distances(two)
    assert distances == pytest.approx(by_teachers(weights, one, two), rel=1e-4)
    assert distances["lpips"] == pytest.approx(0.85689, abs=2e-5)
    assert distances["lpips_squeeze"] == pytest.approx(0.66767, abs=2e-5)
    assert distances["texture"] == pytest.approx(0.62949, abs=2e-5)


def test_weights_come_from_torchvision_and_lpips(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = made_weights.made_up()
    vgg = files["vgg16_conv1_conv2.npz"] | {"features.28.bias": np.zeros(512, np.float32)}
    nets = {
        "alexnet": files["alexnet_features.npz"] | {"classifier.1.bias": np.zeros(9, np.float32)},
        "squeezenet1_1": files["squeezenet1_1.npz"],
        "vgg16": vgg,
    }

    def network(arrays: dict[str, np.ndarray]) -> SimpleNamespace:
        return SimpleNamespace(
            state_dict=lambda: {k: torch.from_numpy(v) for k, v in arrays.items()}
        )

    def lins(net: str, **_: object) -> SimpleNamespace:
        heads = [v for k, v in files["lpips_v0.1_lin.npz"].items() if k.startswith(f"{net}.")]
        layers = [torch.nn.Conv2d(len(head), 1, 1, bias=False) for head in heads]
        for layer, head in zip(layers, heads, strict=True):
            layer.weight.data = torch.from_numpy(head).view(1, -1, 1, 1)
        return SimpleNamespace(lins=[SimpleNamespace(model=[None, layer]) for layer in layers])

    models = SimpleNamespace(
        **{name: lambda weights, arrays=arrays: network(arrays) for name, arrays in nets.items()}
    )
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(models=models))
    monkeypatch.setitem(sys.modules, "lpips", SimpleNamespace(LPIPS=lins))
    with pytest.raises(SystemExit) as left:
        cli.main(["teachers", str(tmp_path / "new")])
    assert not left.value.code
    for name in files:
        written, made = (
            teacher_weights.load(folder, name) for folder in (tmp_path / "new", weights)
        )
        assert set(written) == {key for key in made if not key.startswith("vgg.")}
        for key, value in written.items():
            np.testing.assert_array_equal(value, made[key].astype(np.float32))


def test_missing_packages_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "lpips", None)
    with pytest.raises(SystemExit) as left:
        cli.main(["teachers", str(tmp_path)])
    assert left.value.code == 2
    assert "pip install torchvision lpips" in capfd.readouterr().err
