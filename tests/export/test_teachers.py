"""The teachers: shapes and gradients with made-up weights, figures with the real ones."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the trainers need the [train] extra")

from PIL import Image  # noqa: E402

import teacher_weights  # noqa: E402
from ablc.export import teachers  # noqa: E402
from ablc.export.teachers import AlexNet, Lpips, SqueezeNet, Taps, Vgg  # noqa: E402

PARAMETERS = {AlexNet: 2_469_696, SqueezeNet: 1_235_496, Vgg: 260_160}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights that mean nothing."""
    return teacher_weights.write(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def weights(kodak: Path) -> Path:
    """The folder of the real weights."""
    path = kodak.parent / "weights"
    if not path.is_dir():
        pytest.skip(f"no folder weights in ABLC_DATA ({kodak.parent})")
    return path


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def picture(path: Path) -> torch.Tensor:
    """(1, 3, H, W) in 0..1."""
    pixels = np.array(Image.open(path).convert("RGB"))
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255


def block_means(x: torch.Tensor, side: int = 16) -> torch.Tensor:
    """Every block flat, its mean rounded to a grey level."""
    means = torch.nn.functional.avg_pool2d(x * 255, side).add(0.5).floor() / 255
    return means.repeat_interleave(side, 2).repeat_interleave(side, 3)


# --- networks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "sizes"),
    [
        (AlexNet, [(23, 15), (11, 7), (5, 3), (5, 3), (5, 3)]),
        (SqueezeNet, [(47, 31), (23, 15), (11, 7), *[(5, 3)] * 4]),
        (Vgg, [(96, 64), (48, 32)]),
    ],
)
def test_taps_have_the_shapes_of_torchvision(
    folder: Path, net: type[Taps], sizes: list[tuple[int, int]]
) -> None:
    taps = net(folder).features(noise(2, 3, 96, 64))
    assert [tuple(tap.shape) for tap in taps] == [
        (2, width, *size) for width, size in zip(net.WIDTHS, sizes, strict=True)
    ]
    assert all((tap >= 0).all() and tap.max() > 0 for tap in taps)


@pytest.mark.parametrize("net", [AlexNet, SqueezeNet, Vgg])
def test_number_of_parameters(folder: Path, net: type[Taps]) -> None:
    assert sum(p.numel() for p in net(folder).parameters()) == PARAMETERS[net]


def test_logits_are_means_of_rectified_scores(folder: Path) -> None:
    net = SqueezeNet(folder)
    x = noise(2, 3, 96, 64)
    scores = torch.nn.functional.conv2d(
        net.features(x)[-1],
        torch.from_numpy(
            teacher_weights.made_up()["squeezenet1_1.npz"]["classifier.1.weight"]
        ).float(),
    )
    assert torch.allclose(net.logits(x), scores.clamp(min=0).mean((2, 3)), atol=1e-5)
    assert net.logits(x).shape == (2, 1000)


def test_normalisation_is_that_of_lpips() -> None:
    x = noise(1, 3, 8, 8)
    shift = torch.tensor([-0.030, -0.088, -0.188]).view(1, 3, 1, 1)
    scale = torch.tensor([0.458, 0.448, 0.450]).view(1, 3, 1, 1)
    assert torch.allclose(teachers.Normalise()(x), (2 * x - 1 - shift) / scale, atol=1e-6)


@pytest.mark.parametrize("backbone", ["alex", "squeeze", "vgg"])
def test_teachers_stay_frozen(folder: Path, backbone: teachers.Backbone) -> None:
    distance = Lpips(folder, backbone).train()
    assert not any(module.training for module in distance.modules())
    assert not any(p.requires_grad for p in distance.parameters())


def test_parent_in_training_leaves_a_teacher_alone(folder: Path) -> None:
    parent = torch.nn.ModuleDict({"teacher": SqueezeNet(folder)})
    parent.train()
    assert not any(module.training for module in parent["teacher"].modules())


# --- distances ------------------------------------------------------------------------------------


@pytest.mark.parametrize("backbone", ["alex", "squeeze", "vgg"])
def test_distance_is_lpips_as_published(folder: Path, backbone: teachers.Backbone) -> None:
    distance = Lpips(folder, backbone)
    a, b = noise(2, 3, 64, 64), noise(2, 3, 64, 64, seed=2)
    lins = teacher_weights.made_up()["lpips_v0.1_lin.npz"]
    expected = 0.0
    pairs = zip(distance.net.features(a), distance.net.features(b), strict=True)
    for i, (x, y) in enumerate(pairs):
        x, y = (t / (t.square().sum(1, keepdim=True).sqrt() + 1e-10) for t in (x, y))
        lin = torch.from_numpy(lins[f"{backbone}.lin{i}"]).view(1, -1, 1, 1)
        expected = expected + ((x - y).square() * lin).sum(1).mean((1, 2))
    assert torch.allclose(distance(a, b), expected, rtol=1e-5)


@pytest.mark.parametrize("backbone", ["alex", "squeeze", "vgg"])
def test_pictures_of_a_batch_do_not_mix(folder: Path, backbone: teachers.Backbone) -> None:
    distance = Lpips(folder, backbone)
    a, b = noise(3, 3, 64, 64), noise(3, 3, 64, 64, seed=2)
    together = distance(a, b)
    apart = torch.cat([distance(a[i : i + 1], b[i : i + 1]) for i in range(3)])
    assert together.shape == (3,)
    assert torch.allclose(together, apart, rtol=1e-5)


def test_one_picture_stands_for_a_batch_of_equal_ones(folder: Path) -> None:
    distance, nets = Lpips(folder, "alex"), [AlexNet(folder)]
    a, b = noise(3, 3, 64, 64), noise(1, 3, 64, 64, seed=2)
    same = b.expand_as(a)
    assert torch.allclose(distance(a, b), distance(a, same), rtol=1e-5)
    texture = teachers.texture_distance(nets, a, b)
    assert texture.shape == (3,)
    assert torch.allclose(texture, teachers.texture_distance(nets, a, same), rtol=1e-5)


@pytest.mark.parametrize("backbone", ["alex", "squeeze", "vgg"])
def test_gradient_flows_to_the_first_picture_alone(
    folder: Path, backbone: teachers.Backbone
) -> None:
    a, b = noise(1, 3, 64, 64).requires_grad_(), noise(1, 3, 64, 64, seed=2).requires_grad_()
    Lpips(folder, backbone)(a, b).sum().backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()
    assert a.grad.abs().max() > 0
    assert b.grad is None


def test_gradient_is_finite_where_responses_are_dead(folder: Path, tmp_path: Path) -> None:
    for name, arrays in teacher_weights.made_up().items():
        dead = {key: -np.abs(value) - 1 for key, value in arrays.items() if "bias" in key}
        np.savez(tmp_path / name, **(arrays | dead if name.startswith("alex") else arrays))
    a = torch.full((1, 3, 64, 64), 0.5, requires_grad=True)
    Lpips(tmp_path, "alex")(a, noise(1, 3, 64, 64)).sum().backward()
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_mixed_precision_changes_little(folder: Path) -> None:
    distance = Lpips(folder, "squeeze").to(memory_format=torch.channels_last)
    a, b = (noise(2, 3, 64, 64, seed=s).to(memory_format=torch.channels_last) for s in (1, 2))
    plain = distance(a, b)
    a.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        mixed = distance(a, b)
    mixed.sum().backward()
    assert mixed.dtype == torch.float32
    assert torch.allclose(mixed, plain, rtol=0.03)
    assert a.grad is not None
    assert torch.isfinite(a.grad).all()


def test_equal_pictures_have_no_distance(folder: Path) -> None:
    a = noise(2, 3, 64, 64)
    assert (Lpips(folder, "alex")(a, a) == 0).all()
    distance = teachers.texture_distance([Vgg(folder), SqueezeNet(folder)], a, a)
    assert torch.allclose(distance, torch.zeros(2), atol=1e-6)


def test_texture_distance_forgives_another_sample_of_a_texture(folder: Path) -> None:
    nets = [Vgg(folder)]
    a, b = noise(1, 3, 96, 96), noise(1, 3, 96, 96, seed=2)
    flat = a.mean((2, 3), keepdim=True).expand_as(a)
    moved, flattened = (teachers.texture_distance(nets, x, a) for x in (b, flat))
    assert moved.shape == (1,)
    assert 0 < moved < flattened <= 1


def test_similarity_is_that_of_dists() -> None:
    a, b = noise(1, 2, 5, 7), noise(1, 2, 5, 7, seed=2)
    similar = []
    for c in range(2):
        x, y = a[0, c].double().numpy(), b[0, c].double().numpy()
        covariance = ((x - x.mean()) * (y - y.mean())).mean()
        structure = (2 * covariance + 1e-6) / (x.var() + y.var() + 1e-6)
        texture = (2 * x.mean() * y.mean() + 1e-6) / (x.mean() ** 2 + y.mean() ** 2 + 1e-6)
        similar.append((structure + texture) / 2)
    assert teachers.channel_similarity(a, b).item() == pytest.approx(np.mean(similar), rel=1e-5)


# --- files ----------------------------------------------------------------------------------------


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no alexnet_features\.npz in .*nowhere"):
        AlexNet(tmp_path / "nowhere")


def test_missing_heads_are_named(folder: Path, tmp_path: Path) -> None:
    name = "vgg16_conv1_conv2.npz"
    (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(FileNotFoundError, match=r"no lpips_v0\.1_lin\.npz"):
        Lpips(tmp_path, "vgg")


def test_missing_array_is_named(tmp_path: Path) -> None:
    arrays = teacher_weights.made_up()["vgg16_conv1_conv2.npz"]
    del arrays["features.5.bias"]
    np.savez(tmp_path / "vgg16_conv1_conv2.npz", **arrays)
    with pytest.raises(ValueError, match=r"holds no array features\.5\.bias"):
        Vgg(tmp_path)


def test_wrong_shape_is_named(tmp_path: Path) -> None:
    arrays = teacher_weights.made_up()["squeezenet1_1.npz"]
    arrays["classifier.1.weight"] = arrays["classifier.1.weight"][:10]
    np.savez(tmp_path / "squeezenet1_1.npz", **arrays)
    with pytest.raises(ValueError, match=r"classifier\.1\.weight .* \(10, 512, 1, 1\), not"):
        SqueezeNet(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a zip file", b"\x93NUMPY"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "alexnet_features.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"is not an \.npz file"):
        AlexNet(tmp_path)


def test_single_array_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(tmp_path / "alexnet_features.npz")
    with pytest.raises(ValueError, match=r"is not an \.npz file"):
        AlexNet(tmp_path)


def test_damaged_array_is_refused(folder: Path, tmp_path: Path) -> None:
    name = "vgg16_conv1_conv2.npz"
    data = bytearray((folder / name).read_bytes())
    data[1000] ^= 255
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ValueError, match=r"is not an \.npz file of plain arrays"):
        Vgg(tmp_path)


def test_unknown_backbone_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="there are alex, squeeze, vgg"):
        Lpips(folder, "inception")  # type: ignore[arg-type]


# --- figures --------------------------------------------------------------------------------------

TWO_PICTURES = {
    "squeeze": (0.08946, 0.03147, 0.13045, 0.19902, 0.10141, 0.05801, 0.05786),
    "alex": (0.13641, 0.18713, 0.18194, 0.19737, 0.15403),
}
BLOCK_MEANS = {
    "squeeze": (0.00803, 0.00353, 0.07740, 0.16872, 0.11054, 0.09126, 0.05428),
    "alex": (0.01504, 0.08601, 0.15836, 0.15977, 0.14689),
}
SUMS = {"squeeze": (0.66767, 0.51375), "alex": (0.85689, 0.56608)}


@pytest.mark.parametrize("backbone", ["squeeze", "alex"])
def test_distances_of_kodak_pictures(
    kodak: Path, weights: Path, backbone: teachers.Backbone
) -> None:
    distance = Lpips(weights, backbone)
    one, two, parrots = (picture(kodak / f"kodim{n}.png") for n in ("01", "02", "23"))
    with torch.no_grad():
        taps = [distance.per_tap(one, two)[0], distance.per_tap(parrots, block_means(parrots))[0]]
    for result, expected, total in zip(
        taps, (TWO_PICTURES[backbone], BLOCK_MEANS[backbone]), SUMS[backbone], strict=True
    ):
        assert result.tolist() == pytest.approx(expected, abs=1e-5)
        assert float(result.sum()) == pytest.approx(total, abs=2e-5)


def test_classifier_sees_parrots(kodak: Path, weights: Path) -> None:
    with torch.no_grad():
        scores = SqueezeNet(weights).logits(picture(kodak / "kodim23.png"))
    assert int(scores.argmax()) in {87, 88, 90}  # African grey, macaw, lorikeet


def test_texture_distance_orders_damage(kodak: Path, weights: Path) -> None:
    nets = [Vgg(weights), SqueezeNet(weights)]
    parrots = picture(kodak / "kodim23.png")[:, :, 100:356, 300:556]
    light, heavy = block_means(parrots, 2), block_means(parrots)
    with torch.no_grad():
        distances = [teachers.texture_distance(nets, x, parrots).item() for x in (light, heavy)]
    assert 0 < distances[0] < distances[1] < 1
