"""Edges that a picture's painter should meet: Laplacian of the Gaussian, and where it matters."""

import functools

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

SIDE, SIGMA = 7, 1.0  # of the Laplacian of the Gaussian, pixels
LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # of R, G, B (BT.601)


@functools.cache
def _taps() -> tuple[Floats, Floats]:
    """A and B of the kernel A(y) B(x) + B(y) A(x), which is symmetric and sums to 0."""
    t = np.arange(SIDE) - SIDE // 2
    blur = np.exp(-(t**2) / (2 * SIGMA**2))
    middle = (t**2 * blur).sum() / blur.sum()  # the mean of y^2 + x^2 is twice that
    sharp = (t**2 - middle) * blur
    scale = np.abs(np.outer(sharp, blur) + np.outer(blur, sharp)).sum()
    return (sharp / scale).astype(np.float32), blur.astype(np.float32)


def laplacian_of_gaussian(x: Floats) -> Floats:
    """LAPLACE(x) of the paper, (C, H, W), every channel on its own; zero beyond the borders.

    sigma = 1 pixel, 7x7 taps that sum to 0 and whose magnitudes sum to 1: what the latent step
    compares.
    """
    sharp, blur = _taps()
    return _along(_along(x, sharp, 1), blur, 2) + _along(_along(x, blur, 1), sharp, 2)


def luma(x: Floats) -> Floats:
    """(H, W) BT.601 luma of (3, H, W)."""
    return np.tensordot(LUMA, x, 1)


def strongest(log: Floats, among: Flags, count: int) -> Flags:
    """(H, W): at most count ridges of |log| on both sides of edges, the highest.

    log: (H, W). A ridge is no lower than its two neighbours across or down, nor beside a border,
    where log is that of the border.
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
    places = np.flatnonzero(ridge & among & (height > 0))
    count = min(count, places.size)
    order = np.argsort(-height.ravel()[places], kind="stable")[:count]
    found = np.zeros(log.size, np.bool_)
    found[places[order]] = True
    return found.reshape(log.shape)


def _along(x: Floats, taps: Floats, axis: int) -> Floats:
    """x filtered along an axis, zero beyond its ends."""
    half = SIDE // 2
    length = x.shape[axis]
    padded = np.pad(x, [(half, half) if a == axis else (0, 0) for a in range(x.ndim)])
    out = np.zeros_like(x)
    for i, tap in enumerate(taps):
        out += tap * padded[(slice(None),) * axis + (slice(i, i + length),)]
    return out
