"""Saliency: the part of a picture that differs from its border and surroundings and is in focus.

All sums are of integers, so the mask is the same on every machine.
"""

import numpy as np
import numpy.typing as npt

from ablc.arrays import Floats, Pixels
from ablc.finders.reduced import reduced

SIDE = 512  # longest side of the reduced picture, in which sharpness is measured
GRID = 64  # longest side of the picture of means, in which everything else is
ONE = 1024  # the largest value of a cue
RING = 2  # width of the border of the grid
ALIKE = 8  # a colour belongs to the background if one in so many of the border are like it
RADII = ((1, 8), (2, 16))  # of the means that local contrast compares
LEAST = {"border": 96, "local": 96, "sharp": 48}  # ranges from which a cue counts in full
AREA = 0.15  # of the picture
STANDS_OUT = 1.8  # mean of the region over mean of the rest, from which on there is a region

Numbers = npt.NDArray[np.int64]


def saliency(pixels: Pixels) -> Floats:
    """Return a mask (H, W), 0..1, of the salient part of a picture; 0 if nothing stands out.

    The sum of three cues, weighted by the distance from the centre: the distance of colours from
    those of the border, their distance from the mean of their surroundings, and sharpness.
    """
    from PIL import Image  # late: encoding does not need Pillow

    height, width, _ = pixels.shape
    salient = _salient(pixels)
    limit = int(np.sort(salient, axis=None)[-round(AREA * salient.size) - 1])
    share = np.clip((10 * salient - 9 * limit) * 255 // max(limit, 1), 0, 255)
    inside = share >= 128
    if not inside.any() or inside.all():
        return np.zeros((height, width), np.float32)
    if salient[inside].mean() < STANDS_OUT * salient[~inside].mean():
        return np.zeros((height, width), np.float32)
    small = Image.fromarray(share.astype(np.uint8))
    large = np.asarray(small.resize((width, height), Image.Resampling.BILINEAR))
    return np.asarray(large / np.float32(255), np.float32)


def _salient(pixels: Pixels) -> Numbers:
    """Return the saliency of every place of the grid."""
    from PIL import Image

    fine = reduced(pixels, "RGB", side=SIDE)
    longest = max(fine.size)
    width, height = (max(1, -(-side * GRID // max(longest, GRID))) for side in fine.size)
    means = np.asarray(fine.resize((width, height), Image.Resampling.BOX), np.int64)  # (h, w, 3)
    red, green, blue = (means[:, :, i] for i in range(3))
    opponent = np.stack(
        [red + 2 * green + blue, 4 * (red - green), 2 * (2 * blue - red - green)], axis=2
    )
    sharp = Image.fromarray(_gradients(np.asarray(fine.convert("L"), np.int64)))
    sharpness = np.asarray(sharp.resize((width, height), Image.Resampling.BOX), np.int64)
    sums = 2 * _stretched(_from_border(opponent), LEAST["border"])
    sums += _stretched(_from_surroundings(opponent), LEAST["local"])
    sums += 2 * _stretched(_mean(16 * sharpness, 1), 16 * LEAST["sharp"])
    return _mean(_mean(sums * _central(sums.shape), 2), 2) // ONE


def _gradients(grey: Numbers) -> npt.NDArray[np.uint8]:
    """Return the sums of the differences to the left and upper neighbour, (H, W), 0..255."""
    sums = np.zeros_like(grey)
    sums[:, 1:] += np.abs(np.diff(grey, axis=1))
    sums[1:] += np.abs(np.diff(grey, axis=0))
    return np.minimum(3 * sums, 192).astype(np.uint8)


def _from_border(colours: Numbers) -> Numbers:
    """Return the distance of each colour (h, w, 3) from those of the border that are like it.

    The distance to the nearest eighth of them: what the border has little of stays salient.
    """
    height, width, _ = colours.shape
    ring = np.ones((height, width), np.bool_)
    ring[RING:-RING, RING:-RING] = False
    border = colours[ring]
    apart = np.abs(colours.reshape(-1, 1, 3) - border).sum(axis=2)
    rank = len(border) // ALIKE
    nearest: Numbers = np.partition(apart, rank, axis=1)[:, rank].reshape(height, width)
    return nearest


def _from_surroundings(colours: Numbers) -> Numbers:
    """Return the distance of local means of colours (h, w, 3) from means of their surroundings."""
    apart = np.zeros(colours.shape[:2], np.int64)
    for inner, outer in RADII:
        apart += np.abs(_mean(16 * colours, inner) - _mean(16 * colours, outer)).sum(axis=2) // 16
    return apart


def _central(shape: tuple[int, ...]) -> Numbers:
    """Return weights (h, w), largest in the centre."""
    height, width = shape
    y = (2 * np.arange(height) + 1 - height) * ONE // height
    x = (2 * np.arange(width) + 1 - width) * ONE // width
    apart = (y * y)[:, None] + x * x  # 0 in the centre, 2 ONE^2 in the corners
    weights: Numbers = (ONE // 4 + np.maximum(ONE - apart // (2 * ONE), 0)) * 4 // 5
    return weights


def _stretched(values: Numbers, least: int) -> Numbers:
    """Return values stretched to 0..ONE: from the 5th percentile to the 99th, or a least range."""
    ordered = np.sort(values, axis=None)
    low, high = int(ordered[len(ordered) * 5 // 100]), int(ordered[len(ordered) * 99 // 100])
    return np.clip((values - low) * ONE // max(high - low, least), 0, ONE)


def _mean(values: Numbers, radius: int) -> Numbers:
    """Return the means, rounded down, of squares around each place; borders are repeated."""
    for axis in (0, 1):
        padding = [(0, 0)] * values.ndim
        padding[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(values, padding, "edge"), axis=axis)
        length = values.shape[axis]
        last = np.take(sums, np.arange(2 * radius + 1, 2 * radius + 1 + length), axis=axis)
        values = (last - np.take(sums, np.arange(length), axis=axis)) // (2 * radius + 1)
    return values
