"""All measures of a decoded picture together, and a fingerprint of their definitions."""

import functools
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ablc import metrics
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements
from ablc.eval.measures.perceptual import Judges, Original
from ablc.eval.measures.ssimulacra2 import MissingMeasureError
from ablc.eval.measures.ssimulacra2 import Original as Ssimulacra2

LOOKS = ("lpips", "texture")  # measures of ablc.eval.measures.perceptual


class MeasureSet:
    """PSNR, SSIM, MS-SSIM, SSIMULACRA 2 and, if networks are given, the distances they measure.

    Without the extra [eval] there is no SSIMULACRA 2; missing_measures() tells why.
    """

    def __init__(self, weights: Path | None) -> None:
        """weights: folder of the networks, as in Judges; None: no distances of networks.

        Raises what Judges raises.
        """
        self._judges = None if weights is None else judges(weights, LOOKS)

    def reference(self, original: Pixels) -> "Reference":
        """Return the original, (H, W, 3), as what decoded pictures are measured against."""
        return Reference(original, None if self._judges is None else self._judges.of(original))

    def fingerprint(self) -> str:
        """Return a text that changes with a measure's definition or weights.

        It does not change when code is merely rearranged.
        """
        original, decoded = probes()
        return fingerprint(self.reference(original).measure(decoded))


class Reference:
    """A picture against which others are measured."""

    def __init__(self, original: Pixels, looks: Original | None) -> None:
        self._original = original
        self._looks = looks
        self._ssimulacra2 = None if missing_measures() else Ssimulacra2(original)

    def measure(self, decoded: Pixels) -> Measurements:
        """Return the measures of MEASURES that exist for a picture of the same size.

        Small pictures have fewer of them, and a picture equal to the original has no PSNR.
        Raises ValueError for another size.
        """
        measurements = known_measures(metrics.compare(self._original, decoded))
        score = self._ssimulacra2.score(decoded) if self._ssimulacra2 else None
        if score is not None:
            measurements["ssimulacra2"] = score
        if self._looks is not None:
            measurements |= self._looks.distances(decoded)
        return measurements


@functools.cache
def missing_measures() -> dict[str, str]:
    """Return the measures that cannot be taken here, networks' apart, with the reasons."""
    try:
        Ssimulacra2(np.zeros((8, 8, 3), np.uint8))
    except MissingMeasureError as error:
        return {"ssimulacra2": str(error)}
    return {}


@functools.cache
def judges(weights: Path, names: tuple[str, ...]) -> Judges:
    """Return the networks behind the named distances, loaded once per process."""
    return Judges(weights, names)


def known_measures(comparison: metrics.Comparison) -> Measurements:
    """Return a comparison by name, without values that are infinite or do not exist."""
    return {
        name: value
        for name, value in asdict(comparison).items()
        if value is not None and math.isfinite(value)
    }


def probes() -> tuple[Pixels, Pixels]:
    """Return two pictures, (192, 192, 3), whose measures identify the measures' definitions."""
    ramp = np.indices((192, 192)).sum(0)[..., None] * np.array([1, 2, 3])
    return (ramp % 251).astype(np.uint8), (ramp % 241).astype(np.uint8)


def fingerprint(measurements: Measurements) -> str:
    """Return measurements as text, rounded so that the order of summation does not matter."""
    return " ".join(f"{name} {value:.5f}" for name, value in measurements.items())
