"""The networks on whose responses LPIPS and the texture distance rest, in numpy alone.

Layers have the numbers of torchvision's `features`. Planes are (H, W, C) float32; every convolution
is followed by a rectifier. ablc.export.teachers has the same networks with gradients.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ablc.arrays import Floats, Pixels
from ablc.eval.measures.weights import DEVIATION, MEAN, Arrays, fetch, load

BAND = 1 << 18  # floats that are gathered at a time: they stay in the cache


@dataclass(frozen=True, slots=True)
class Convolution:
    """side x side, from inner to outer channels, then a rectifier."""

    name: str
    inner: int
    outer: int
    side: int
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True, slots=True)
class Fire:
    """Iandola et al., arXiv:1602.07360: squeeze, then 1x1 and 3x3 convolutions side by side."""

    name: str
    inner: int
    squeezed: int
    expanded: int

    def parts(self) -> tuple[Convolution, Convolution, Convolution]:
        """Squeeze, expand 1x1, expand 3x3."""
        return (
            Convolution(f"{self.name}.squeeze", self.inner, self.squeezed, 1),
            Convolution(f"{self.name}.expand1x1", self.squeezed, self.expanded, 1),
            Convolution(f"{self.name}.expand3x3", self.squeezed, self.expanded, 3, padding=1),
        )


@dataclass(frozen=True, slots=True)
class Pool:
    """Maxima of side x side pixels, every second of them."""

    side: int
    cut: bool = True  # windows that reach over the edge are left out


@dataclass(frozen=True, slots=True)
class Design:
    """Layers in a row."""

    file: str  # of the weights
    layers: tuple[Convolution | Fire | Pool, ...]
    silent: tuple[str, ...] = ()  # names of layers that are not listened to

    @property
    def widths(self) -> list[int]:
        """Channels of the taps."""
        layers = [layer for layer in self.layers if not isinstance(layer, Pool)]
        return [_width(layer) for layer in layers if layer.name not in self.silent]


ALEXNET = Design(
    "alexnet_features.npz",
    (
        Convolution("features.0", 3, 64, 11, stride=4, padding=2),
        Pool(3),
        Convolution("features.3", 64, 192, 5, padding=2),
        Pool(3),
        Convolution("features.6", 192, 384, 3, padding=1),
        Convolution("features.8", 384, 256, 3, padding=1),
        Convolution("features.10", 256, 256, 3, padding=1),
    ),
)
SQUEEZENET = Design(
    "squeezenet1_1.npz",
    (
        Convolution("features.0", 3, 64, 3, stride=2),
        Pool(3, cut=False),
        Fire("features.3", 64, 16, 64),
        Fire("features.4", 128, 16, 64),
        Pool(3, cut=False),
        Fire("features.6", 128, 32, 128),
        Fire("features.7", 256, 32, 128),
        Pool(3, cut=False),
        Fire("features.9", 256, 48, 192),
        Fire("features.10", 384, 48, 192),
        Fire("features.11", 384, 64, 256),
        Fire("features.12", 512, 64, 256),
    ),
    silent=("features.3", "features.6"),
)
VGG = Design(  # VGG-16, arXiv:1409.1556, up to relu2_2
    "vgg16_conv1_conv2.npz",
    (
        Convolution("features.0", 3, 64, 3, padding=1),
        Convolution("features.2", 64, 64, 3, padding=1),
        Pool(2),
        Convolution("features.5", 64, 128, 3, padding=1),
        Convolution("features.7", 128, 128, 3, padding=1),
    ),
    silent=("features.0", "features.5"),
)


class Backbone:
    """A design with its weights."""

    def __init__(self, design: Design, folder: Path) -> None:
        """Raises FileNotFoundError without the file of weights, ValueError if it is another."""
        self._design = design
        arrays = load(folder, design.file)
        self._kernels = {
            part.name: _kernel(part, arrays, design.file)
            for layer in design.layers
            for part in _convolutions(layer)
        }

    def taps(self, picture: Pixels) -> list[Floats]:
        """The responses to an (H, W, 3) picture that are compared, from fine to coarse."""
        shift, scale = np.array(MEAN, np.float32), np.array(DEVIATION, np.float32)
        x: Floats = (picture.astype(np.float32) / np.float32(255) - shift) / scale
        found = []
        for layer in self._design.layers:
            if isinstance(layer, Pool):
                x = pool(x, layer)
                continue
            x = self._fire(x, layer) if isinstance(layer, Fire) else self._convolve(x, layer)
            if layer.name not in self._design.silent:
                found.append(x)
        return found

    def _convolve(self, x: Floats, layer: Convolution) -> Floats:
        return convolve(x, self._kernels[layer.name], layer.stride, layer.padding)

    def _fire(self, x: Floats, layer: Fire) -> Floats:
        squeeze, *expand = layer.parts()
        squeezed = self._convolve(x, squeeze)
        return np.concatenate([self._convolve(squeezed, part) for part in expand], axis=2)


@dataclass(frozen=True, slots=True)
class Kernel:
    """Weights of a convolution as a matrix."""

    side: int  # pixels
    weights: Floats  # (side * side * inner, outer)
    bias: Floats  # (outer,)


def _width(layer: Convolution | Fire) -> int:
    return 2 * layer.expanded if isinstance(layer, Fire) else layer.outer


def _convolutions(layer: Convolution | Fire | Pool) -> Sequence[Convolution]:
    if isinstance(layer, Fire):
        return layer.parts()
    return (layer,) if isinstance(layer, Convolution) else ()


def _kernel(part: Convolution, arrays: Arrays, source: str) -> Kernel:
    shape = (part.outer, part.inner, part.side, part.side)
    weights = fetch(arrays, f"{part.name}.weight", shape, source)
    matrix = np.ascontiguousarray(weights.transpose(2, 3, 1, 0).reshape(-1, part.outer))
    return Kernel(part.side, matrix, fetch(arrays, f"{part.name}.bias", (part.outer,), source))


def convolve(x: Floats, kernel: Kernel, stride: int, padding: int) -> Floats:
    """Convolution of (H, W, inner) with zeros around it, rectified: (h, w, outer).

    A product of matrices over gathered windows, of which only a band is held at a time.
    """
    side = kernel.side
    padded = np.pad(x, ((padding, padding), (padding, padding), (0, 0)))
    height, width = ((length - side) // stride + 1 for length in padded.shape[:2])
    down, across, sample = padded.strides
    windows = as_strided(
        padded,
        (height, width, side, len(kernel.weights) // side),
        (down * stride, across * stride, down, sample),
        writeable=False,
    )
    found = np.empty((height, width, len(kernel.bias)), np.float32)
    band = max(1, BAND // (width * len(kernel.weights)))  # rows
    for top in range(0, height, band):
        piece = found[top : top + band].reshape(-1, len(kernel.bias))
        gathered = windows[top : top + band].reshape(len(piece), -1)  # (n, side * side * inner)
        np.matmul(gathered, kernel.weights, out=piece)
        piece += kernel.bias
        np.maximum(piece, 0, out=piece)
    return found


def pool(x: Floats, layer: Pool) -> Floats:
    """Maxima of rectified (H, W, C), every second pixel of both axes."""
    if not layer.cut:
        over = [(length - layer.side) % 2 for length in x.shape[:2]]
        x = np.pad(x, ((0, over[0]), (0, over[1]), (0, 0)))
    height, width = ((length - layer.side) // 2 for length in x.shape[:2])
    rows = functools.reduce(np.maximum, (x[i : i + 2 * height + 1 : 2] for i in range(layer.side)))
    return functools.reduce(
        np.maximum, (rows[:, i : i + 2 * width + 1 : 2] for i in range(layer.side))
    )
