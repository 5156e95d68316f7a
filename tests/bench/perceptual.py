"""How different pictures look, as networks that others trained see it.

lpips          LPIPS with AlexNet, version 0.1 (Zhang et al., arXiv:1801.03924)
lpips_squeeze  the same with SqueezeNet, on which fills are trained: only for spotting what games it
texture        like DISTS (arXiv:2004.07728) on VGG up to relu2_2 and AlexNet, weights all equal

All are 0 for equal pictures. The weights are those of $ABLC_DATA/weights.
"""

from __future__ import annotations

import argparse
import functools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch  # noqa: TID251
from ablc.export.teachers import (  # noqa: TID251
    AlexNet,
    Lpips,
    Vgg,
    texture_distance,
)
from measuring import fingerprint, known_measures, probes
from peers import Codec, Picture, Row

from ablc import metrics

DISTANCES = {
    "lpips": "LPIPS-AlexNet",
    "lpips_squeeze": "LPIPS-SqueezeNet",
    "texture": "texture distance",
}


@dataclass(frozen=True, slots=True)
class Judges:
    """The networks of the measures, in one thread."""

    alex: Lpips
    squeeze: Lpips
    textures: tuple[Vgg, AlexNet]

    def distances(self, picture: Picture, shown: Sequence[Picture]) -> list[Row]:
        """All of DISTANCES for each of the pictures shown, which have the size of picture."""
        a, b = planes(shown), planes([picture])
        with torch.inference_mode():
            columns = {
                "lpips": self.alex(a, b),
                "lpips_squeeze": self.squeeze(a, b),
                "texture": texture_distance(self.textures, a, b),
            }
        return [
            {name: float(column[i]) for name, column in columns.items()} for i in range(len(shown))
        ]

    def lpips(self, picture: Picture, shown: Picture) -> float:
        with torch.inference_mode():
            return float(self.alex(planes([shown]), planes([picture])))


def planes(shown: Sequence[Picture]) -> torch.Tensor:
    """(B, 3, H, W) in 0..1 of (H, W, 3) pictures."""
    return torch.from_numpy(np.stack(shown)).permute(0, 3, 1, 2).float() / 255


@functools.cache
def judges(weights: Path) -> Judges:
    """Those of a process, from the folder of their weights."""
    torch.set_num_threads(1)
    return Judges(
        Lpips(weights, "alex"), Lpips(weights, "squeeze"), (Vgg(weights), AlexNet(weights))
    )


def compare(
    picture: Picture, shown: Sequence[Picture], weights: Path, *, briefly: bool = False
) -> list[Row]:
    """psnr, ssim, ms_ssim and all of DISTANCES (briefly: just lpips) of each picture shown."""
    plain = [known_measures(metrics.compare(picture, other)) for other in shown]
    if briefly:
        looks = [{"lpips": judges(weights).lpips(picture, other)} for other in shown]
    else:
        looks = judges(weights).distances(picture, shown)
    return [row | look for row, look in zip(plain, looks, strict=True)]


def measure_file(codec: Codec, picture: Picture, quality: float, weights: Path) -> Row:
    """measuring.measure with lpips."""
    data = codec.encode(picture, quality)
    (row,) = compare(picture, [codec.decode(data)], weights, briefly=True)
    return {"bytes": len(data), **row}


@functools.cache
def measures_fingerprint(weights: Path) -> str:
    """Changes when the definition of a measure of measure_file does."""
    one, other = probes()
    return fingerprint(compare(one, [other], weights, briefly=True)[0])


def add_weights_argument(parser: argparse.ArgumentParser) -> None:
    """Adds --weights FOLDER; its default needs the environment variable ABLC_DATA."""
    data = os.environ.get("ABLC_DATA")
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FOLDER",
        default=Path(data) / "weights" if data else None,
        required=data is None,
        help="weights of the networks that judge (default: $ABLC_DATA/weights)",
    )
