"""Curves of rate against distortion, and figures that compare two of them.

BD-rates (Bjontegaard, VCEG-M33) are computed by the package bjontegaard with PCHIP interpolation,
over the qualities that both curves reach within a span of rates (and, of SSIMULACRA 2, within its
span of values), on the scale of Measure.decibels. At the ends of a span curves are interpolated, so
that the figure does not depend on where their files happen to lie.
"""

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from ablc.eval.measures.catalogue import MEASURES, Measure, Measurements, Values

Curve = list[Measurements]  # one codec on one picture, one entry per file, each with its bpp
Curves = dict[str, dict[str, Curve]]  # by codec, then by picture
Span = tuple[float, float]  # bits per pixel

SPAN: Span = (0.05, 0.5)  # of BD-rates
POINTS_LEAST = 3  # of a curve within the span
OVERLAP_LEAST = 0.1  # of the anchor's range


def line(curve: Curve, measure: str) -> tuple[Values, Values]:
    """Return (bpp, measure) of a curve, bpp rising; of two files of equal rate the later counts."""
    points = dict(sorted((row["bpp"], row[measure]) for row in curve if measure in row))
    return np.array(list(points)), np.array(list(points.values()))


def improving(bpp: Values, value: Values) -> tuple[Values, Values]:
    """Return the points that are better than all points of a lower rate."""
    best = np.maximum.accumulate(np.concatenate(([-np.inf], value[:-1])))
    keep = value > best + 1e-9
    return bpp[keep], value[keep]


def bd_rate(anchor: Curve, tested: Curve, measure: str, span: Span = SPAN) -> float | None:
    """Return how many per cent more bits `tested` needs for the same quality; negative: fewer.

    None where the curves hardly overlap. Needs the extra 'eval'.
    """
    import bjontegaard  # late: an extra

    lines = [_part(curve, MEASURES[measure], measure, span) for curve in (anchor, tested)]
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


def _part(curve: Curve, measure: Measure, name: str, span: Span) -> tuple[Values, Values]:
    """Return (bpp, quality) of the part of a curve within a span, its ends interpolated."""
    from scipy.interpolate import PchipInterpolator  # late: an extra

    bpp, value = line(curve, name)
    bpp, value = improving(bpp, measure.decibels(value))
    if len(bpp) < 2:
        return bpp, value
    least, most = max(bpp[0], span[0]), min(bpp[-1], span[1])
    if measure.span:
        rate = PchipInterpolator(value, np.log2(bpp))
        ends = np.clip(measure.span, value[0], value[-1])
        least, most = max(least, 2 ** rate(ends[0])), min(most, 2 ** rate(ends[1]))
    if least >= most:
        return bpp[:0], value[:0]
    inside = bpp[(bpp > least) & (bpp < most)]
    rates = np.array([least, *inside, most])
    return rates, PchipInterpolator(np.log2(bpp), value)(np.log2(rates))


def at_rate(curve: Curve, measure: str, rate: float) -> float | None:
    """Return the measure interpolated at a rate in bits per pixel.

    None if the curve does not reach the rate. Needs SciPy.
    """
    from scipy.interpolate import PchipInterpolator  # late: an extra

    bpp, value = line(curve, measure)
    if len(bpp) < 2 or rate < bpp[0] * 0.98 or rate > bpp[-1] * 1.02:
        return None
    return float(PchipInterpolator(np.log2(bpp), value)(np.log2(np.clip(rate, bpp[0], bpp[-1]))))


@dataclass(frozen=True, slots=True)
class Mean:
    """A figure averaged over the pictures for which it exists."""

    mean: float
    median: float
    count: int  # pictures

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Self | None:
        """Return the mean of the values that are not None; None if there are none."""
        known = [value for value in values if value is not None]
        return cls(float(np.mean(known)), float(np.median(known)), len(known)) if known else None

    def text(self, spec: str, pictures: int) -> str:
        """Return the mean in a format of Python's, with the count unless it is `pictures`."""
        return f"{self.mean:{spec}}" + ("" if self.count == pictures else f" ({self.count})")


def bd_rates(
    anchor: Mapping[str, Curve],
    tested: Mapping[str, Curve],
    measures: Iterable[str],
    span: Span = SPAN,
) -> dict[str, Mean | None]:
    """Return BD-rates by measure, averaged over the pictures of both codecs.

    anchor, tested: curves by picture.
    """
    both = [picture for picture in anchor if picture in tested]
    return {
        measure: Mean.of(
            bd_rate(anchor[picture], tested[picture], measure, span) for picture in both
        )
        for measure in measures
    }
