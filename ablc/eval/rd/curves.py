"""Rate against distortion: a codec's points on a picture, and figures of two such curves.

BD-rates (Bjontegaard, VCEG-M33) are those of the package bjontegaard, PCHIP, over what both curves
reach. Measures enter on a scale of decibels: SSIM and MS-SSIM as -10 log10(1 - s), LPIPS and the
texture distance as -10 log10 d.
"""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

Row = dict[str, float]  # what was measured of one file
Curve = list[Row]  # one codec on one picture, each row with its bpp
Curves = dict[str, dict[str, Curve]]  # by codec, then by picture
Line = npt.NDArray[np.float64]
Span = tuple[float, float]  # bits per pixel

SPAN: Span = (0.05, 0.5)  # of BD-rates
POINTS_LEAST = 3  # of a curve within the span
OVERLAP_LEAST = 0.1  # of the anchor's range


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a decoded picture."""

    title: str
    kind: Literal["decibels", "similarity", "distance"]
    digits: int

    @property
    def better(self) -> str:
        """Which values are: higher or lower ones."""
        return "lower" if self.kind == "distance" else "higher"

    def decibels(self, value: Line) -> Line:
        """Values on a scale that rises with quality."""
        if self.kind == "decibels":
            return value
        rest = 1 - value if self.kind == "similarity" else value
        return -10 * np.log10(np.maximum(1e-9, rest))


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        "psnr": Measure("PSNR", "decibels", 2),
        "ssim": Measure("SSIM", "similarity", 4),
        "ms_ssim": Measure("MS-SSIM", "similarity", 4),
        "lpips": Measure("LPIPS-AlexNet", "distance", 4),
        "texture": Measure("texture distance", "distance", 4),
    }
)


def line(curve: Curve, measure: str) -> tuple[Line, Line]:
    """(bpp, measure) of a curve, bpp rising; of two files of the same size the later counts."""
    points = dict(sorted((row["bpp"], row[measure]) for row in curve if measure in row))
    return np.array(list(points)), np.array(list(points.values()))


def improving(bpp: Line, value: Line) -> tuple[Line, Line]:
    """The points that are better than all cheaper ones."""
    best = np.maximum.accumulate(np.concatenate(([-np.inf], value[:-1])))
    keep = value > best + 1e-9
    return bpp[keep], value[keep]


def bd_rate(anchor: Curve, tested: Curve, measure: str, span: Span = SPAN) -> float | None:
    """Per cent more bits (negative: fewer) that tested needs for the same quality.

    None where the curves hardly overlap. Needs the extra 'eval'.
    """
    import bjontegaard  # late: an extra

    lines = []
    for curve in (anchor, tested):
        bpp, value = line(curve, measure)
        within = (bpp >= span[0]) & (bpp <= span[1])
        lines.append(improving(bpp[within], MEASURES[measure].decibels(value[within])))
    (anchor_bpp, anchor_value), (tested_bpp, tested_value) = lines
    if min(len(anchor_bpp), len(tested_bpp)) < POINTS_LEAST:
        return None
    overlap = min(anchor_value[-1], tested_value[-1]) - max(anchor_value[0], tested_value[0])
    if overlap < OVERLAP_LEAST * (anchor_value[-1] - anchor_value[0]):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of every partial overlap
        return float(
            bjontegaard.bd_rate(
                anchor_bpp,
                anchor_value,
                tested_bpp,
                tested_value,
                method="pchip",
                require_matching_points=False,
                min_overlap=0,
            )
        )


def at_rate(curve: Curve, measure: str, rate: float) -> float | None:
    """The measure interpolated at rate; None if the curve does not reach it. Needs SciPy."""
    from scipy.interpolate import PchipInterpolator  # late: an extra

    bpp, value = line(curve, measure)
    if len(bpp) < 2 or rate < bpp[0] * 0.98 or rate > bpp[-1] * 1.02:
        return None
    return float(PchipInterpolator(np.log2(bpp), value)(np.log2(np.clip(rate, bpp[0], bpp[-1]))))


@dataclass(frozen=True, slots=True)
class Mean:
    """Over the pictures on which the figure exists."""

    mean: float
    median: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Self | None:
        found = [value for value in values if value is not None]
        return cls(float(np.mean(found)), float(np.median(found)), len(found)) if found else None

    def text(self, spec: str, pictures: int) -> str:
        return f"{self.mean:{spec}}" + ("" if self.count == pictures else f" ({self.count})")


def bd_rates(
    anchor: Mapping[str, Curve],
    tested: Mapping[str, Curve],
    measures: Iterable[str],
    span: Span = SPAN,
) -> dict[str, Mean | None]:
    """BD-rates of a codec's curves against another's, by measure, over the pictures of both."""
    both = [picture for picture in anchor if picture in tested]
    return {
        measure: Mean.of(bd_rate(anchor[one], tested[one], measure, span) for one in both)
        for measure in measures
    }
