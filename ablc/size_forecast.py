"""Forecast of the length of a stream from the picture alone, from which rate control starts.

The logarithm of bits per pixel is taken as linear in the logarithms of the picture's mean gradients
at four scales, with other coefficients for each step; `python -m ablc.export.size_forecast` fits
them.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ablc import _core
from ablc.arrays import Flags, Floats, Pixels

SCALES = (1, 2, 4, 8)  # pixels
KNOTS = tuple(math.log2(16) + k for k in range(11))  # log2 of the step in 1/16 grey level
BASE_BPP = 0.03  # of the base alone
TABLE = (
    (-0.1595, 0.4827, 0.0347, 0.0598, -0.0135),
    (-0.6466, 0.5711, 0.0345, 0.0843, -0.0538),
    (-1.1017, 0.6588, 0.0385, 0.0680, -0.0740),
    (-1.8030, 0.7888, 0.0495, 0.1103, -0.1428),
    (-2.5665, 0.5704, 0.3479, 0.2705, -0.3210),
    (-3.3600, 0.2556, 0.6347, 0.4707, -0.4551),
    (-4.1427, -0.0703, 0.7512, 0.7438, -0.5213),
    (-4.8643, -0.2477, 0.5335, 1.0079, -0.4408),
    (-5.3957, -0.2200, 0.1153, 1.0153, -0.1729),
    (-5.8168, -0.1900, -0.0120, 0.6500, 0.1655),
    (-6.3428, -0.1499, -0.0083, 0.1387, 0.5667),
)  # (knot, feature)


def features(pixels: Pixels) -> npt.NDArray[np.float64]:
    """Return (5,): 1, and the log mean gradient of the picture (H, W, C) in grey at SCALES."""
    grey = pixels[:, :, :3].mean(axis=2, dtype=np.float32)  # (H, W)
    values = [1.0]
    for scale in SCALES:
        height, width = max(grey.shape[0] // scale, 1), max(grey.shape[1] // scale, 1)
        part = grey[: height * scale, : width * scale]
        small = part.reshape(height, part.shape[0] // height, width, -1).mean(axis=(1, 3))
        slopes = [np.abs(np.diff(small, axis=a)) for a in (0, 1) if small.shape[a] > 1]
        values.append(math.log(sum(float(slope.mean()) for slope in slopes) + 0.1))
    return np.array(values)


def forecast_of(
    pixels: Pixels,
    importance: Floats | None,
    mask: Flags | None,
) -> Callable[[float], float]:
    """Return the forecast for a picture (H, W, C): step in 1/16 grey level -> bytes of its samples.

    importance, mask: (R, C) cells in the form of the codec; they change steps, or drop areas.
    """
    table = np.array(TABLE) @ features(pixels)  # log bpp at KNOTS
    area = pixels.shape[0] * pixels.shape[1]
    octaves, shares = np.zeros(1), np.ones(1)  # of the step; of the picture
    if importance is not None:
        weighty = importance[importance > 0]
        octaves, counts = np.unique(np.round(-np.log2(weighty)), return_counts=True)
        octaves, shares = octaves / 2, counts / importance.size
    kept = 1.0 if mask is None else float(mask.mean())
    free = 1 - kept * float(shares.sum())  # share of the picture that is certain to be dropped

    def forecast(step: float) -> float:
        logs = np.interp(math.log2(step) + octaves, KNOTS, table)
        bpp = float((np.exp(logs) * shares).sum()) * kept + free * BASE_BPP
        return float(bpp * area / 8)

    return forecast


def fixed_bytes(data: bytes) -> int:
    """Return the bytes that hardly depend on the step: metadata, alpha, exact samples."""
    governed = ("MASK", "BLKS")
    stream = _core.Stream(data)
    lengths = {part["name"]: part["length"] for part in stream.sections} | stream.segments
    lengths.pop("TILE", 0)  # is its segments
    return sum(length for name, length in lengths.items() if name not in governed)
