"""The networks, in the symbols of Plug & Play Generative Networks (PPGN, arXiv:1612.00005).

    N   decoded picture, keep mask, step -> picture      feed-forward fill and post-filter
    E   picture -> h1 -> h                               encoder, E = E2 o E1
    G   h -> picture                                     generator
    C   picture -> class scores, features F^l            condition
    D   picture -> realness of every patch               discriminator, for training alone

All are fully convolutional, for sides in multiples of 32. Pictures are (B, 3, H, W) sRGB in 0..1.
Networks that the latent update differentiates (E, G, C) use SiLU: the gradient of a rectifier
jumps, and rounding errors would grow from step to step. None normalises: no graph then depends on
a picture's statistics, and tiles agree with the whole.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

STRIDE = 16  # pixels of a side of the latent's cells
MULTIPLE = 32  # of which H and W are
CELL = 8  # pixels of a side of the codec's cells
RANGE = 4.0  # pictures enter as (x - 1/2) * RANGE, about unit variance
CLASSES = 1000  # of ImageNet


@torch.library.custom_op("ablc::depth_to_space", mutates_args=())
def depth_to_space(x: Tensor, r: int) -> Tensor:
    """(B, r r C, H, W) -> (B, C, r H, r W): channel (i r + j) C + c goes to row i, column j.

    ONNX DepthToSpace in its DCR mode. An operator of its own, so that it and its adjoint export as
    one node each.
    """
    b, c, h, w = x.shape
    y = x.permute(0, 2, 3, 1).reshape(b, h, w, r, r, c // (r * r))
    y = y.permute(0, 1, 3, 2, 4, 5).reshape(b, h * r, w * r, c // (r * r))
    return y.permute(0, 3, 1, 2).clone(memory_format=torch.channels_last)


@torch.library.custom_op("ablc::space_to_depth", mutates_args=())
def space_to_depth(x: Tensor, r: int) -> Tensor:
    """The inverse of depth_to_space, ONNX SpaceToDepth."""
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


def _keep_factor(ctx, inputs, output) -> None:
    ctx.r = inputs[1]


depth_to_space.register_autograd(
    lambda ctx, g: (space_to_depth(g, ctx.r), None), setup_context=_keep_factor
)
space_to_depth.register_autograd(
    lambda ctx, g: (depth_to_space(g, ctx.r), None), setup_context=_keep_factor
)


@dataclass(frozen=True, slots=True)
class Preset:
    """Widths (channels) and depths (residual blocks) of the networks, from fine to coarse."""

    fill_widths: tuple[int, int, int]  # of N at 1/2, 1/4 and 1/8
    fill_depths: tuple[int, int, int]  # of N; the first two count for both ways
    latent: int  # channels of h
    encoder_widths: tuple[int, int, int]  # of E at 1/4, 1/8 and 1/16; the last is h1
    encoder_depths: tuple[int, int, int]
    generator_widths: tuple[int, int, int]  # of G at 1/4, 1/8 and 1/16
    generator_depths: tuple[int, int, int]
    condition_widths: tuple[int, int, int, int]  # of C at 1/4 .. 1/32: the features F^l
    condition_depths: tuple[int, int, int, int]
    stage2_width: int  # of S (ablc.export.stage2), at the small picture's size
    stage2_depth: int
    critic_widths: tuple[int, int, int, int]  # of D at 1/2 .. 1/16


PRESETS = {
    "small": Preset(
        fill_widths=(32, 64, 64),
        fill_depths=(1, 1, 3),
        latent=32,
        encoder_widths=(32, 64, 128),
        encoder_depths=(1, 1, 2),
        generator_widths=(64, 64, 128),
        generator_depths=(1, 2, 2),
        condition_widths=(32, 64, 128, 256),
        condition_depths=(1, 1, 1, 1),
        stage2_width=64,
        stage2_depth=4,
        critic_widths=(32, 64, 128, 128),
    ),
    "base": Preset(
        fill_widths=(64, 128, 192),
        fill_depths=(2, 2, 4),
        latent=64,
        encoder_widths=(64, 128, 256),
        encoder_depths=(2, 2, 4),
        generator_widths=(96, 160, 320),
        generator_depths=(3, 3, 3),
        condition_widths=(64, 128, 256, 512),
        condition_depths=(1, 2, 2, 2),
        stage2_width=128,
        stage2_depth=8,
        critic_widths=(64, 128, 256, 256),
    ),
}


class Residual(nn.Module):
    """x + conv(act(conv(x)))."""

    def __init__(self, channels: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.activation = activation()
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(self.activation(self.first(x)))


def initialise(net: nn.Module) -> None:
    """He et al.'s start (arXiv:1502.01852): without normalisation signals must keep their size.

    Residual blocks start near the identity.
    """
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, a=0.2)
            nn.init.zeros_(module.bias)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, Residual):
                module.second.weight.mul_(0.2)


def stage(channels: int, depth: int, activation: type[nn.Module]) -> nn.Sequential:
    return nn.Sequential(*(Residual(channels, activation) for _ in range(depth)))


class Down(nn.Sequential):
    """Half the resolution: activation, then a 2x2 convolution of stride 2."""

    def __init__(self, inner: int, outer: int, activation: type[nn.Module]) -> None:
        super().__init__(activation(), nn.Conv2d(inner, outer, 2, stride=2))


class Up(nn.Module):
    """factor times the resolution: a convolution to all samples of a cell, then depth_to_space."""

    def __init__(self, inner: int, outer: int, factor: int = 2, kernel: int = 1) -> None:
        super().__init__()
        self.factor = factor
        self.conv = nn.Conv2d(inner, outer * factor * factor, kernel, padding=kernel // 2)

    def forward(self, x: Tensor) -> Tensor:
        return depth_to_space(self.conv(x), self.factor)


class Rectifier(nn.LeakyReLU):
    """For networks that nothing differentiates at decode time: cheaper than SiLU."""

    def __init__(self) -> None:
        super().__init__(0.1)


class Fill(nn.Module):
    """N: repairs kept blocks and paints dropped ones, in one pass.

    A context encoder in the sense of Pathak et al., arXiv:1604.07379, with skips. What the cells
    say (kept or not, their step) enters with a code of its own for every 2x2 place of a cell, so
    that the network knows where block borders are.
    """

    PLACES = 20  # channels of that code at 1/2

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        fine, middle, coarse = preset.fill_widths
        depth_fine, depth_middle, depth_coarse = preset.fill_depths
        self.stem = nn.Conv2d(3, fine - self.PLACES, 4, stride=2, padding=1)
        self.cells = Up(2, self.PLACES, factor=CELL // 2)
        self.mix = nn.Conv2d(fine, fine, 3, padding=1)
        self.fine_in = stage(fine, depth_fine, Rectifier)
        self.down_middle = Down(fine, middle, Rectifier)
        self.middle_in = stage(middle, depth_middle, Rectifier)
        self.down_coarse = Down(middle, coarse, Rectifier)
        self.coarse = stage(coarse, depth_coarse, Rectifier)
        self.up_middle = Up(coarse, middle)
        self.middle_out = stage(middle, depth_middle, Rectifier)
        self.up_fine = Up(middle, fine)
        self.fine_out = stage(fine, depth_fine, Rectifier)
        self.last = nn.Sequential(Rectifier(), Up(fine, 3, kernel=3))
        initialise(self)
        with torch.no_grad():
            self.last[1].conv.weight.mul_(0.005)  # the decoded picture at first

    def forward(self, decoded: Tensor, kept: Tensor, step: Tensor) -> Tensor:
        """The painted picture, (B, 3, H, W), nominally in 0..1.

        decoded: (B, 3, H, W) in 0..1.
        kept: (B, 1, H/8, W/8), 1 where the cell lies in a kept block, else 0.
        step: (B, 1, H/8, W/8), log2 of the cell's luma step in grey levels.
        """
        cells = torch.cat([kept, step * 0.5 - 2.0], 1)  # steps of 4..256 grey levels: -1..2
        x = torch.cat([self.stem((decoded - 0.5) * RANGE), self.cells(cells)], 1)
        fine = self.fine_in(self.mix(x))
        middle = self.middle_in(self.down_middle(fine))
        coarse = self.coarse(self.down_coarse(middle))
        middle = self.middle_out(middle + self.up_middle(coarse))
        fine = self.fine_out(fine + self.up_fine(middle))
        return decoded + self.last(fine) / RANGE


class Encoder(nn.Module):
    """E = E2 o E1: E1 imitates an ImageNet-trained AlexNet, E2 keeps what G needs."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        quarter, eighth, deep = preset.encoder_widths
        a, b, c = preset.encoder_depths
        self.e1 = nn.Sequential(
            nn.Conv2d(3, quarter, 4, stride=4),
            nn.SiLU(),
            stage(quarter, a, nn.SiLU),
            Down(quarter, eighth, nn.SiLU),
            stage(eighth, b, nn.SiLU),
            Down(eighth, deep, nn.SiLU),
            stage(deep, c, nn.SiLU),
        )
        self.e2 = nn.Sequential(
            nn.SiLU(), nn.Conv2d(deep, deep, 1), nn.SiLU(), nn.Conv2d(deep, preset.latent, 1)
        )
        initialise(self)

    def h1(self, x: Tensor) -> Tensor:
        """E1: (B, 3, H, W) -> (B, widths[2], H/16, W/16)."""
        return self.e1((x - 0.5) * RANGE)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 -> h, (B, latent, H/16, W/16)."""
        return self.e2(self.h1(x))


class Generator(nn.Module):
    """G: latent code to picture."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        quarter, eighth, deep = preset.generator_widths
        a, b, c = preset.generator_depths
        self.body = nn.Sequential(
            nn.Conv2d(preset.latent, deep, 3, padding=1),
            stage(deep, c, nn.SiLU),
            nn.SiLU(),
            Up(deep, eighth),
            stage(eighth, b, nn.SiLU),
            nn.SiLU(),
            Up(eighth, quarter),
            stage(quarter, a, nn.SiLU),
            nn.SiLU(),
            Up(quarter, 3, factor=4, kernel=3),
        )
        initialise(self)

    def forward(self, h: Tensor) -> Tensor:
        """(B, latent, H/16, W/16) -> (B, 3, H, W), nominally in 0..1."""
        return self.body(h) / RANGE + 0.5


class Condition(nn.Module):
    """C: log p(y given x), and the feature responses F^l of style and content losses."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        widths, depths = preset.condition_widths, preset.condition_depths
        stem = nn.Conv2d(3, widths[0], 4, stride=4)
        self.stages = nn.ModuleList(
            [nn.Sequential(stem, nn.SiLU(), stage(widths[0], depths[0], nn.SiLU))]
        )
        for inner, outer, depth in zip(widths, widths[1:], depths[1:], strict=False):
            self.stages.append(
                nn.Sequential(Down(inner, outer, nn.SiLU), stage(outer, depth, nn.SiLU))
            )
        self.head = nn.Sequential(nn.SiLU(), nn.Conv2d(widths[-1], CLASSES, 1))
        initialise(self)

    def features(self, x: Tensor) -> list[Tensor]:
        """F^1 .. F^4: (B, widths[l], H/s, W/s) for s = 4, 8, 16, 32."""
        found = []
        x = (x - 0.5) * RANGE
        for part in self.stages:
            x = part(x)
            found.append(x)
        return found

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) in 0..1 -> class scores (B, 1000), before the softmax, and F^1 .. F^4."""
        features = self.features(x)
        return self.head(features[-1]).mean((2, 3)), features


class Critic(nn.Module):
    """D: DCGAN-style (Radford et al., arXiv:1511.06434), a score for every patch.

    Without batch normalisation, which mixes pictures and disagrees with a gradient penalty.
    """

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inner = 3
        for outer in preset.critic_widths:
            layers += [nn.Conv2d(inner, outer, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
            inner = outer
        self.body = nn.Sequential(*layers, nn.Conv2d(inner, 1, 3, padding=1))
        initialise(self)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 -> (B, 1, H/16, W/16)."""
        return self.body((x - 0.5) * RANGE)


def multiply_adds(net: nn.Module, *inputs: Tensor) -> int:
    """Multiplications of the convolutions of one forward pass."""
    total = 0

    def count(module: nn.Module, _: object, out: Tensor) -> None:
        nonlocal total
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
    return sum(p.numel() for p in net.parameters())
