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

LOOKS = ("lpips", "texture")  # measures of ablc.eval.measures.perceptual


class MeasureSet:
    """PSNR, SSIM, MS-SSIM and, if networks are given, the distances that they measure."""

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

    def measure(self, decoded: Pixels) -> Measurements:
        """Return the measures of MEASURES that exist for a picture of the same size.

        Small pictures have fewer of them, and a picture equal to the original has no PSNR.
        Raises ValueError for another size.
        """
        measurements = known_measures(metrics.compare(self._original, decoded))
        if self._looks is not None:
            measurements |= self._looks.distances(decoded)
        return measurements


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
