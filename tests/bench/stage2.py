"""StackGAN's second stage (ablc.eval.paper.stage2) beside other uses of the same bytes.

A part of networks.py. The rows are

named     SqueezeNet's best class replaces the shares by our condition network: a label that a
          person might give
untold    without label, whose bytes do not count
cubic     Pillow's bicubic interpolation of the same small picture, without the label's bytes
ablc      a stream of the whole picture within the file's bytes, by fill
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import perceptual
import torch  # noqa: TID251
from PIL import Image

import ablc
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.paper import stage2
from ablc.export.teachers import SqueezeNet  # noqa: TID251

QUALITIES = (50, 80)  # of the small picture
FILLS = ("classical", "fill-small", "fill-small-perceptual")


def at_qualities(
    picture: Pixels, weights: Path, options: dict[str, Any]
) -> dict[str, dict[str, Measurements]]:
    """Return bytes, PSNR, SSIM, MS-SSIM and LPIPS by quality and row.

    LPIPS is that of AlexNet, since S was trained on that of SqueezeNet.
    """
    return {str(quality): _rows(picture, quality, weights, options) for quality in QUALITIES}


def _rows(
    picture: Pixels, quality: int, weights: Path, options: dict[str, Any]
) -> dict[str, Measurements]:
    height, width, _ = picture.shape
    data = stage2.encode(picture, quality=quality, threads=1)
    name = best_class(picture, weights)
    named = stage2.encode(picture, quality=quality, label=name, threads=1)
    bare = ablc.encode(stage2.shrunk(picture, stage2.FACTOR), quality=quality, threads=1)
    small = ablc.decode(bare, fill="classical")
    size = (small.shape[1] * stage2.FACTOR, small.shape[0] * stage2.FACTOR)
    large = np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
    shown = {
        stage2.NETWORK: (data, stage2.decode(data, threads=1)),
        f"{stage2.NETWORK}, named": (named, stage2.decode(named, threads=1)),
        f"{stage2.NETWORK}, untold": (bare, stage2.decode(bare, threads=1)[:height, :width]),
        "cubic": (bare, large[:height, :width]),
    }
    plain = ablc.encode(picture, target_bytes=len(data), **options)
    for fill in FILLS:
        how = {"fill": fill} if fill == "classical" else {"fill": "net", "model": fill}
        shown[f"ablc, {fill}"] = plain, ablc.decode(plain, threads=1, **how)
    pixels = [decoded for _, decoded in shown.values()]
    rows = perceptual.compare(picture, pixels, weights, briefly=True)
    return {
        name: {"bytes": len(coded), **row}
        for (name, (coded, _)), row in zip(shown.items(), rows, strict=True)
    }


def best_class(picture: Pixels, weights: Path) -> int:
    """SqueezeNet's, of ImageNet."""
    planes = torch.from_numpy(picture.copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        return int(_squeezenet(weights).logits(planes).argmax())


@functools.cache
def _squeezenet(weights: Path) -> SqueezeNet:
    return SqueezeNet(weights)
