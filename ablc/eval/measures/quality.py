"""What is measured of a decoded picture, and how to tell that a measure has changed."""

import functools
import math
from dataclasses import asdict
from pathlib import Path

import numpy as np

from ablc import metrics
from ablc.arrays import Pixels
from ablc.eval.measures.perceptual import Judges, Original
from ablc.eval.rd.curves import Row

LOOKS = ("lpips", "texture")  # of ablc.eval.measures.perceptual


class Measures:
    """PSNR, SSIM, MS-SSIM and, with the weights of the networks that judge them, looks."""

    def __init__(self, weights: Path | None) -> None:
        """Raises FileNotFoundError or ValueError for weights that are not there or others."""
        self._judges = None if weights is None else judges(weights, LOOKS)

    def of(self, original: Pixels) -> "Measured":
        """What measures pictures against this one, (H, W, 3)."""
        return Measured(original, None if self._judges is None else self._judges.of(original))

    def fingerprint(self) -> str:
        """Changes when a measure's definition or weights do, not when its code is rearranged."""
        one, other = probes()
        return fingerprint(self.of(one).measure(other))


class Measured:
    """A picture against which others are measured."""

    def __init__(self, original: Pixels, looks: Original | None) -> None:
        self._original = original
        self._looks = looks

    def measure(self, shown: Pixels) -> Row:
        """The measures of ablc.eval.rd.curves that can be taken of a picture of the same size.

        Small pictures have fewer, and one that equals the original has no PSNR.
        Raises ValueError for another size.
        """
        found = known_measures(metrics.compare(self._original, shown))
        return found if self._looks is None else {**found, **self._looks.distances(shown)}


@functools.cache
def judges(weights: Path, names: tuple[str, ...]) -> Judges:
    """Those of a process."""
    return Judges(weights, names)


def known_measures(comparison: metrics.Comparison) -> Row:
    """By name, without what does not exist for want of size or is infinite."""
    return {
        name: value
        for name, value in asdict(comparison).items()
        if value is not None and math.isfinite(value)
    }


def probes() -> tuple[Pixels, Pixels]:
    """Two pictures whose measures tell whether a measure's definition has changed."""
    ramp = np.indices((192, 192)).sum(0)[..., None] * np.array([1, 2, 3])
    return (ramp % 251).astype(np.uint8), (ramp % 241).astype(np.uint8)


def fingerprint(measures: Row) -> str:
    """The measures, rounded so that another order of sums does not count."""
    return " ".join(f"{name} {value:.5f}" for name, value in measures.items())
