"""S, the second stage of StackGAN (Zhang et al., arXiv:1612.03242), and its critic.

    S   small picture, class shares -> picture with sides four times as long
    D   picture, class shares -> realness of every patch, for training alone

Pictures are (B, 3, H, W) sRGB in 0..1, of any size. Names of attributes are those in checkpoints.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export.layers import depth_to_space, initialise
from ablc.export.nets import CLASSES, RANGE, Critic, Preset


class Modulated(nn.Module):
    """A residual block whose inner channels a code scales and shifts (FiLM, arXiv:1709.07871)."""

    def __init__(self, channels: int, code: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        self.told = nn.Conv2d(code, 2 * channels, 1)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        """code: (B, code, 1, 1)."""
        scale, shift = self.told(code).chunk(2, 1)
        return x + self.second(F.silu(self.first(x) * (1 + scale) + shift))


class Stage2(nn.Module):
    """S: enlarges a picture to four times its sides.

    A real picture, downscaled, replaces the first stage's picture, and an embedding of class shares
    replaces that of the caption. It acts on every block, without the noise of the paper's
    conditioning augmentation, since a file has one picture. S adds to cubic interpolation.
    """

    FACTOR = 4  # of the sides
    CODE = 32  # channels of the embedding

    cubic: Tensor

    def __init__(self, preset: Preset) -> None:
        super().__init__()
        width, samples = preset.stage2_width, 3 * self.FACTOR**2
        self.embedding = nn.Conv2d(CLASSES, self.CODE, 1)
        self.stem = nn.Conv2d(3, width, 3, padding=1)
        blocks = [Modulated(width, self.CODE) for _ in range(preset.stage2_depth)]
        self.blocks = nn.ModuleList(blocks)
        self.head = nn.Conv2d(width, samples, 3, padding=1)
        self.register_buffer("cubic", cubic_kernel(self.FACTOR), persistent=False)
        initialise(self)
        with torch.no_grad():
            self.embedding.weight.zero_()  # classes that training never shows have no influence
            for block in blocks:
                block.told.weight.mul_(0.2)
                block.second.weight.mul_(0.2)
            self.head.weight.mul_(0.02)  # S starts as interpolation

    def forward(self, low: Tensor, label: Tensor) -> Tensor:
        """Return the picture, (B, 3, 4 h, 4 w), nominally in 0..1.

        low: (B, 3, h, w) in 0..1. label: (B, 1000) shares of the classes; zeros if unknown.
        """
        x = (low - 0.5) * RANGE
        code = F.silu(self.embedding(label[:, :, None, None]))
        deep = self.stem(x)
        for block in self.blocks:
            deep = block(deep, code)
        samples = self.head(F.silu(deep)) + self.interpolated(x)
        return depth_to_space(samples, self.FACTOR) / RANGE + 0.5

    def interpolated(self, x: Tensor) -> Tensor:
        """Return (B, 48, h, w) of (B, 3, h, w): the interpolated picture before depth_to_space."""
        around = self.cubic.shape[-1] // 2
        return F.conv2d(F.pad(x, (around,) * 4, mode="replicate"), self.cubic)


def cubic_kernel(factor: int) -> Tensor:
    """Return the kernel, (3 factor^2, 3, 5, 5), of cubic interpolation (Keys 1981, a = -1/2).

    Colours are separate; depth_to_space turns the result into a larger picture.
    """
    positions = (torch.arange(factor) + 0.5) / factor - 0.5  # of samples, from their pixel's centre
    distance = (torch.arange(-2, 3) - positions[:, None]).abs()  # (factor, 5)
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((2.5 - 0.5 * distance) * distance - 4) * distance + 2
    taps = torch.where(distance < 1, near, torch.where(distance < 2, far, 0.0))
    kernel = torch.einsum("iy,jx,cd->ijcdyx", taps, taps, torch.eye(3))
    return kernel.reshape(3 * factor**2, 3, 5, 5)


class LabelCritic(Critic):
    """D for S: scores every patch, and how well the patch fits the label.

    It is a projection discriminator (Miyato and Koyama, arXiv:1802.05637).
    """

    def __init__(self, preset: Preset) -> None:
        super().__init__(preset)
        self.embedding = nn.Conv2d(CLASSES, preset.critic_widths[-1], 1)
        initialise(self.embedding)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:  # type: ignore[override]
        """Return scores, (B, 1, H/16, W/16), of (B, 3, H, W) in 0..1 and its (B, 1000) label."""
        features = self.body[:-1]((x - 0.5) * RANGE)
        code = self.embedding(label[:, :, None, None])
        return self.body[-1](features) + (features * code).sum(1, keepdim=True)
