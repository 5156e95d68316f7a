"""The measures of decoded pictures, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

Measurements = dict[str, float]  # of one file, by name: measures, and often bpp, bytes and quality
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a decoded picture against its original."""

    title: str
    kind: Literal["decibels", "similarity", "distance", "score"]
    digits: int  # after the decimal point, where it is printed
    span: tuple[float, float] | None = None  # of values that BD-rates take in; None: all

    @property
    def better(self) -> str:
        """Return which values are better: "higher" or "lower"."""
        return "lower" if self.kind == "distance" else "higher"

    def decibels(self, value: Values) -> Values:
        """Return values on a scale of decibels, which rises with quality.

        A similarity s becomes -10 log10(1 - s), a distance d becomes -10 log10 d. A score stays as
        it is: it rises with quality, about as decibels do.
        """
        if self.kind in ("decibels", "score"):
            return value
        rest = 1 - value if self.kind == "similarity" else value
        return -10 * np.log10(np.maximum(1e-9, rest))


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "psnr": Measure("PSNR", "decibels", 2),
        "ssim": Measure("SSIM", "similarity", 4),
        "ms_ssim": Measure("MS-SSIM", "similarity", 4),
        "ssimulacra2": Measure("SSIMULACRA 2", "score", 2, (0, 90)),
        "lpips": Measure("LPIPS-AlexNet", "distance", 4),
        "texture": Measure("texture distance", "distance", 4),
    }
)
