"""Frozen networks that others trained: they teach ours and judge pictures; none is shipped.

    AlexNet, SqueezeNet, Vgg    picture -> the features ("taps") that LPIPS compares
    Lpips                       Zhang et al., arXiv:1801.03924, version 0.1
    texture_distance            means, variances and covariances of features, arXiv:2004.07728

Their weights are the files of ablc.export.teacher_weights. Pictures are (B, 3, H, W) sRGB in 0..1;
every network normalises them itself.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ablc.export.teacher_weights import (
    ALEXNET_FILE,
    DEVIATION,
    LIN_FILE,
    MEAN,
    SQUEEZENET_FILE,
    VGG_FILE,
    Arrays,
    fetch,
    load,
)

Backbone = Literal["alex", "squeeze", "vgg"]


class Teacher(nn.Module):
    """A network that is never trained: no parameter has a gradient, train() changes nothing."""

    def freeze(self) -> None:
        """Switch gradients off."""
        self.requires_grad_(False)
        self.eval()

    def train(self, mode: bool = True) -> "Teacher":
        return super().train(False)


class Normalise(nn.Module):
    """Normalises 0..1 to about unit variance, in float32."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer(
            "deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False
        )

    def forward(self, x: Tensor) -> Tensor:
        return (x - self.mean) / self.deviation


class Taps(Teacher):
    """Layers in a row, numbered as in torchvision's `features`; results of some are the taps."""

    FILE: str  # of the weights
    TAPS: tuple[int, ...]  # numbers of the layers whose results are the taps
    WIDTHS: tuple[int, ...]  # channels of the taps

    def __init__(self, folder: Path, layers: Sequence[nn.Module]) -> None:
        super().__init__()
        self.normalise = Normalise()
        self.layers = nn.Sequential(*layers)
        self.fill(load(folder, self.FILE))
        self.freeze()

    def fill(self, arrays: Arrays) -> None:
        """Load the weights of the layers, which the file holds as features.N...."""
        own = self.layers.state_dict()
        self.layers.load_state_dict(
            {
                name: torch.from_numpy(fetch(arrays, f"features.{name}", value.shape, self.FILE))
                for name, value in own.items()
            }
        )

    def features(self, x: Tensor) -> list[Tensor]:
        """Return the taps of (B, 3, H, W) sRGB in 0..1, from fine to coarse."""
        taps = []
        x = self.normalise(x)
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number in self.TAPS:
                taps.append(x)
        return taps


class AlexNet(Taps):
    """AlexNet (Krizhevsky et al. 2012) as in torchvision, without the fully connected layers."""

    FILE = ALEXNET_FILE
    TAPS = (1, 4, 7, 9, 11)
    WIDTHS = (64, 192, 384, 256, 256)

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            [
                nn.Conv2d(3, 64, 11, stride=4, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Conv2d(64, 192, 5, padding=2),
                nn.ReLU(),
                nn.MaxPool2d(3, 2),
                nn.Conv2d(192, 384, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(384, 256, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(256, 256, 3, padding=1),
                nn.ReLU(),
            ],
        )


class Fire(nn.Module):
    """A module of SqueezeNet (Iandola et al., arXiv:1602.07360).

    It squeezes channels, then expands them by 1x1 and 3x3 convolutions side by side.
    """

    def __init__(self, inner: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inner, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(Taps):
    """SqueezeNet 1.1, with its classifier."""

    FILE = SQUEEZENET_FILE
    TAPS = (1, 4, 7, 9, 10, 11, 12)
    WIDTHS = (64, 128, 256, 384, 384, 512, 512)
    CLASSES = 1000

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            [
                nn.Conv2d(3, 64, 3, stride=2),
                nn.ReLU(),
                nn.MaxPool2d(3, 2, ceil_mode=True),
                Fire(64, 16, 64),
                Fire(128, 16, 64),
                nn.MaxPool2d(3, 2, ceil_mode=True),
                Fire(128, 32, 128),
                Fire(256, 32, 128),
                nn.MaxPool2d(3, 2, ceil_mode=True),
                Fire(256, 48, 192),
                Fire(384, 48, 192),
                Fire(384, 64, 256),
                Fire(512, 64, 256),
            ],
        )

    def fill(self, arrays: Arrays) -> None:
        super().fill(arrays)
        self.classifier = nn.Conv2d(self.WIDTHS[-1], self.CLASSES, 1)
        self.classifier.load_state_dict(
            {
                name: torch.from_numpy(
                    fetch(arrays, f"classifier.1.{name}", value.shape, self.FILE)
                )
                for name, value in self.classifier.state_dict().items()
            }
        )

    def logits(self, x: Tensor) -> Tensor:
        """Return scores of the ImageNet classes before the softmax, (B, 1000).

        The network was trained on 224x224 of pictures whose short side is 256.
        """
        return self.score_map(self.layers(self.normalise(x))).mean((2, 3))

    def score_map(self, tap: Tensor) -> Tensor:
        """Return scores at every position, (B, 1000, h, w), of the last tap.

        logits() are their means.
        """
        return F.relu(self.classifier(tap))


class Vgg(Taps):
    """VGG-16 (Simonyan & Zisserman, arXiv:1409.1556) up to relu2_2."""

    FILE = VGG_FILE
    TAPS = (3, 8)
    WIDTHS = (64, 128)

    def __init__(self, folder: Path) -> None:
        super().__init__(
            folder,
            [
                nn.Conv2d(3, 64, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(64, 64, 3, padding=1),
                nn.ReLU(),
                nn.MaxPool2d(2),
                nn.Conv2d(64, 128, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(128, 128, 3, padding=1),
                nn.ReLU(),
            ],
        )


BACKBONES: dict[Backbone, type[AlexNet] | type[SqueezeNet] | type[Vgg]] = {
    "alex": AlexNet,
    "squeeze": SqueezeNet,
    "vgg": Vgg,
}


class Lpips(Teacher):
    """Perceptual distance: the weighted squared difference of normalised features.

    "vgg" compares only two of the five taps of LPIPS-VGG, and has another scale.
    """

    def __init__(self, folder: Path, backbone: Backbone = "alex") -> None:
        super().__init__()
        if backbone not in BACKBONES:
            raise ValueError(f"no backbone {backbone!r}; there are {', '.join(BACKBONES)}")
        self.net = BACKBONES[backbone](folder)
        arrays = load(folder, LIN_FILE)
        for number, width in enumerate(self.net.WIDTHS):
            weights = fetch(arrays, f"{backbone}.lin{number}", (width,), LIN_FILE)
            self.register_buffer(f"lin{number}", torch.from_numpy(weights).view(1, width, 1, 1))
        self.freeze()

    def lins(self) -> Iterator[Tensor]:
        """Yield the weights of the channels, (1, C, 1, 1), tap by tap."""
        return (self.get_buffer(f"lin{number}") for number in range(len(self.net.WIDTHS)))

    def per_tap(self, a: Tensor, b: Tensor) -> Tensor:
        """Return the share of each tap in the distances, (B, taps).

        b: like a, or one picture for all of a.
        """
        taps = zip(self.lins(), self.net.features(a), self.net.features(b), strict=True)
        terms = [(lin * (unit(x) - unit(y)).square()).sum(1).mean((1, 2)) for lin, x, y in taps]
        return torch.stack(terms, 1)

    def distance(self, a: Tensor, b: Tensor) -> Tensor:
        """Return distances, (B,), 0 for equal pictures; arguments as in per_tap()."""
        return self.per_tap(a, b).sum(1)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Return distances as distance() does, without a gradient with respect to b."""
        return self.distance(a, b.detach())


def unit(tap: Tensor) -> Tensor:
    """Return every position's vector over the channels, scaled to length 1, in float32.

    vector_norm has the gradient 0 at positions without any response, where a square root's is
    infinite.
    """
    tap = tap.float()
    return tap / (torch.linalg.vector_norm(tap, dim=1, keepdim=True) + 1e-10)


def texture_distance(nets: Sequence[Taps], a: Tensor, b: Tensor) -> Tensor:
    """Return (B,): 1 minus the mean similarity of texture and structure, 0 for equal pictures.

    After DISTS (Ding et al., arXiv:2004.07728): over the whole picture, channels of a tap are
    compared by their means (texture) and by their variances and covariance (structure). Here both
    halves, the taps and the channels of a tap weigh the same, where DISTS has trained weights, and
    the taps are those of the nets, maximum pooling between them, with the picture as one more.
    b: like a, or one picture for all of a.
    """
    terms = [channel_similarity(a, b)]
    for net in nets:
        terms += map(channel_similarity, net.features(a), net.features(b))
    return 1 - torch.stack(terms, 1).mean(1)


def channel_similarity(a: Tensor, b: Tensor, small: float = 1e-6) -> Tensor:
    """Return (B,): the mean over channels of (texture + structure) / 2, of two (B, C, H, W)."""
    a, b = a.float().flatten(2), b.float().flatten(2)  # (B, C, H W)
    mean_a, mean_b = a.mean(2, keepdim=True), b.mean(2, keepdim=True)
    a, b = a - mean_a, b - mean_b
    variances = a.square().mean(2) + b.square().mean(2)
    structure = (2 * (a * b).mean(2) + small) / (variances + small)
    products, squares = mean_a * mean_b, mean_a.square() + mean_b.square()
    texture = ((2 * products + small) / (squares + small)).squeeze(2)
    return (texture + structure).mean(1) / 2
