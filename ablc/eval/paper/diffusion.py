"""Inpainting by diffusion: pictures from a few known pixels.

Known pixels are Dirichlet data, the border reflects. Homogeneous diffusion solves a linear system,
by conjugate gradients with multigrid before them; edge-enhancing diffusion (Galic et al. 2008,
"Image compression with anisotropic diffusion", JMIV 31) runs cycles of explicit steps, from coarse
grids to the picture's own. Inside, pictures are planes (C, H, W) float32, 0..255.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ablc.arrays import Flags, Floats, Pixels
from ablc.options import check_number, check_whole

CONTRAST, SIGMA = 0.5, 2.5  # lambda, grey levels per pixel; of the smoothed gradient, pixels
CYCLES, STEPS = 8, 12  # with one tensor each; explicit steps in a cycle

HALF = np.float32(0.5)
ERROR = 0.02  # grey levels: largest error, as multigrid sees it, at which the solver stops
ITERATIONS_MOST = 100
DAMPING = 0.8  # of Jacobi steps
COARSEST = 8  # pixels: a side of grids that have none below them
COARSEST_STEPS = 8  # of Jacobi, there
TIME_STEP = 0.45  # explicit steps are stable below 1/2: see _force
ALPHA = 0.4  # 0 is the most dissipative stencil, 1/2 lets a checkerboard pass


def homogeneous(known: Pixels, mask: Flags) -> Pixels:
    """The picture (H, W, C) uint8 with laplace u = 0 where nothing is known.

    Homogeneous diffusion inpainting, the simplest system in Galic et al.; no flow over the border.

    known: (H, W, C) uint8, read where mask is set; these pixels come back exactly.
    mask: (H, W) bool, at least one pixel set.
    Every value lies between the least and the largest known one of its channel.
    Raises ValueError for other shapes or types and for an empty mask.
    """
    values = planes_of(known, mask)
    height, width = mask.shape
    across, down = (
        np.ones((height, width - 1), np.float32),
        np.ones((height - 1, width), np.float32),
    )
    return pixels_of(solve(values, mask, across, down), known, mask)


def edge_enhancing(
    known: Pixels,
    mask: Flags,
    *,
    contrast: float = CONTRAST,
    sigma: float = SIGMA,
    cycles: int = CYCLES,
    steps: int = STEPS,
) -> Pixels:
    """The picture (H, W, C) uint8 at which edge-enhancing diffusion rests.

    div(D grad u) = 0 with D = g(J), J the mean over the channels of grad u_sigma grad u_sigma^T and
    g(s^2) = 1 / sqrt(1 + s^2 / contrast^2) (Weickert 1994; Charbonnier et al. 1997): diffusion
    along edges is that of homogeneous(), across them it fades.

    known, mask: as homogeneous() takes them; known pixels come back exactly.
    contrast: lambda, in grey levels per pixel, 1e-3..1e6.
    sigma: standard deviation of the Gaussian before the gradient, .1..16 pixels.
    cycles: with one tensor each, at least 1; on every grid from the coarsest to the picture's own.
    steps: explicit steps in a cycle, at least 1: a cycle diffuses for .15 (steps + 1)^2 or so.
    Raises ValueError for other shapes, types or ranges and for an empty mask.
    """
    check_number("contrast", contrast, 1e-3, 1e6)
    check_number("sigma", sigma, 0.1, 16)
    check_whole("cycles", cycles, 1)
    check_whole("steps", steps, 1)
    values = planes_of(known, mask)
    taps = _gaussian(sigma)
    return pixels_of(_cascade(values, mask, contrast, taps, cycles, steps), known, mask)


def check(name: str, array: object, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
    """Raises ValueError unless array is of that type and shape, -1 standing for any side >= 1."""
    if isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == len(shape):
        if all(s >= 1 and w in (s, -1) for s, w in zip(array.shape, shape, strict=True)):
            return
        raise ValueError(f"{name} must be of the shape {shape}, not {array.shape}")
    found = (
        f"{array.shape} {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
    )
    raise ValueError(f"{name} must be {shape} {np.dtype(dtype)}, not {found}")


def planes_of(known: Pixels, mask: Flags) -> Floats:
    """(C, H, W) of known, 0 where nothing is known. Raises ValueError as homogeneous() does."""
    check("known", known, np.uint8, (-1, -1, -1))
    check("mask", mask, np.bool_, known.shape[:2])
    if not mask.any():
        raise ValueError("no pixel is known")
    planes = np.ascontiguousarray(known.transpose(2, 0, 1), np.float32)
    planes *= mask
    return planes


def pixels_of(planes: Floats, known: Pixels, mask: Flags) -> Pixels:
    """Planes as (H, W, C) uint8 within the range of what is known, which is put back."""
    least, most = known[mask].min(axis=0), known[mask].max(axis=0)
    pixels = np.clip(np.rint(planes.transpose(1, 2, 0)), least, most).astype(np.uint8)
    pixels[mask] = known[mask]
    return pixels


# ---- linear diffusion --------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The unknown pixels of a grid (h, w) and the links between them."""

    across: Floats  # (h, w - 1): weight of the link to the right
    down: Floats  # (h - 1, w): to the pixel below
    sink: Floats  # (h, w): summed weights of the links to known pixels
    inverse: Floats  # (h, w): of the diagonal; 0 where that is 0

    @classmethod
    def of(cls, across: Floats, down: Floats, sink: Floats) -> "_Grid":
        diagonal = sink.copy()
        diagonal[:, 1:] += across
        diagonal[:, :-1] += across
        diagonal[1:] += down
        diagonal[:-1] += down
        inverse = np.divide(1, diagonal, out=np.zeros_like(diagonal), where=diagonal > 0)
        return cls(across, down, sink, inverse)

    def apply(self, x: Floats) -> Floats:
        """The operator: at every pixel, the summed flow to its neighbours."""
        out: Floats = self.sink * x
        flow = self.across * (x[..., 1:] - x[..., :-1])
        out[..., 1:] += flow
        out[..., :-1] -= flow
        flow = self.down * (x[..., 1:, :] - x[..., :-1, :])
        out[..., 1:, :] += flow
        out[..., :-1, :] -= flow
        return out

    def coarser(self) -> "_Grid":
        """Of half the sides, every 2x2 pixels one; the mean of two links side by side is one."""
        across, down = self.across[:, 1::2], self.down[1::2]
        rows, columns = (side + 1 & ~1 for side in self.sink.shape)
        across, down = _even(across, rows, across.shape[1]), _even(down, down.shape[0], columns)
        across, down = HALF * (across[::2] + across[1::2]), HALF * (down[:, ::2] + down[:, 1::2])
        return _Grid.of(across, down, _sums(self.sink))


def solve(
    values: Floats, known: Flags, across: Floats, down: Floats, divergence: Floats | None = None
) -> Floats:
    """(C, H, W) u with known pixels as in values and, at the others, flows that sum to divergence.

    The flow to a neighbour is the weight of the link to it, times the difference of u.
    across, down: (H, W - 1) and (H - 1, W) weights >= 0 of the links to the right and down; every
    pixel must be linked to a known one, if by detours. divergence: (C, H, W); None: 0.
    """
    free = ~known
    sink = np.zeros(known.shape, np.float32)
    sink[:, 1:] += across * known[:, :-1]
    sink[:, :-1] += across * known[:, 1:]
    sink[1:] += down * known[:-1]
    sink[:-1] += down * known[1:]
    grids = [
        _Grid.of(across * (free[:, 1:] & free[:, :-1]), down * (free[1:] & free[:-1]), sink * free)
    ]
    while max(grids[-1].sink.shape) > COARSEST:
        grids.append(grids[-1].coarser())

    mean = values.sum(axis=(1, 2)) / np.float32(np.count_nonzero(known))
    start = np.where(known, values, mean[:, None, None])
    whole = _Grid.of(across, down, np.zeros_like(sink))
    rest = -whole.apply(start)
    if divergence is not None:
        rest += divergence
    out: Floats = start + _conjugate_gradients(grids, rest * free)
    return out


def _conjugate_gradients(grids: list[_Grid], rest: Floats) -> Floats:
    """(C, h, w) x for which the first grid's operator gives rest, every channel on its own."""
    x = np.zeros_like(rest)
    guess = _cycle(grids, rest)
    direction, last = guess, _dots(rest, guess)
    least = np.float32(1e-30)
    for _ in range(ITERATIONS_MOST):
        if np.abs(guess).max() < ERROR:
            break
        image = grids[0].apply(direction)
        length: Floats = np.divide(last, np.maximum(_dots(direction, image), least))
        x += length * direction
        rest = rest - length * image
        guess = _cycle(grids, rest)
        now = _dots(rest, guess)
        turn: Floats = np.divide(now, np.maximum(last, least))
        direction = guess + turn * direction
        last = now
    return x


def _cycle(grids: list[_Grid], rest: Floats) -> Floats:
    """An estimate of x for which the first grid's operator gives rest: one V-cycle, symmetric."""
    grid = grids[0]
    weight = np.float32(DAMPING) * grid.inverse
    x: Floats = weight * rest
    if len(grids) == 1:
        for _ in range(COARSEST_STEPS):
            x += weight * (rest - grid.apply(x))
        return x
    correction = _grown(_cycle(grids[1:], _sums(rest - grid.apply(x))), x.shape)
    x += np.where(weight > 0, correction, 0)
    x += weight * (rest - grid.apply(x))
    return x


def _dots(a: Floats, b: Floats) -> Floats:
    """(C, 1, 1) scalar products."""
    dots: Floats = np.einsum("chw,chw->c", a, b)[:, None, None]
    return dots


def _even(plane: Floats, rows: int, columns: int) -> Floats:
    """(..., rows, columns): zeros beyond the plane."""
    height, width = plane.shape[-2:]
    if (height, width) == (rows, columns):
        return plane
    more = [(0, 0)] * (plane.ndim - 2) + [(0, rows - height), (0, columns - width)]
    return np.pad(plane, more)


def _sums(plane: Floats) -> Floats:
    """Sums of 2x2 pixels; those beyond an odd side are 0."""
    rows, columns = (side + 1 & ~1 for side in plane.shape[-2:])
    even = _even(plane, rows, columns)
    pairs = even[..., ::2, :] + even[..., 1::2, :]
    out: Floats = pairs[..., ::2] + pairs[..., 1::2]
    return out


def _grown(plane: Floats, shape: tuple[int, ...]) -> Floats:
    """Every pixel as 2x2, cut to shape."""
    return plane.repeat(2, axis=-2).repeat(2, axis=-1)[..., : shape[-2], : shape[-1]]


# ---- edge-enhancing diffusion ------------------------------------------------------------------
def _cascade(
    values: Floats, known: Flags, contrast: float, taps: Floats, cycles: int, steps: int
) -> Floats:
    """The rest state, from that of the grid of half the sides; on the coarsest, from homogeneous().

    Bornemann and Deuflhard, Numer. Math. 75, 1996. A coarse pixel is known if any of its four is.
    """
    if min(known.shape) > 2 * COARSEST:
        counts = _sums(known.astype(np.float32))
        means: Floats = np.divide(_sums(values), np.maximum(counts, 1))
        coarse = _cascade(means, counts > 0, contrast, taps, cycles, steps)
        u = np.where(known, values, _filtered(_grown(coarse, values.shape), QUARTERS))
    else:
        height, width = known.shape
        ones = np.ones((height, width), np.float32)
        u = solve(values, known, ones[:, 1:], ones[1:])
    for _ in range(cycles if min(known.shape) > 1 else 0):
        u = _diffused(u, ~known, _tensor(_filtered(u, taps), contrast), steps)
    return u


def _diffused(u: Floats, free: Flags, tensor: tuple[Floats, ...], steps: int) -> Floats:
    """u after one cycle of explicit steps, each put further by the step before.

    Fast semi-iterative scheme: Hafner et al. 2016, "FSI schemes: fast semi-iterative solvers for
    PDEs and optimisation methods". A cycle of n does about n^2 / 3 plain steps' work.
    """
    before = u
    move = np.float32(TIME_STEP) * free
    for k in range(steps):
        ahead = np.float32((4 * k + 2) / (2 * k + 3))
        step = _force(u, tensor)
        step *= move
        step += u
        step -= before
        step *= ahead
        step += before
        before, u = u, step
    return u


def _force(u: Floats, tensor: tuple[Floats, ...]) -> Floats:
    """div(D grad u), (C, H, W), as minus the gradient of an energy of 2x2 pixels, (H - 1, W - 1).

    With p, q the mean differences to the right and down, and s their mixed difference, the energy
    is (a p^2 + 2 b p q + c q^2 + e s^2) / 2. Terms in s vanish with the square of the grid's width;
    e = (1 - 2 alpha) (a + c - 2 |b|) / 4 is the stencil of Weickert, Welk and Wickert 2013
    ("L2-stable nonstandard finite differences for anisotropic diffusion"), with its second
    parameter chosen for the least dissipation. The tensor's eigenvalues are at most 1, so those of
    an energy are, and a pixel is in four of them: steps below 2 / 4 are stable.
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
    """a, b, c of D = [[a, b], [b, c]] and e of _force, (H - 1, W - 1) each."""
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
    """Taps that sum to 1, to 3 sigma."""
    radius = max(round(3 * sigma), 1)
    taps = np.exp(-np.square(np.arange(-radius, radius + 1)) / (2 * sigma**2))
    return np.asarray(taps / taps.sum(), np.float32)


QUARTERS = np.array([0.25, 0.5, 0.25], np.float32)  # makes of repeated pixels interpolated ones


def _filtered(planes: Floats, taps: Floats) -> Floats:
    """Planes filtered down and across, reflected beyond their borders."""
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
