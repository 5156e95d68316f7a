"""The arithmetic of csrc/upsample.cpp in numpy (docs/FORMAT.md, Upsampling).

It gives the same integers, including ties and the picture's borders.

Axis letters: R C cells of the base; K filters; T taps; P pixels in a cell, row-major.
Base values are in 1/16 grey level, 0..4080.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

WEIGHT_BITS = 10  # weights are in 1/1024
SIDE = 8  # of a cell in pixels
TAPS = np.delete(np.arange(25), 12)  # the 5x5 window, row-major, without its centre
STRENGTHS = (4096, 65536, 409600)  # of the trace: gradients of 2, 8 and 20 grey levels to a cell


def window(padded: Ints, radius: int) -> Ints:
    """Return the (2 radius + 1)^2 values around each inner value.

    padded: (R + 2 radius, C + 2 radius); the result is (R, C, T).
    """
    side = 2 * radius + 1
    rows, cols = padded.shape[0] - 2 * radius, padded.shape[1] - 2 * radius
    shifts = [(i, j) for i in range(side) for j in range(side)]
    return np.stack([padded[i : i + rows, j : j + cols] for i, j in shifts], -1)


def with_margin(base: Ints) -> Ints:
    """Return the base with two more cells on each side, which repeat the nearest."""
    padded: Ints = np.pad(base, 2, mode="edge")
    return padded


def differences(base: Ints) -> Ints:
    """Return the taps of each cell minus its own value, (R, C, T), of (R, C)."""
    return window(with_margin(base), 2)[..., TAPS] - base[..., None]


def class_map(base: Ints) -> Ints:
    """Return the class of each cell, 0..48, from the structure tensor of the base's gradients.

    0 is flat; the others are 1 + (strength * 2 + coherent) * 8 + sector, where strength is 0..2
    and sector s is the doubled gradient angle rounded to s * 45 degrees; ties go to an even s.
    A tensor without direction has sector 0.
    """
    near = window((with_margin(base) + 8) >> 4, 1)  # (R + 2, C + 2, 9) whole grey levels
    gx = near @ np.array([-1, 0, 1, -2, 0, 2, -1, 0, 1])
    gy = near @ np.array([-1, -2, -1, 0, 0, 0, 1, 2, 1])
    smooth = np.array([1, 2, 1, 2, 4, 2, 1, 2, 1])
    xx, xy, yy = (window(a, 1) @ smooth for a in (gx * gx, gx * gy, gy * gy))  # each below 2^25
    trace = xx + yy
    u, v = xx - yy, 2 * xy  # along the doubled angle; products below need 64 bits
    coherent = 25 * (u * u + v * v) > 14 * trace * trace
    strength = np.digitize(trace, STRENGTHS)
    on_u = 256 * abs(v) <= 106 * abs(u)  # 106/256 is tan 22.5 degrees
    on_v = 256 * abs(u) <= 106 * abs(v)
    diagonal = np.where(v < 0, np.where(u < 0, 5, 7), np.where(u < 0, 3, 1))
    sector = np.where(on_u, np.where(u < 0, 4, 0), np.where(on_v, np.where(v < 0, 6, 2), diagonal))
    classes: Ints = np.where(strength == 0, 0, 1 + ((strength - 1) * 2 + coherent) * 8 + sector)
    return classes


def upsample(base: Ints, weights: Ints) -> Ints:
    """Return the predicted plane, (8 R, 8 C) grey levels 0..255.

    base: (R, C); weights: (K, T, 64) in 1/1024.
    """
    rows, cols = base.shape
    classes, taps = class_map(base), differences(base)
    sums = np.empty((rows, cols, SIDE * SIDE), np.int64)
    for k in np.unique(classes):
        sums[classes == k] = taps[classes == k] @ weights[k]
    sums += (base[..., None] << WEIGHT_BITS) + (1 << WEIGHT_BITS + 3)
    cells = np.clip(sums >> WEIGHT_BITS + 4, 0, 255).reshape(rows, cols, SIDE, SIDE)
    plane: Ints = cells.transpose(0, 2, 1, 3).reshape(rows * SIDE, cols * SIDE)
    return plane
