"""Edge-based inpainting of dropped blocks, after Liu et al. 2007.

"Image compression with edge-based inpainting", TCSVT 17: edges are transmitted, blocks are dropped.
Structure is propagated along the edges first, then texture is synthesised away from them:

decoded, edges -> structure (diffusion that crosses no edge) -> texture (patches) -> seams (Poisson)

The decoded pixels of dropped blocks are not used. Planes are (C, H, W) float32.
"""

import numpy as np
import numpy.typing as npt

from ablc.arrays import CELL, Flags, Floats, Pixels
from ablc.eval.paper.diffusion import solve, unit_links
from ablc.eval.paper.planes import check, pixels_of, planes_of
from ablc.options import check_whole

Places = npt.NDArray[np.intp]

LEAK = 1e-2  # weight of links across an edge: areas enclosed by edges stay determined
REACH = 3  # pixels from an edge that are filled by structure
MARGIN = 4  # pixels around a cell by which patches are compared
WINDOW = CELL + 2 * MARGIN
SEARCH = 32  # pixels: distance within which patches are searched first
CANDIDATES = 192  # most patches nearby that are compared
FAR = 48  # patches from anywhere that are compared as well if those nearby are fewer
STEEP = 16.0  # grey levels per pixel, about Canny's upper threshold in schemes.py
GUESS = 0.1  # weight, in comparisons of patches, of pixels that structure has filled
NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def inpaint(decoded: Pixels, kept: Flags, edges: Flags, *, seed: int = 0) -> Pixels:
    """Return the picture (H, W, C) uint8 with dropped cells painted; kept ones come back exactly.

    decoded: (H, W, C) uint8, read where cells are kept.
    kept: (ceil(H/8), ceil(W/8)) bool, at least one cell set.
    edges: (H, W) bool, thin lines; on them, or beside them, values may jump.
    seed: of the random choice of patches where there are too many to compare all.
    Raises ValueError for other shapes or types and if no cell is kept.
    """
    check("decoded", decoded, np.uint8, (-1, -1, -1))
    height, width, _ = decoded.shape
    check("kept", kept, np.bool_, (-(-height // CELL), -(-width // CELL)))
    check("edges", edges, np.bool_, (height, width))
    check_whole("seed", seed, 0)
    if not kept.any():
        raise ValueError("no cell is kept")
    known = grown(kept, height, width)
    planes = _structure(planes_of(decoded, known), known, edges)
    left = ~known & ~near(edges, REACH)
    texture = _TextureSynthesis(planes, left, known & ~edges & ~_steep(planes))
    if left.any() and texture.possible:
        texture.synthesise(np.random.default_rng(seed))
        planes = texture.merged()
    return pixels_of(planes, decoded, known)


def grown(cells: Flags, height: int, width: int) -> Flags:
    """Return flags of pixels, (height, width), from flags of cells."""
    return cells.repeat(CELL, 0).repeat(CELL, 1)[:height, :width]


def near(flags: Flags, reach: int) -> Flags:
    """Return flags, (H, W), that are set at most reach pixels, across and down, from a set flag."""
    height, width = flags.shape
    padded = np.pad(flags, reach)
    shifts = range(2 * reach + 1)
    rows = np.logical_or.reduce([padded[i : i + height] for i in shifts])
    out: Flags = np.logical_or.reduce([rows[:, i : i + width] for i in shifts])
    return out


def _structure(planes: Floats, known: Flags, edges: Flags) -> Floats:
    """Return planes filled by diffusion along the edges and on either side of them."""
    across = np.where(edges[:, 1:] != edges[:, :-1], np.float32(LEAK), np.float32(1))
    down = np.where(edges[1:] != edges[:-1], np.float32(LEAK), np.float32(1))
    return solve(planes, known, across, down)


def _steep(planes: Floats) -> Flags:
    """Return flags, (H, W), where the mean of the channels has an edge too steep for texture."""
    grey = np.pad(planes.mean(axis=0), 1, mode="edge")
    right, down = grey[1:-1, 2:] - grey[1:-1, :-2], grey[2:, 1:-1] - grey[:-2, 1:-1]
    steep: Flags = np.hypot(right, down) > 2 * STEEP
    return steep


class _TextureSynthesis:
    """Synthesis of the remaining pixels, cell by cell, the best-known surroundings first.

    A cell takes the inner part of the window of exemplary pixels that fits its surroundings best
    (Criminisi et al. 2004, with patches from nearby and from beside those that the neighbours took,
    as in PatchMatch, Barnes et al. 2009). The result uses the differences of pixels in windows.
    """

    def __init__(self, planes: Floats, left: Flags, exemplary: Flags) -> None:
        channels, height, width = planes.shape
        rows, columns = -(-height // CELL), -(-width // CELL)
        beyond = (
            (MARGIN, rows * CELL - height + MARGIN),
            (MARGIN, columns * CELL - width + MARGIN),
        )
        self._planes, self._left = planes, left
        # All that follows has MARGIN pixels more on each side: a cell's window begins at the cell.
        self._work = np.pad(planes, ((0, 0), *beyond))
        self._have = np.pad((~left).astype(np.float32), beyond)  # 1: known, or of an edge
        self._inside = np.pad(np.ones_like(left), beyond)
        self._todo = np.pad(left, beyond)
        self._sources = _full(np.pad(exemplary, beyond))  # (y, x) of windows
        shape = (channels, *self._have.shape)
        self._right = np.zeros(
            shape, np.float32
        )  # differences to the right that the result should have
        self._down = np.zeros(shape, np.float32)  # and down
        self._windows = np.lib.stride_tricks.sliding_window_view(
            self._work, (WINDOW, WINDOW), axis=(1, 2)
        ).transpose(1, 2, 0, 3, 4)  # (y, x, C, WINDOW, WINDOW)
        self._cells = (rows, columns)
        self._origin = np.full((rows, columns, 2), -1)  # (y, x) of the window that a cell took

    @property
    def possible(self) -> bool:
        """True if there is a window to take patches from."""
        return bool(self._sources.any())

    def synthesise(self, rng: np.random.Generator) -> None:
        """Fill all cells with remaining pixels."""
        anywhere = np.argwhere(self._sources)
        rows, columns = self._cells
        order = np.full((rows, columns), -1.0)  # what is known of a window; -1: nothing to fill
        inner = self._todo[MARGIN:-MARGIN, MARGIN:-MARGIN].reshape(rows, CELL, columns, CELL)
        for row, column in np.argwhere(inner.any(axis=(1, 3))):
            order[row, column] = self._have[_window(row, column)].sum()
        while True:
            row, column = (int(i) for i in np.unravel_index(order.argmax(), order.shape))
            if order[row, column] < 0:
                return
            self._fill(row, column, self._candidates(row, column, anywhere, rng))
            order[row, column] = -1
            for down, right in NEIGHBOURS:
                y, x = row + down, column + right
                if 0 <= y < rows and 0 <= x < columns and order[y, x] >= 0:
                    order[y, x] = self._have[_window(y, x)].sum()

    def merged(self) -> Floats:
        """Return planes in which remaining pixels have the windows' differences, without seams.

        Poisson equation: Perez et al. 2003, "Poisson image editing", eq. 4.
        """
        height, width = self._left.shape
        cut = np.s_[:, MARGIN : MARGIN + height, MARGIN : MARGIN + width]
        right, down = self._right[cut][..., :-1], self._down[cut][:, :-1]
        divergence = np.zeros_like(self._planes)
        divergence[..., 1:] += right
        divergence[..., :-1] -= right
        divergence[:, 1:] += down
        divergence[:, :-1] -= down
        return solve(self._planes, ~self._left, *unit_links(height, width), divergence)

    def _candidates(
        self, row: int, column: int, anywhere: Places, rng: np.random.Generator
    ) -> Places:
        """Return corners of windows to compare, (N, 2), at least one."""
        y, x = row * CELL, column * CELL
        top, before = max(y - SEARCH, 0), max(x - SEARCH, 0)
        nearby = np.argwhere(self._sources[top : y + SEARCH + 1, before : x + SEARCH + 1])
        nearby += (top, before)
        corners = [nearby]
        if len(nearby) > CANDIDATES:
            corners = [nearby[rng.choice(len(nearby), CANDIDATES, replace=False)]]
        elif len(nearby) < FAR:
            corners.append(anywhere[rng.integers(0, len(anywhere), FAR)])
        for down, right in NEIGHBOURS:
            r, c = row + down, column + right
            if 0 <= r < self._cells[0] and 0 <= c < self._cells[1] and self._origin[r, c, 0] >= 0:
                corners.append(self._origin[r, c][None] - (down * CELL, right * CELL))
        return self._valid(np.concatenate(corners))

    def _fill(self, row: int, column: int, candidates: Places) -> None:
        """Fill a cell from the best of these windows, or from one beside it."""
        where = _window(row, column)
        weight = np.maximum(self._have[where], np.float32(GUESS)) * self._inside[where]
        target = self._work[:, where[0], where[1]]
        best = self._best(candidates, target, weight)
        shifts = np.indices((5, 5)).reshape(2, -1).T - 2
        best = self._best(self._valid(best + shifts), target, weight)
        self._origin[row, column] = best

        patch = self._windows[best[0], best[1]].copy()  # (C, WINDOW, WINDOW)
        new = self._todo[where].copy()
        new[:MARGIN] = new[-MARGIN:] = False
        new[:, :MARGIN] = new[:, -MARGIN:] = False
        target[:, new] = patch[:, new]
        self._have[where][new] = 1
        beside, below = new[:, 1:] | new[:, :-1], new[1:] | new[:-1]
        self._right[:, where[0], where[1]][..., :-1][:, beside] = np.diff(patch, axis=2)[:, beside]
        self._down[:, where[0], where[1]][:, :-1][:, below] = np.diff(patch, axis=1)[:, below]

    def _valid(self, corners: Places) -> Places:
        """Return the corners at which a window of exemplary pixels begins."""
        rows, columns = self._sources.shape
        y, x = corners.T
        inside = corners[(y >= 0) & (y < rows) & (x >= 0) & (x < columns)]
        valid: Places = inside[self._sources[inside[:, 0], inside[:, 1]]]
        return valid

    def _best(self, corners: Places, target: Floats, weight: Floats) -> Places:
        """Return the corner whose window differs least from target."""
        error = self._windows[corners[:, 0], corners[:, 1]] - target
        error *= error
        costs = error.sum(axis=1).reshape(len(corners), -1) @ weight.ravel()
        best: Places = corners[costs.argmin()]
        return best


def _window(row: int, column: int) -> tuple[slice, slice]:
    """Return the slices of a cell with MARGIN pixels around it, in arrays with that margin."""
    y, x = row * CELL, column * CELL
    return slice(y, y + WINDOW), slice(x, x + WINDOW)


def _full(flags: Flags) -> Flags:
    """Return flags of windows in which all flags are set, (H - WINDOW + 1, W - WINDOW + 1)."""
    full = flags
    for axis in (0, 1):
        length = flags.shape[axis] - WINDOW + 1
        full = np.logical_and.reduce([full.take(range(i, i + length), axis) for i in range(WINDOW)])
    return full
