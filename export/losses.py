"""Losses of training and of the latent update; pure functions of torch tensors.

Pictures x, y, p are (B, 3, H, W) sRGB in 0..1, features F^l (B, N, h, w) with M = h w places.
Means are over all elements unless a shape is given.
"""

import functools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)  # BT.601
SSIM_SIDE, SSIM_SIGMA = 11, 1.5
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2
EDGE_SIDE, EDGE_SIGMA = 7, 1.0  # of the Laplacian of Gaussian, pixels


def charbonnier(x: Tensor, y: Tensor, epsilon: float = 1e-3) -> Tensor:
    """Mean of sqrt((x - y)^2 + epsilon^2): L1 that is smooth at zero."""
    return ((x - y).square() + epsilon * epsilon).sqrt().mean()


def luma(x: Tensor) -> Tensor:
    """(B, 1, H, W) BT.601 luma."""
    weights = torch.tensor(LUMA, dtype=x.dtype, device=x.device)
    return (x * weights[:, None, None]).sum(1, keepdim=True)


@functools.cache
def _gaussian(side: int, sigma: float) -> tuple[float, ...]:
    taps = [math.exp(-((i - side // 2) ** 2) / (2 * sigma * sigma)) for i in range(side)]
    return tuple(tap / sum(taps) for tap in taps)


def _blur(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H - 10, W - 10): SSIM's window at every place that holds it whole."""
    taps = torch.tensor(_gaussian(SSIM_SIDE, SSIM_SIGMA), dtype=x.dtype, device=x.device)
    channels = x.shape[1]
    down = taps.reshape(1, 1, -1, 1).expand(channels, 1, -1, 1)
    across = taps.reshape(1, 1, 1, -1).expand(channels, 1, 1, -1)
    return F.conv2d(F.conv2d(x, down, groups=channels), across, groups=channels)


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """(B,) structural similarity of the luma (Wang et al. 2004), as ablc.compare has it.

    Raises ValueError for sides under 11.
    """
    if min(x.shape[-2:]) < SSIM_SIDE:
        raise ValueError(f"SSIM needs sides of at least {SSIM_SIDE}, not {tuple(x.shape[-2:])}")
    with torch.autocast(x.device.type, enabled=False):
        a, b = luma(x.float()), luma(y.float())
        mean_a, mean_b, aa, bb, ab = _blur(torch.cat([a, b, a * a, b * b, a * b], 1)).unbind(1)
        variance_a, variance_b = aa - mean_a * mean_a, bb - mean_b * mean_b
        covariance = ab - mean_a * mean_b
        level = (2 * mean_a * mean_b + SSIM_C1) / (mean_a**2 + mean_b**2 + SSIM_C1)
        shape = (2 * covariance + SSIM_C2) / (variance_a + variance_b + SSIM_C2)
        return (level * shape).mean((1, 2))


@functools.cache
def _log_kernel() -> tuple[float, ...]:
    """EDGE_SIDE^2 taps of the Laplacian of Gaussian; they sum to 0, their magnitudes to 1."""
    half, s2 = EDGE_SIDE // 2, EDGE_SIGMA**2
    grid = [(y, x) for y in range(-half, half + 1) for x in range(-half, half + 1)]
    weight = [math.exp(-(y * y + x * x) / (2 * s2)) for y, x in grid]
    taps = [w * (y * y + x * x - 2 * s2) / s2**2 for w, (y, x) in zip(weight, grid, strict=True)]
    surplus = sum(taps) / sum(weight)
    taps = [tap - surplus * w for tap, w in zip(taps, weight, strict=True)]
    scale = sum(map(abs, taps))
    return tuple(tap / scale for tap in taps)


def laplacian_of_gaussian(x: Tensor) -> Tensor:
    """LAPLACE(x) of the paper, (B, 3, H, W), every channel on its own; zero beyond the borders.

    sigma = 1 pixel, 7x7 taps that sum to 0 and whose magnitudes sum to 1.
    """
    taps = torch.tensor(_log_kernel(), dtype=x.dtype, device=x.device)
    kernel = taps.reshape(1, 1, EDGE_SIDE, EDGE_SIDE).expand(x.shape[1], 1, -1, -1)
    return F.conv2d(x, kernel, padding=EDGE_SIDE // 2, groups=x.shape[1])


def edge(x: Tensor, p: Tensor) -> Tensor:
    """(B,) edge loss |LAPLACE(x) - LAPLACE(p)|_2^2.

    The paper has the norm; its square has a gradient everywhere, and the same minimum.
    """
    return (laplacian_of_gaussian(x) - laplacian_of_gaussian(p)).square().sum((1, 2, 3))


def gram(f: Tensor) -> Tensor:
    """(B, N, N) Gram matrix of features, F F^T / (N M): its size does not depend on N and M."""
    flat = f.flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def style(
    features: Sequence[Tensor], targets: Sequence[Tensor], weights: Sequence[float]
) -> Tensor:
    """(B,) style loss sum_l w_l E_l with E_l = |G - A|_F^2 / (4 N^2 M^2) (Gatys et al. 2016).

    targets: Gram matrices A_l as gram() has them, which holds the factor 1 / (N M).
    """
    terms = [
        w * (gram(f) - a).square().sum((1, 2)) / 4
        for f, a, w in zip(features, targets, weights, strict=True)
    ]
    return torch.stack(terms).sum(0)


def content(f: Tensor, p: Tensor) -> Tensor:
    """(B,) content loss 1/2 sum_ij (F^l_ij - P^l_ij)^2 (Gatys et al. 2016)."""
    return (f - p).square().sum((1, 2, 3)) / 2


def feature_matching(found: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Mean over l of mean |F^l - P^l|^2 / mean |P^l|^2: every layer counts alike."""
    terms = [
        (f - p).square().mean() / p.square().mean().clamp_min(1e-8)
        for f, p in zip(found, wanted, strict=True)
    ]
    return torch.stack(terms).mean()


def distillation(scores: Tensor, wanted: Tensor, temperature: float = 2.0) -> Tensor:
    """T^2 KL(softmax(wanted / T) || softmax(scores / T)), mean over (B, classes) (Hinton 2015)."""
    log_p = F.log_softmax(scores.float() / temperature, 1)
    log_q = F.log_softmax(wanted.float() / temperature, 1)
    return F.kl_div(log_p, log_q, log_target=True, reduction="batchmean") * temperature**2


def hinge_critic(real: Tensor, made: Tensor) -> Tensor:
    """What D minimises: mean max(0, 1 - D(real)) + mean max(0, 1 + D(made)) (Lim and Ye 2017)."""
    return F.relu(1 - real).mean() + F.relu(1 + made).mean()


def hinge_generator(made: Tensor) -> Tensor:
    """What G minimises against hinge_critic: -mean D(made)."""
    return -made.mean()


def r1(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Gradient penalty mean_b |d D(real) / d real|^2 / 2 (Mescheder et al., arXiv:1801.04406).

    D is the mean of a picture's scores, where the critic gives one for every patch.
    """
    x = real.detach().requires_grad_()
    score = critic(x).reshape(len(x), -1).mean(1).sum()
    (gradient,) = torch.autograd.grad(score, x, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2
