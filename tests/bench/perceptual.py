"""How different pictures look, beside PSNR, SSIM and MS-SSIM: ablc.eval.measures.perceptual."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from ablc import metrics
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.measures.measure_set import fingerprint, judges, known_measures, probes
from ablc.peers.codec import Codec

DISTANCES = {
    "lpips": "LPIPS-AlexNet",
    "lpips_squeeze": "LPIPS-SqueezeNet",
    "texture": "texture distance",
}


def compare(
    picture: Pixels, shown: Sequence[Pixels], weights: Path, *, briefly: bool = False
) -> list[Measurements]:
    """psnr, ssim, ms_ssim and all of DISTANCES (briefly: just lpips) of each picture shown."""
    judge = judges(weights, ("lpips",) if briefly else tuple(DISTANCES)).of(picture)
    return [
        known_measures(metrics.compare(picture, other)) | judge.distances(other) for other in shown
    ]


def lpips(picture: Pixels, shown: Pixels, weights: Path) -> float:
    return judges(weights, ("lpips",)).of(picture).distances(shown)["lpips"]


def measure_file(codec: Codec, picture: Pixels, quality: float, weights: Path) -> Measurements:
    """measuring.measure with lpips."""
    data = codec.encode(picture, quality)
    (row,) = compare(picture, [codec.decode(data)], weights, briefly=True)
    return {"bytes": len(data), **row}


@functools.cache
def measures_fingerprint(weights: Path) -> str:
    """Changes when the definition of a measure of measure_file does."""
    one, other = probes()
    return fingerprint(compare(one, [other], weights, briefly=True)[0])
