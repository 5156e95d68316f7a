"""The networks, in the symbols of Plug & Play Generative Networks (PPGN, arXiv:1612.00005).

    N   decoded picture, keep mask, step,
        texture, looks -> picture                feed-forward fill and post-filter
    E   picture -> h1 -> h                       encoder, E = E2 o E1
    G   h -> picture                             generator
    C   picture -> class scores, features F^l    condition
    D   picture -> realness of every patch       discriminator, for training alone

All are fully convolutional and take sides in multiples of 32. Pictures are (B, 3, H, W) sRGB in
0..1. Networks that the latent update differentiates (E, G, C) use SiLU: the gradient of a rectifier
jumps, and rounding errors would grow from iteration to iteration. None of them normalises, so no
graph depends on a picture's statistics, and tiles agree with the whole picture.

Names of attributes are those in checkpoints (export/checkpoints): a new name needs a new training.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ablc.arrays import CELL
from ablc.export.layers import Down, Rectifier, Up, initialise, residuals

STRIDE = 16  # pixels to a side of a position of the latent code
MULTIPLE = 32  # H and W are multiples of it
RANGE = 4.0  # pictures enter as (x - 1/2) * RANGE, which has about unit variance
CLASSES = 1000  # of ImageNet


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


SMALL = Preset(
    fill_widths=(24, 48, 64),
    fill_depths=(0, 1, 3),
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
)

PRESETS = {
    "nano": replace(SMALL, fill_widths=(16, 32, 32), fill_depths=(0, 1, 1)),  # N alone is smaller
    "small": SMALL,
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


class Fill(nn.Module):
    """N: repairs kept blocks and paints dropped ones, in one pass.

    A context encoder in the sense of Pathak et al., arXiv:1604.07379, with skips. The data of a
    cell enter through a code with separate channels for each of the cell's 4x4 positions at half
    resolution, so that the network knows where block borders are. One set of weights goes from
    fidelity to looks, as the input asks (Agustsson et al., arXiv:2212.13824, who call it beta).
    """

    CELL_INPUTS = 6  # kept, step, texture known or not, its two bands, looks

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        fine, middle, coarse = preset.fill_widths
        depth_fine, depth_middle, depth_coarse = preset.fill_depths
        self.stem = nn.Conv2d(3, fine, 4, stride=2, padding=1)
        self.cells = Up(self.CELL_INPUTS, fine, factor=CELL // 2)
        self.mix = nn.Sequential(Rectifier(), nn.Conv2d(fine, fine, 3, padding=1))
        self.fine_in = residuals(fine, depth_fine, Rectifier)
        self.down_middle = Down(fine, middle, Rectifier)
        self.middle_in = residuals(middle, depth_middle, Rectifier)
        self.down_coarse = Down(middle, coarse, Rectifier)
        self.coarse = residuals(coarse, depth_coarse, Rectifier)
        self.up_middle = Up(coarse, middle)
        self.middle_out = residuals(middle, depth_middle, Rectifier)
        self.up_fine = Up(middle, fine)
        self.merge = nn.Sequential(Rectifier(), nn.Conv2d(fine, fine, 3, padding=1))
        self.fine_out = residuals(fine, depth_fine, Rectifier)
        last = Up(fine, 3, kernel=3)
        self.last = nn.Sequential(Rectifier(), last)
        initialise(self)
        with torch.no_grad():
            last.conv.weight.mul_(0.005)  # N starts as the identity

    def forward(
        self, decoded: Tensor, kept: Tensor, step: Tensor, texture: Tensor, looks: Tensor
    ) -> Tensor:
        """Return the painted picture, (B, 3, H, W), nominally in 0..1.

        decoded: (B, 3, H, W) in 0..1.
        kept: (B, 1, H/8, W/8), 1 for cells in kept blocks, else 0.
        step: (B, 1, H/8, W/8), log2 of each cell's luma step in grey levels.
        texture: (B, 2, H/8, W/8), what the decoded picture lacks in two bands
            (ablc.export.texture), or -1 where that is not known.
        looks: (B, 1, H/8, W/8), from 0, fidelity, to 1, looks.
        """
        known = (texture[:, :1] >= 0).to(texture.dtype)
        bands = texture.clamp_min(0) * 0.5 - known  # lacking 0..15 grey levels: -1..1
        cells = torch.cat([kept, step * 0.5 - 2.0, known, bands, looks], 1)
        fine = self.fine_in(self.mix(self.stem((decoded - 0.5) * RANGE) + self.cells(cells)))
        middle = self.middle_in(self.down_middle(fine))
        coarse = self.coarse(self.down_coarse(middle))
        middle = self.middle_out(middle + self.up_middle(coarse))
        fine = self.fine_out(self.merge(fine + self.up_fine(middle)))
        return decoded + self.last(fine) / RANGE


class LatentEncoder(nn.Module):
    """E = E2 o E1: E1 imitates an ImageNet-trained AlexNet, E2 keeps what G needs."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        quarter, eighth, deep = preset.encoder_widths
        a, b, c = preset.encoder_depths
        self.e1 = nn.Sequential(
            nn.Conv2d(3, quarter, 4, stride=4),
            nn.SiLU(),
            residuals(quarter, a, nn.SiLU),
            Down(quarter, eighth, nn.SiLU),
            residuals(eighth, b, nn.SiLU),
            Down(eighth, deep, nn.SiLU),
            residuals(deep, c, nn.SiLU),
        )
        self.e2 = nn.Sequential(
            nn.SiLU(), nn.Conv2d(deep, deep, 1), nn.SiLU(), nn.Conv2d(deep, preset.latent, 1)
        )
        initialise(self)

    def h1(self, x: Tensor) -> Tensor:
        """Return the code of E1, (B, encoder_widths[2], H/16, W/16), of (B, 3, H, W) in 0..1."""
        return self.e1((x - 0.5) * RANGE)

    def forward(self, x: Tensor) -> Tensor:
        """Return h, (B, latent, H/16, W/16), of (B, 3, H, W) in 0..1."""
        return self.e2(self.h1(x))


class Generator(nn.Module):
    """G: paints a picture from a latent code."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        quarter, eighth, deep = preset.generator_widths
        a, b, c = preset.generator_depths
        self.latent = preset.latent
        self.body = nn.Sequential(
            nn.Conv2d(preset.latent, deep, 3, padding=1),
            residuals(deep, c, nn.SiLU),
            nn.SiLU(),
            Up(deep, eighth),
            residuals(eighth, b, nn.SiLU),
            nn.SiLU(),
            Up(eighth, quarter),
            residuals(quarter, a, nn.SiLU),
            nn.SiLU(),
            Up(quarter, 3, factor=4, kernel=3),
        )
        initialise(self)

    def forward(self, h: Tensor) -> Tensor:
        """Return the picture, (B, 3, H, W), nominally in 0..1, of h, (B, latent, H/16, W/16)."""
        return self.body(h) / RANGE + 0.5


class Condition(nn.Module):
    """C: log p(y | x), and the features F^l that style and content losses compare."""

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        widths, depths = preset.condition_widths, preset.condition_depths
        stem = nn.Conv2d(3, widths[0], 4, stride=4)
        self.stages = nn.ModuleList(
            [nn.Sequential(stem, nn.SiLU(), residuals(widths[0], depths[0], nn.SiLU))]
        )
        for inner, outer, depth in zip(widths, widths[1:], depths[1:], strict=False):
            self.stages.append(
                nn.Sequential(Down(inner, outer, nn.SiLU), residuals(outer, depth, nn.SiLU))
            )
        self.head = nn.Sequential(nn.SiLU(), nn.Conv2d(widths[-1], CLASSES, 1))
        initialise(self)

    def features(self, x: Tensor) -> list[Tensor]:
        """Return F^1 .. F^4: (B, condition_widths[l], H/s, W/s) for s = 4, 8, 16, 32."""
        features = []
        x = (x - 0.5) * RANGE
        for part in self.stages:
            x = part(x)
            features.append(x)
        return features

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return class scores, (B, 1000) before the softmax, and F^1 .. F^4 of (B, 3, H, W)."""
        features = self.features(x)
        return self.head(features[-1]).mean((2, 3)), features


class Critic(nn.Module):
    """D: scores every patch, in the style of DCGAN (Radford et al., arXiv:1511.06434).

    It has no batch normalisation, which mixes pictures and does not suit a gradient penalty.
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
        """Return scores, (B, 1, H/16, W/16), of (B, 3, H, W) in 0..1."""
        return self.body((x - 0.5) * RANGE)
