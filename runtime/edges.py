"""Edges of a picture: the Laplacian of the Gaussian, and its strongest ridges."""

import functools

import numpy as np

from ablc.arrays import Flags, Floats

SIDE, SIGMA = 7, 1.0  # of the Laplacian of the Gaussian, pixels
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of R, G, B (BT.601)


@functools.cache
def _taps() -> tuple[Floats, Floats]:
    """Return A and B of the kernel A(y) B(x) + B(y) A(x), which is symmetric and sums to 0."""
    t = np.arange(SIDE) - SIDE // 2
    blur = np.exp(-(t**2) / (2 * SIGMA**2))
    middle = (t**2 * blur).sum() / blur.sum()  # half the mean of y^2 + x^2
    sharp = (t**2 - middle) * blur
    scale = np.abs(np.outer(sharp, blur) + np.outer(blur, sharp)).sum()
    return (sharp / scale).astype(np.float32), blur.astype(np.float32)


def laplacian_of_gaussian(x: Floats) -> Floats:
    """Return LAPLACE(x) of the paper, (C, H, W), for every channel of x; x is 0 beyond its borders.

    sigma = 1 pixel; the 7x7 taps sum to 0 and their magnitudes to 1, as in the latent update.
    """
    sharp, blur = _taps()
    return _along(_along(x, sharp, 1), blur, 2) + _along(_along(x, blur, 1), sharp, 2)


def luma(x: Floats) -> Floats:
    """Return the BT.601 luma, (H, W), of (3, H, W)."""
    return np.tensordot(LUMA, x, 1)


def strongest(log: Floats, among: Flags, count: int) -> Flags:
    """Return (H, W): True at the at most count highest ridges of |log| among some pixels.

    log: (H, W), with ridges on both sides of an edge. A ridge is no lower than its two neighbours
    across or down. There is none near a border, where log is that of the border.
    """
    height = np.abs(log)
    ridge = np.zeros(log.shape, np.bool_)
    inner = height[1:-1, 1:-1]
    across = (inner >= height[1:-1, :-2]) & (inner > height[1:-1, 2:])
    down = (inner >= height[:-2, 1:-1]) & (inner > height[2:, 1:-1])
    ridge[1:-1, 1:-1] = across | down
    half = SIDE // 2
    ridge[:half] = ridge[-half:] = False
    ridge[:, :half] = ridge[:, -half:] = False
    indices = np.flatnonzero(ridge & among & (height > 0))
    count = min(count, indices.size)
    order = np.argsort(-height.ravel()[indices], kind="stable")[:count]
    chosen = np.zeros(log.size, np.bool_)
    chosen[indices[order]] = True
    return chosen.reshape(log.shape)


def _along(x: Floats, taps: Floats, axis: int) -> Floats:
    """Return x filtered along an axis, with zeros beyond its ends."""
    half = SIDE // 2
    length = x.shape[axis]
    padded = np.pad(x, [(half, half) if a == axis else (0, 0) for a in range(x.ndim)])
    out = np.zeros_like(x)
    for i, tap in enumerate(taps):
        out += tap * padded[(slice(None),) * axis + (slice(i, i + length),)]
    return out
