"""Every loss against a direct evaluation of its equation, and its gradient."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

torch = pytest.importorskip("torch", reason="networks need the [train] extra")

import ablc  # noqa: E402
from ablc.export import losses  # noqa: E402
from ablc.runtime import edges  # noqa: E402

Array = npt.NDArray[np.float64]


def pictures(seed: int, count: int = 2, height: int = 24, width: int = 31) -> Array:
    return np.random.default_rng(seed).uniform(size=(count, 3, height, width))


def tensor(array: Array) -> torch.Tensor:
    return torch.from_numpy(array)


def test_charbonnier() -> None:
    x, y = pictures(0), pictures(1)
    expected = np.sqrt((x - y) ** 2 + 1e-6).mean()
    assert float(losses.charbonnier(tensor(x), tensor(y))) == pytest.approx(expected)


def test_ssim_is_that_of_compare() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 256, (40, 52, 3), np.uint8)
    b = np.clip(a + rng.normal(0, 20, a.shape), 0, 255).astype(np.uint8)
    x, y = (tensor(p.transpose(2, 0, 1)[None] / 255) for p in (a, b))
    assert float(losses.ssim(x, y)[0]) == pytest.approx(ablc.compare(a, b).ssim, abs=2e-4)


def test_laplacian_of_gaussian_is_that_of_the_runtime() -> None:
    x = pictures(0)[0].astype(np.float32)
    result = edges.laplacian_of_gaussian(x)
    expected = losses.laplacian_of_gaussian(tensor(x[None]))[0].numpy()
    assert result.dtype == np.float32
    assert np.abs(result - expected).max() < 1e-6


def test_luma_is_that_of_the_runtime() -> None:
    x = pictures(0)[0].astype(np.float32)
    assert np.abs(edges.luma(x) - losses.luma(tensor(x[None]))[0, 0].numpy()).max() < 1e-6


def test_ssim_of_equal_pictures_is_1() -> None:
    x = tensor(pictures(0))
    assert losses.ssim(x, x).numpy() == pytest.approx(np.ones(2))


def test_ssim_refuses_pictures_under_its_window() -> None:
    with pytest.raises(ValueError, match="at least 11"):
        losses.ssim(torch.zeros(1, 3, 10, 40), torch.zeros(1, 3, 10, 40))


def log_by_hand(plane: Array) -> Array:
    """Laplacian of Gaussian with sigma 1 on 7x7 taps, tap by tap."""
    grid = np.arange(-3, 4)
    r2 = grid[:, None] ** 2 + grid[None] ** 2
    gauss = np.exp(-r2 / 2)
    kernel = gauss * (r2 - 2)
    kernel -= kernel.sum() / gauss.sum() * gauss
    kernel /= np.abs(kernel).sum()
    padded = np.pad(plane, 3)
    out = np.zeros_like(plane)
    for y in range(7):
        for x in range(7):
            out += kernel[y, x] * padded[y : y + plane.shape[0], x : x + plane.shape[1]]
    return out


def test_laplacian_of_gaussian() -> None:
    x = pictures(0)
    expected = np.stack([[log_by_hand(plane) for plane in picture] for picture in x])
    assert losses.laplacian_of_gaussian(tensor(x)).numpy() == pytest.approx(expected, abs=1e-6)


def test_edges_of_flat_pictures_are_0_inside() -> None:
    result = losses.laplacian_of_gaussian(torch.full((1, 3, 20, 20), 0.7, dtype=torch.float64))
    assert result[..., 3:-3, 3:-3].abs().max() < 1e-6


def test_edge() -> None:
    x, p = pictures(0), pictures(1)
    expected = [sum((log_by_hand(plane) ** 2).sum() for plane in picture) for picture in x - p]
    assert losses.edge(tensor(x), tensor(p)).numpy() == pytest.approx(np.array(expected), rel=1e-5)


def features(seed: int) -> list[Array]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(2, n, h, w)) for n, h, w in ((4, 6, 5), (8, 3, 2))]


def test_style() -> None:
    f, p, weights = features(0), features(1), (0.5, 2.0)
    expected = np.zeros(2)
    for layer, other, weight in zip(f, p, weights, strict=True):
        n, m = layer.shape[1], layer.shape[2] * layer.shape[3]
        for b in range(2):
            flat, target = layer[b].reshape(n, m), other[b].reshape(n, m)
            g, a = flat @ flat.T, target @ target.T
            expected[b] += weight * ((g - a) ** 2).sum() / (4 * n**2 * m**2)
    targets = [losses.gram(tensor(layer)) for layer in p]
    result = losses.style([tensor(layer) for layer in f], targets, weights)
    assert result.numpy() == pytest.approx(expected)


def test_content() -> None:
    f, p = features(0)[0], features(1)[0]
    expected = ((f - p) ** 2).sum((1, 2, 3)) / 2
    assert losses.content(tensor(f), tensor(p)).numpy() == pytest.approx(expected)


def test_feature_matching_counts_layers_alike() -> None:
    f, p = features(0), features(1)
    expected = np.mean([((a - b) ** 2).mean() / (b**2).mean() for a, b in zip(f, p, strict=True)])
    scaled = [100 * layer for layer in f], [100 * layer for layer in p]
    for result, targets in ((f, p), scaled):
        value = losses.feature_matching([tensor(a) for a in result], [tensor(b) for b in targets])
        assert float(value) == pytest.approx(expected)


def test_distillation() -> None:
    rng = np.random.default_rng(0)
    scores, expected = rng.normal(size=(3, 10)), 3 * rng.normal(size=(3, 10))

    def softmax(x: Array) -> Array:
        e = np.exp(x - x.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    p, q = softmax(scores / 2), softmax(expected / 2)
    value = 4 * (q * np.log(q / p)).sum(1).mean()
    result = losses.distillation(tensor(scores), tensor(expected))
    assert float(result) == pytest.approx(value, rel=1e-5)
    assert float(losses.distillation(tensor(expected), tensor(expected))) == pytest.approx(
        0, abs=1e-6
    )


def test_hinge() -> None:
    real, made = torch.tensor([2.0, 0.5, -1.0]), torch.tensor([-3.0, 0.25])
    assert float(losses.hinge_critic(real, made)) == pytest.approx((0 + 0.5 + 2) / 3 + 1.25 / 2)
    assert float(losses.hinge_generator(made)) == pytest.approx(1.375)


def test_r1_of_a_linear_critic() -> None:
    weight = torch.randn(3, 8, 8, dtype=torch.float64)
    x = torch.rand(4, 3, 8, 8, dtype=torch.float64)
    result = losses.r1(lambda y: (y * weight).sum((1, 2, 3)), x)
    assert float(result) == pytest.approx(float(weight.square().sum()) / 2)


SMOOTH: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "charbonnier": losses.charbonnier,
    "edge": losses.edge,
    "content": losses.content,
    "style": lambda x, y: losses.style([x], [losses.gram(y)], [100.0]),
    "feature_matching": lambda x, y: losses.feature_matching([x], [y]),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_gradient(name: str) -> None:
    x = tensor(pictures(0, 1, 8, 9)).requires_grad_()
    y = tensor(pictures(1, 1, 8, 9))
    assert torch.autograd.gradcheck(lambda z: SMOOTH[name](z, y), x)


def test_ssim_rises_along_its_gradient() -> None:
    x, y = (torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    x.requires_grad_()
    before = losses.ssim(x, y).sum()
    (gradient,) = torch.autograd.grad(before, x)
    assert losses.ssim(x + 0.01 * gradient / gradient.norm(), y).sum() > before
