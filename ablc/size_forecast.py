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
DROPPED_BPP = 0.065  # of dropped blocks: photographs at a step of 40 grey levels
TABLE = (
    (0.1580, 0.4195, 0.0581, 0.1141, -0.1282),
    (-0.4185, 0.5414, 0.0524, 0.1404, -0.1754),
    (-0.9773, 0.6328, 0.1079, 0.1001, -0.2011),
    (-1.7531, 0.7967, 0.1108, 0.1959, -0.3304),
    (-2.4981, 0.7372, 0.2461, 0.4160, -0.5611),
    (-3.3188, 0.3959, 0.5733, 0.6614, -0.7557),
    (-4.2868, 0.0642, 0.6993, 0.8935, -0.7471),
    (-5.3216, -0.1355, 0.4678, 1.0622, -0.4740),
    (-6.3287, -0.1496, 0.0175, 0.9824, 0.0474),
    (-7.1820, -0.0683, -0.3805, 0.5615, 0.7084),
    (-7.6300, 0.0459, -0.6221, 0.1043, 1.1197),
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
        bpp = float((np.exp(logs) * shares).sum()) * kept + free * DROPPED_BPP
        return float(bpp * area / 8)

    return forecast


def fixed_bytes(data: bytes) -> int:
    """Return the bytes that hardly depend on the step: metadata, alpha, exact samples."""
    governed = ("MASK", "BLKS")
    stream = _core.Stream(data)
    lengths = {part["name"]: part["length"] for part in stream.sections} | stream.segments
    lengths.pop("TILE", 0)  # is its segments
    return sum(length for name, length in lengths.items() if name not in governed)
