"""Colour that alpha hides: pixels with alpha 0, which nobody sees.

Cut-out pictures hold anything there, from black to the whole photograph or noise. The encoder
replaces it by a smooth continuation of what is seen, which costs little and leaves no fringe where
a viewer interpolates between pixels, and spends nothing on cells that neither hold nor border on
anything visible.
"""

import numpy as np
import numpy.typing as npt

from ablc.arrays import CELL, Flags, Floats, Pixels

SMOOTHINGS = 4  # of cells without visible pixels, at each scale


def find_invisible(pixels: Pixels) -> Flags | None:
    """Return flags (H, W) of the pixels (H, W, C) with alpha 0; None if there are none."""
    if pixels.shape[2] != 4:
        return None
    invisible: Flags = pixels[:, :, 3] == 0
    return invisible if invisible.any() else None


def hidden_cells(invisible: Flags) -> Flags:
    """Return flags (R, C) of the cells that hold nothing visible, and neither do those around them.

    The margin is for the filters of the decoder, which reach from one cell into the next.
    """
    padded = np.pad(_cell_sums(~invisible) > 0, 1)
    rows = padded[:-2] | padded[1:-1] | padded[2:]
    hidden: Flags = ~(rows[:, :-2] | rows[:, 1:-1] | rows[:, 2:])
    return hidden


def blackened(pixels: Pixels, invisible: Flags) -> Pixels:
    """Return the pixels (H, W, 4) with invisible ones black, the shortest in lossless streams."""
    black = pixels.copy()
    black[invisible, :3] = 0
    return black


def smoothed(pixels: Pixels, invisible: Flags) -> Pixels:
    """Return the pixels (H, W, 4) with the colours of invisible ones continued from visible ones.

    An invisible pixel takes the mean of the visible ones in the smallest part of its cell, 2x2,
    4x4 or 8x8, that has any. In cells without, colours are interpolated between the means of the
    cells around. Without any visible pixel all is black.
    """
    counts = _cell_sums(~invisible)  # (R, C)
    if not counts.any():
        return blackened(pixels, invisible)
    smooth = pixels.copy()
    planes = [np.where(invisible, np.uint8(0), pixels[..., c]) for c in range(3)]
    means = _spread(np.dstack([_cell_sums(plane) for plane in planes]), counts)  # (R, C, 3)
    wide = _stretched(means.swapaxes(0, 1)).swapaxes(0, 1)  # (R, 8 C, 3)
    padded = np.pad(wide, ((1, 1), (0, 0), (0, 0)), "edge")
    for row in range(len(counts)):
        rows = slice(row * CELL, (row + 1) * CELL)
        hidden = invisible[rows]
        if hidden.any():
            around = _stretched(padded[row : row + 3])[CELL : 2 * CELL]  # (8, 8 C, 3)
            mixed = (counts[row] > 0) & (_cell_sums(hidden)[0] > 0)  # (C,)
            colour = _continued(pixels[rows, :, :3], hidden, around, mixed)
            smooth[rows, :, :3][hidden] = colour[hidden]
    return smooth


def _continued(colour: Pixels, hidden: Flags, around: Floats, mixed: Flags) -> Pixels:
    """Return a row of cells (h, W, 3), h up to 8, with hidden pixels continued from others.

    around: (8, 8 C, 3), the colours where a cell has no visible pixel.
    mixed: (C,), the cells that have visible pixels and hidden ones.
    """
    height, width = hidden.shape
    edges = (0, CELL - height), (0, around.shape[1] - width)
    visible = np.pad(~hidden, edges).reshape(CELL, -1, CELL)[:, mixed, :, None]  # (8, N, 8, 1)
    known = np.pad(colour, (*edges, (0, 0))).reshape(CELL, -1, CELL, 3)[:, mixed] * visible
    best = known.astype(np.float32)
    cells = int(mixed.sum())
    for side in (8, 4, 2):
        parts = CELL // side, side, cells, CELL // side, side
        count = visible.reshape(*parts, 1).sum(axis=(1, 4), keepdims=True)
        mean = known.reshape(*parts, 3).sum(axis=(1, 4), keepdims=True) / np.maximum(count, 1)
        best = np.where(count > 0, mean, best.reshape(*parts, 3)).reshape(known.shape)
    filled = np.rint(around).astype(np.uint8)
    filled.reshape(CELL, -1, CELL, 3)[:, mixed] = np.rint(best)
    return filled[:height, :width]


def _spread(sums: Floats, counts: Floats) -> Floats:
    """Return means (R, C, 3) of sums over counts (R, C), continued smoothly where a count is 0."""
    known = counts[..., None] > 0
    means: Floats = np.divide(sums, np.maximum(counts, 1)[..., None], dtype=np.float32)
    if known.all():
        return means
    rows, columns = counts.shape
    coarse = _spread(_halved(sums), _halved(counts))
    means = np.where(known, means, coarse.repeat(2, axis=0).repeat(2, axis=1)[:rows, :columns])
    for _ in range(SMOOTHINGS):
        padded = np.pad(means, ((1, 1), (1, 1), (0, 0)), "edge")
        beside = padded[1:-1, :-2] + padded[1:-1, 2:] + padded[:-2, 1:-1] + padded[2:, 1:-1]
        means = np.where(known, means, beside * np.float32(0.25))
    return means


def _halved(values: Floats) -> Floats:
    """Return the sums of 2x2 values (R, C, ...)."""
    rows, columns = (np.arange(0, side, 2) for side in values.shape[:2])
    halved: Floats = np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)
    return halved


def _stretched(means: Floats) -> Floats:
    """Return (8 R, ...) samples interpolated between means (R, ...) in the middle of each eight."""
    padded = np.concatenate([means[:1], means, means[-1:]])
    at = (np.arange(CELL, dtype=np.float32) + 0.5) / CELL - 0.5  # -0.5..0.5 of a cell
    at = at.reshape(1, CELL, *[1] * (means.ndim - 1))
    before, here, after = (part[:, None] for part in (padded[:-2], padded[1:-1], padded[2:]))
    side = np.where(at < 0, before, after)
    stretched: Floats = (here + (side - here) * np.abs(at)).reshape(-1, *means.shape[1:])
    return stretched


def _cell_sums(values: npt.NDArray[np.generic]) -> Floats:
    """Return the sums (R, C) of (H, W) flags or samples over cells."""
    rows, columns = (np.arange(0, side, CELL) for side in values.shape)
    sums = np.add.reduceat(values, rows, axis=0, dtype=np.uint32)
    return np.add.reduceat(sums, columns, axis=1, dtype=np.uint32).astype(np.float32)
