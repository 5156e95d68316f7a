"""How different pictures look, as networks that others trained see it, in numpy alone.

lpips          LPIPS with AlexNet, version 0.1 (Zhang et al., arXiv:1801.03924)
lpips_squeeze  the same with SqueezeNet, on which fills are trained: only for spotting what games it
texture        like DISTS (arXiv:2004.07728) on VGG up to relu2_2 and AlexNet, weights all equal

All are 0 for equal pictures. The weights are a folder of .npz files: see
ablc.eval.measures.weights.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ablc.arrays import Floats, Pixels
from ablc.eval.crop import middle
from ablc.eval.measures.backbones import ALEXNET, SQUEEZENET, VGG, Backbone, Design
from ablc.eval.measures.weights import LIN_FILE, fetch, load
from ablc.options import check_choice

SIDE_LEAST = 32  # pixels: AlexNet needs 31
PIXELS_MOST = 1 << 19  # the middle of a larger picture is judged: responses take 1500 bytes a pixel
CHUNK = 4096  # places that are added up in float32
SMALL = 1e-6  # of DISTS

DISTANCES: Mapping[str, tuple[Design, ...]] = MappingProxyType(
    {"lpips": (ALEXNET,), "lpips_squeeze": (SQUEEZENET,), "texture": (VGG, ALEXNET)}
)
HEADS = {"lpips": "alex", "lpips_squeeze": "squeeze"}  # in the file of heads

Taps = list[Floats]  # responses of one network, (h, w, C) each, from fine to coarse


class Judges:
    """The networks of some distances."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        """names: of DISTANCES. Raises FileNotFoundError or ValueError for weights as they are."""
        for name in names:
            check_choice("name", name, tuple(DISTANCES))
        wanted = {design.file: design for name in names for design in DISTANCES[name]}
        self.names = tuple(names)
        self.backbones = {file: Backbone(design, folder) for file, design in wanted.items()}
        self.heads = {name: _heads(folder, name) for name in names if name in HEADS}

    def of(self, picture: Pixels) -> "Original":
        """What judges pictures by their distance from this one, (H, W, 3)."""
        return Original(self, picture)


class Original:
    """A picture with its responses, kept for all pictures that are compared with it."""

    def __init__(self, judges: Judges, picture: Pixels) -> None:
        self._judges = judges
        self._shape = picture.shape
        self._small = min(picture.shape[:2]) < SIDE_LEAST
        if not self._small:
            self._taps = self._responses(picture)

    def distances(self, shown: Pixels) -> dict[str, float]:
        """The distances of a picture of the same size, by name; none if a side is under 32 pixels.

        Raises ValueError for another size.
        """
        if shown.shape != self._shape:
            raise ValueError(f"pictures must both be {self._shape}, not {shown.shape}")
        if self._small:
            return {}
        taps = self._responses(shown)
        return {name: self._distance(name, taps) for name in self._judges.names}

    def _responses(self, picture: Pixels) -> dict[str, Taps]:
        """By file of the network, "" for the pixels themselves in 0..1."""
        part = middle(picture, PIXELS_MOST)
        found = {file: net.taps(part) for file, net in self._judges.backbones.items()}
        return {"": [part.astype(np.float32) / np.float32(255)], **found}

    def _distance(self, name: str, taps: Mapping[str, Taps]) -> float:
        files = [design.file for design in DISTANCES[name]]
        if name == "texture":
            pairs = [
                pair
                for file in ("", *files)
                for pair in zip(self._taps[file], taps[file], strict=True)
            ]
            return 1 - float(np.mean([channel_similarity(a, b) for a, b in pairs]))
        (file,) = files
        return lpips(self._taps[file], taps[file], self._judges.heads[name])


def _heads(folder: Path, name: str) -> list[Floats]:
    """What each channel of each tap counts in LPIPS."""
    (design,) = DISTANCES[name]
    arrays = load(folder, LIN_FILE)
    return [
        fetch(arrays, f"{HEADS[name]}.lin{number}", (width,), LIN_FILE)
        for number, width in enumerate(design.widths)
    ]


def lpips(first: Taps, second: Taps, heads: Sequence[Floats]) -> float:
    """Weighted squared difference of normalised responses: mean over places, sum over taps."""
    total = 0.0
    for a, b, head in zip(first, second, heads, strict=True):
        difference = _unit(a) - _unit(b)
        total += float(np.mean(np.square(difference, out=difference) @ head))
    return total


def _unit(tap: Floats) -> Floats:
    """Every place's vector over the channels, of length 1."""
    return np.asarray(tap / (np.linalg.norm(tap, axis=2, keepdims=True) + 1e-10))


def channel_similarity(first: Floats, second: Floats) -> float:
    """Mean over the channels of two (h, w, C) of (texture + structure) / 2, at most 1.

    DISTS, eq. 2 and 3: texture compares the means of a channel over the whole picture, structure
    its variances and covariance.
    """
    a, b = (tap.reshape(-1, tap.shape[2]) for tap in (first, second))  # (places, C)
    mean_a, mean_b = (np.mean(tap, axis=0, dtype=np.float64) for tap in (a, b))
    shift_a, shift_b = mean_a.astype(np.float32), mean_b.astype(np.float32)
    variances, covariance = np.zeros(a.shape[1]), np.zeros(a.shape[1])
    for start in range(0, len(a), CHUNK):
        x, y = a[start : start + CHUNK] - shift_a, b[start : start + CHUNK] - shift_b
        covariance += np.einsum("pc,pc->c", x, y)
        variances += np.einsum("pc,pc->c", x, x) + np.einsum("pc,pc->c", y, y)
    structure = (2 * covariance / len(a) + SMALL) / (variances / len(a) + SMALL)
    texture = (2 * mean_a * mean_b + SMALL) / (mean_a**2 + mean_b**2 + SMALL)
    return float(np.mean(structure + texture) / 2)
