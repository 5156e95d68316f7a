"""Layers that the networks share, their initial weights, and counts of their size and work."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


@torch.library.custom_op("ablc::depth_to_space", mutates_args=())
def depth_to_space(x: Tensor, r: int) -> Tensor:
    """Return (B, r r C, H, W) as (B, C, r H, r W): channel (i r + j) C + c is row i, column j.

    This is ONNX DepthToSpace in DCR mode. It is an operator of its own so that it and its adjoint
    are each exported as one node.
    """
    b, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).reshape(b, h, w, r, r, c // (r * r))
    y = y.permute(0, 1, 3, 2, 4, 5).reshape(b, h * r, w * r, c // (r * r))
    return y.permute(0, 3, 1, 2).clone(memory_format=torch.channels_last)


@torch.library.custom_op("ablc::space_to_depth", mutates_args=())
def space_to_depth(x: Tensor, r: int) -> Tensor:
    """Return the inverse of depth_to_space, ONNX SpaceToDepth."""
    b, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).reshape(b, h // r, r, w // r, r, c)
    y = y.permute(0, 1, 3, 2, 4, 5).reshape(b, h // r, w // r, r * r * c)
    return y.permute(0, 3, 1, 2).clone(memory_format=torch.channels_last)


@depth_to_space.register_fake
def _(x: Tensor, r: int) -> Tensor:
    b, c, h, w = x.shape
    out = x.new_empty(b, c // (r * r), h * r, w * r)
    return out.contiguous(memory_format=torch.channels_last)


@space_to_depth.register_fake
def _(x: Tensor, r: int) -> Tensor:
    b, c, h, w = x.shape
    out = x.new_empty(b, c * r * r, h // r, w // r)
    return out.contiguous(memory_format=torch.channels_last)


def _keep_factor(ctx: Any, inputs: tuple[Tensor, int], output: Tensor) -> None:
    ctx.r = inputs[1]


depth_to_space.register_autograd(
    lambda ctx, g: (space_to_depth(g, ctx.r), None), setup_context=_keep_factor
)
space_to_depth.register_autograd(
    lambda ctx, g: (depth_to_space(g, ctx.r), None), setup_context=_keep_factor
)


class Residual(nn.Module):
    """x + conv(act(conv(x)))."""

    def __init__(self, channels: int, activation: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.activation = activation()
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.activation(self.first(x)))


def residuals(channels: int, depth: int, activation: Callable[[], nn.Module]) -> nn.Sequential:
    """Return depth residual blocks in a row."""
    return nn.Sequential(*(Residual(channels, activation) for _ in range(depth)))


class Down(nn.Sequential):
    """Halve the resolution: an activation, then a 2x2 convolution of stride 2."""

    def __init__(self, inner: int, outer: int, activation: Callable[[], nn.Module]) -> None:
        super().__init__(activation(), nn.Conv2d(inner, outer, 2, stride=2))


class Up(nn.Module):
    """Multiply the resolution by factor: a convolution to all samples, then depth_to_space."""

    def __init__(self, inner: int, outer: int, factor: int = 2, kernel: int = 1) -> None:
        super().__init__()
        self.factor = factor
        self.conv = nn.Conv2d(inner, outer * factor * factor, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return depth_to_space(self.conv(x), self.factor)


class Rectifier(nn.LeakyReLU):
    """The activation of networks that nothing differentiates at decode time: cheaper than SiLU."""

    def __init__(self) -> None:
        super().__init__(0.1)


def initialise(net: nn.Module) -> None:
    """Set weights after He et al. (arXiv:1502.01852), as signals must keep their size.

    The networks have no normalisation that would do it. Residual blocks start near the identity.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=0.2)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, Residual):
                module.second.weight.mul_(0.2)


def multiply_adds(net: nn.Module, *inputs: Tensor) -> int:
    """Return the number of multiplications of the convolutions in one forward pass."""
    total = 0

    def count(module: nn.Module, _: object, out: Tensor) -> None:
        nonlocal total
        if isinstance(module, nn.Conv2d):
            total += out.numel() * module.weight[0].numel()

    hooks = [m.register_forward_hook(count) for m in net.modules() if isinstance(m, nn.Conv2d)]
    try:
        with torch.no_grad():
            net(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return total


def parameters(net: nn.Module) -> int:
    """Return the number of trained values."""
    return sum(p.numel() for p in net.parameters())
