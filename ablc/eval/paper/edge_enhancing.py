"""Edge-enhancing diffusion: pictures from a few known pixels, with sharp edges.

Galic et al. 2008, "Image compression with anisotropic diffusion", JMIV 31. Known pixels are
Dirichlet data, the border reflects. Cycles of explicit iterations run from coarse grids to the
picture's own. Pictures are planes (C, H, W) float32, 0..255.
"""

import numpy as np

from ablc.arrays import Flags, Floats, Pixels
from ablc.eval.paper.diffusion import solve, unit_links
from ablc.eval.paper.planes import pixels_of, planes_of
from ablc.options import check_number, check_whole

CONTRAST = 0.5  # lambda, grey levels per pixel
SIGMA = 2.5  # of the Gaussian before the gradient, pixels
CYCLES = 8  # each with one tensor
ITERATIONS = 12  # explicit ones in a cycle

COARSEST = 8  # pixels: grids with a side of at most twice this have none below them
RATE = 0.45  # of explicit iterations, stable below 1/2: see _force
ALPHA = 0.4  # 0 is the most dissipative stencil, 1/2 lets a checkerboard pass
QUARTERS = np.array([0.25, 0.5, 0.25], np.float32)  # interpolates between repeated pixels


def edge_enhancing(
    known: Pixels,
    mask: Flags,
    *,
    contrast: float = CONTRAST,
    sigma: float = SIGMA,
    cycles: int = CYCLES,
    iterations: int = ITERATIONS,
) -> Pixels:
    """Return the picture (H, W, C) uint8 that edge-enhancing diffusion converges to.

    div(D grad u) = 0 with D = g(J), J the mean over the channels of grad u_sigma grad u_sigma^T and
    g(s^2) = 1 / sqrt(1 + s^2 / contrast^2) (Weickert 1994; Charbonnier et al. 1997): diffusion
    along edges is that of homogeneous(), across them it fades.

    known, mask: as homogeneous() takes them; known pixels come back exactly.
    contrast: lambda, in grey levels per pixel, 1e-3..1e6.
    sigma: standard deviation of the Gaussian before the gradient, .1..16 pixels.
    cycles: with one tensor each, at least 1; on every grid from the coarsest to the picture's own.
    iterations: explicit ones in a cycle, at least 1: a cycle of n diffuses for about .15 (n + 1)^2.
    Raises ValueError for other shapes, types or ranges and for an empty mask.
    """
    check_number("contrast", contrast, 1e-3, 1e6)
    check_number("sigma", sigma, 0.1, 16)
    check_whole("cycles", cycles, 1)
    check_whole("iterations", iterations, 1)
    values = planes_of(known, mask)
    taps = _gaussian(sigma)
    return pixels_of(_cascade(values, mask, contrast, taps, cycles, iterations), known, mask)


def _cascade(
    values: Floats, known: Flags, contrast: float, taps: Floats, cycles: int, iterations: int
) -> Floats:
    """Return the rest state, starting from that of the grid of half the sides.

    On the coarsest grid it starts from homogeneous diffusion. A coarse pixel is known if any of its
    four is. Cascadic multigrid: Bornemann and Deuflhard, Numer. Math. 75, 1996.
    """
    if min(known.shape) > 2 * COARSEST:
        counts = _sums(known.astype(np.float32))
        means: Floats = np.divide(_sums(values), np.maximum(counts, 1))
        coarse = _cascade(means, counts > 0, contrast, taps, cycles, iterations)
        u = np.where(known, values, _filtered(_grown(coarse, values.shape), QUARTERS))
    else:
        u = solve(values, known, *unit_links(*known.shape))
    for _ in range(cycles if min(known.shape) > 1 else 0):
        u = _diffused(u, ~known, _tensor(_filtered(u, taps), contrast), iterations)
    return u


def _diffused(u: Floats, free: Flags, tensor: tuple[Floats, ...], iterations: int) -> Floats:
    """Return u after one cycle of explicit iterations, each extrapolated from the one before.

    Fast semi-iterative scheme: Hafner et al. 2016, "FSI schemes: fast semi-iterative solvers for
    PDEs and optimisation methods". A cycle of n does the work of about n^2 / 3 plain iterations.
    """
    before = u
    rate = np.float32(RATE) * free
    for k in range(iterations):
        extrapolation = np.float32((4 * k + 2) / (2 * k + 3))
        after = _force(u, tensor)
        after *= rate
        after += u
        after -= before
        after *= extrapolation
        after += before
        before, u = u, after
    return u


def _force(u: Floats, tensor: tuple[Floats, ...]) -> Floats:
    """Return div(D grad u), (C, H, W): minus the gradient of an energy of 2x2 pixels.

    Tensors are (H - 1, W - 1). With p, q the mean differences to the right and down, and s their
    mixed difference, the energy is (a p^2 + 2 b p q + c q^2 + e s^2) / 2. Terms in s vanish with
    the square of the grid's width;
    e = (1 - 2 alpha) (a + c - 2 |b|) / 4 is the stencil of Weickert, Welk and Wickert 2013
    ("L2-stable nonstandard finite differences for anisotropic diffusion"), with its second
    parameter chosen for the least dissipation. The tensor's eigenvalues are at most 1, so those of
    an energy are, and a pixel is in four of them: rates below 2 / 4 are stable.
    """
    a, b, c, e = tensor
    mixed = u[:, 1:, 1:] - u[:, 1:, :-1]
    p = u[:, :-1, 1:] - u[:, :-1, :-1]
    q = u[:, 1:, :-1] - u[:, :-1, :-1]
    mixed -= p
    half = mixed / 2
    p += half
    q += half
    mixed *= e
    right = a * p + b * q
    down = b * p + c * q
    both, skew = (right + down) / 2, (right - down) / 2
    out = np.zeros_like(u)
    out[:, :-1, :-1] += both - mixed
    out[:, :-1, 1:] -= skew - mixed
    out[:, 1:, :-1] += skew + mixed
    out[:, 1:, 1:] -= both + mixed
    return out


def _tensor(smooth: Floats, contrast: float) -> tuple[Floats, ...]:
    """Return a, b, c of D = [[a, b], [b, c]] and e of _force, (H - 1, W - 1) each."""
    top, bottom = np.diff(smooth[:, :-1], axis=2), np.diff(smooth[:, 1:], axis=2)
    left, right = np.diff(smooth[:, :, :-1], axis=1), np.diff(smooth[:, :, 1:], axis=1)
    p, q = (top + bottom) / 2, (left + right) / 2
    pp, pq, qq = (np.mean(x, axis=0) for x in (p * p, p * q, q * q))
    mean, turn = (pp + qq) / 2, (pp - qq) / 2
    root = np.hypot(turn, pq)
    across, along = (
        1 / np.sqrt(1 + np.maximum(s2, 0) / np.float32(contrast**2))
        for s2 in (mean + root, mean - root)
    )
    share = (across - along) / (2 * np.maximum(root, np.float32(1e-9)))
    middle = (across + along) / 2
    a, b, c = middle + share * turn, share * pq, middle - share * turn
    e = np.float32((1 - 2 * ALPHA) / 4) * (a + c - 2 * np.abs(b))
    return a, b, c, e


def _gaussian(sigma: float) -> Floats:
    """Return taps of a Gaussian up to 3 sigma, which sum to 1."""
    radius = max(round(3 * sigma), 1)
    taps = np.exp(-np.square(np.arange(-radius, radius + 1)) / (2 * sigma**2))
    return np.asarray(taps / taps.sum(), np.float32)


def _filtered(planes: Floats, taps: Floats) -> Floats:
    """Return planes filtered down and across, reflected beyond their borders."""
    radius = len(taps) // 2
    for axis in (1, 2):
        length = planes.shape[axis]
        padded = np.pad(
            planes, [(radius, radius) if a == axis else (0, 0) for a in range(3)], mode="symmetric"
        )
        planes = np.zeros_like(planes)
        for i, tap in enumerate(taps):
            planes += tap * padded[(slice(None),) * axis + (slice(i, i + length),)]
    return planes


def _sums(planes: Floats) -> Floats:
    """Return sums of 2x2 pixels; pixels beyond an odd side count as 0."""
    beyond = [(0, 0)] * (planes.ndim - 2) + [(0, side % 2) for side in planes.shape[-2:]]
    even = np.pad(planes, beyond)
    pairs = even[..., ::2, :] + even[..., 1::2, :]
    out: Floats = pairs[..., ::2] + pairs[..., 1::2]
    return out


def _grown(plane: Floats, shape: tuple[int, ...]) -> Floats:
    """Return every pixel as 2x2, cut to shape."""
    return plane.repeat(2, axis=-2).repeat(2, axis=-1)[..., : shape[-2], : shape[-1]]
