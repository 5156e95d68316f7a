"""Losses of training and of the latent update: pure functions of torch tensors.

Pictures x, y, p are (B, 3, H, W) sRGB in 0..1, features F^l (B, N, h, w) with M = h w positions.
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
    """Return the mean of sqrt((x - y)^2 + epsilon^2): an L1 distance that is smooth at zero."""
    return ((x - y).square() + epsilon * epsilon).sqrt().mean()


def luma(x: Tensor) -> Tensor:
    """Return the BT.601 luma, (B, 1, H, W)."""
    weights = torch.tensor(LUMA, dtype=x.dtype, device=x.device)
    return (x * weights[:, None, None]).sum(1, keepdim=True)


@functools.cache
def _gaussian(side: int, sigma: float) -> tuple[float, ...]:
    taps = [math.exp(-((i - side // 2) ** 2) / (2 * sigma * sigma)) for i in range(side)]
    return tuple(tap / sum(taps) for tap in taps)


def _blur(x: Tensor) -> Tensor:
    """Return (B, C, H - 10, W - 10) of (B, C, H, W): averages over SSIM's window where it fits."""
    taps = torch.tensor(_gaussian(SSIM_SIDE, SSIM_SIGMA), dtype=x.dtype, device=x.device)
    channels = x.shape[1]
    down = taps.reshape(1, 1, -1, 1).expand(channels, 1, -1, 1)
    across = taps.reshape(1, 1, 1, -1).expand(channels, 1, 1, -1)
    return F.conv2d(F.conv2d(x, down, groups=channels), across, groups=channels)


def ssim(x: Tensor, y: Tensor) -> Tensor:
    """Return (B,) structural similarity of the luma (Wang et al. 2004), as in ablc.compare.

    Raises ValueError for sides shorter than 11.
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
    """Return EDGE_SIDE^2 taps of the Laplacian of Gaussian: sum 0, sum of magnitudes 1."""
    half, s2 = EDGE_SIDE // 2, EDGE_SIGMA**2
    grid = [(y, x) for y in range(-half, half + 1) for x in range(-half, half + 1)]
    weight = [math.exp(-(y * y + x * x) / (2 * s2)) for y, x in grid]
    taps = [w * (y * y + x * x - 2 * s2) / s2**2 for w, (y, x) in zip(weight, grid, strict=True)]
    surplus = sum(taps) / sum(weight)
    taps = [tap - surplus * w for tap, w in zip(taps, weight, strict=True)]
    scale = sum(map(abs, taps))
    return tuple(tap / scale for tap in taps)


def laplacian_of_gaussian(x: Tensor) -> Tensor:
    """Return LAPLACE(x) of the paper, (B, 3, H, W), for every channel; x is 0 beyond its borders.

    sigma = 1 pixel, 7x7 taps that sum to 0 and whose magnitudes sum to 1.
    """
    taps = torch.tensor(_log_kernel(), dtype=x.dtype, device=x.device)
    kernel = taps.reshape(1, 1, EDGE_SIDE, EDGE_SIDE).expand(x.shape[1], 1, -1, -1)
    return F.conv2d(x, kernel, padding=EDGE_SIDE // 2, groups=x.shape[1])


def edge(x: Tensor, p: Tensor) -> Tensor:
    """Return (B,) edge losses |LAPLACE(x) - LAPLACE(p)|_2^2.

    The paper uses the norm; its square has a gradient everywhere, and the same minimum.
    """
    return (laplacian_of_gaussian(x) - laplacian_of_gaussian(p)).square().sum((1, 2, 3))


def gram(f: Tensor) -> Tensor:
    """Return (B, N, N) Gram matrices F F^T / (N M): their magnitude is independent of N and M."""
    flat = f.flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])


def style(
    features: Sequence[Tensor], targets: Sequence[Tensor], weights: Sequence[float]
) -> Tensor:
    """Return (B,) style losses sum_l w_l E_l (Gatys et al. 2016).

    E_l = |G - A|_F^2 / (4 N^2 M^2).

    targets: Gram matrices A_l of gram(), which includes the factor 1 / (N M).
    """
    terms = [
        w * (gram(f) - a).square().sum((1, 2)) / 4
        for f, a, w in zip(features, targets, weights, strict=True)
    ]
    return torch.stack(terms).sum(0)


def content(f: Tensor, p: Tensor) -> Tensor:
    """Return (B,) content losses 1/2 sum_ij (F^l_ij - P^l_ij)^2 (Gatys et al. 2016)."""
    return (f - p).square().sum((1, 2, 3)) / 2


def feature_matching(features: Sequence[Tensor], targets: Sequence[Tensor]) -> Tensor:
    """Return the mean over l of mean |F^l - P^l|^2 / mean |P^l|^2: every layer weighs the same."""
    terms = [
        (f - p).square().mean() / p.square().mean().clamp_min(1e-8)
        for f, p in zip(features, targets, strict=True)
    ]
    return torch.stack(terms).mean()


def distillation(scores: Tensor, target: Tensor, temperature: float = 2.0) -> Tensor:
    """Return T^2 KL(softmax(target / T) || softmax(scores / T)) (Hinton et al. 2015).

    scores, target: (B, classes); the result is the mean over the batch.
    """
    log_p = F.log_softmax(scores.float() / temperature, 1)
    log_q = F.log_softmax(target.float() / temperature, 1)
    return F.kl_div(log_p, log_q, log_target=True, reduction="batchmean") * temperature**2


def hinge_critic(real: Tensor, made: Tensor) -> Tensor:
    """Return D's loss: mean max(0, 1 - D(real)) + mean max(0, 1 + D(made)) (Lim and Ye 2017)."""
    return F.relu(1 - real).mean() + F.relu(1 + made).mean()


def hinge_generator(made: Tensor) -> Tensor:
    """Return G's loss against hinge_critic: -mean D(made)."""
    return -made.mean()


def r1(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """Return the gradient penalty mean_b |d D(real) / d real|^2 / 2.

    Mescheder et al., arXiv:1801.04406. D is the mean of a picture's scores if the critic scores
    every patch.
    """
    x = real.detach().requires_grad_()
    score = critic(x).reshape(len(x), -1).mean(1).sum()
    (gradient,) = torch.autograd.grad(score, x, create_graph=True)
    return gradient.square().sum((1, 2, 3)).mean() / 2
