"""Schemes: rules that select the blocks or pixels to keep, instead of the encoder's choice.

The schemes are those of the paper (Ablative Image Compression, 3.1.1): a square in the centre,
random pixels, the pixels of all edges, or the blocks near edges with some random blocks far from
them. Blocks are encoded like any others; single pixels are reproduced exactly. Everything else
is blurred, or painted.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablc.arrays import CELL, Flags, Pixels
from ablc.importance import cell_sums
from ablc.options import number_of
from ablc.settings import EDGES, MASK, MASK_RANDOM, MASK_SHARE, SEED, Edges, SchemeName

if TYPE_CHECKING:  # imported at run time only for random numbers
    from numpy.random import Generator

SQUARE = 100  # side of the square of "centre", pixels
PIXELS_DEFAULT, BLOCKS_DEFAULT, RANDOM_DEFAULT = 0.01, 0.3, 0.1
CANNY_LOW, CANNY_HIGH = 60, 140  # hysteresis thresholds of the gradient of samples 0..255
LOG_SIGMA, LOG_SLOPE = 1.5, 2.0  # pixels; least jump of the Laplacian at a zero crossing


@dataclass(frozen=True, slots=True)
class Scheme:
    """A rule that selects what to keep, with its options; "rdo" is the encoder's choice."""

    name: SchemeName = "rdo"
    share: float | None = None
    """Share of pixels or blocks to keep, above 0, at most 1. Default: 0.01 of all pixels for
    "pixels", all edge pixels for "edge-pixels", 0.3 of all blocks for the other rules."""
    random_share: float = (
        RANDOM_DEFAULT  # share of random blocks among those that "edge-blocks+random" keeps
    )
    edges: Edges = "canny"  # "log": zero crossings of the Laplacian of the Gaussian
    block: int = 16  # side of the blocks to rank, pixels: 8, 16 or 32
    seed: int = 0  # of random choices

    def __post_init__(self) -> None:
        MASK.check("mask", self.name)
        EDGES.check("edges", self.edges)
        block = number_of(self.block)
        if not isinstance(block, int) or block not in (8, 16, 32):
            raise ValueError(f"the block of a mask must be 8, 16 or 32, not {self.block!r}")
        checked = {
            "share": MASK_SHARE.check("the share of a mask", self.share),
            "random_share": MASK_RANDOM.check("random_share", self.random_share),
            "block": block,
            "seed": SEED.check("seed", self.seed),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """The cells and pixels of one picture that a scheme keeps."""

    cells: Flags  # (R, C): cells of kept blocks
    pixels: Flags | None = None  # (H, W): pixels to reproduce exactly


def choose(scheme: Scheme, pixels: Pixels) -> Kept:
    """Return what a scheme other than "rdo" keeps of a picture (H, W, C).

    Raises ValueError if the scheme needs OpenCV and it is not installed.
    """
    height, width, _ = pixels.shape
    none = np.zeros((-(-height // CELL), -(-width // CELL)), np.bool_)
    rng = np.random.default_rng(scheme.seed)
    if scheme.name == "centre":
        square = np.zeros((height, width), np.bool_)
        top, left = max(height - SQUARE, 0) // 2, max(width - SQUARE, 0) // 2
        square[top : top + SQUARE, left : left + SQUARE] = True
        return Kept(cell_sums(square) > 0)
    if scheme.name == "pixels":
        count = round((scheme.share or PIXELS_DEFAULT) * height * width)
        return Kept(none, _random(np.ones((height, width), np.bool_), count, rng))
    if scheme.name == "edge-pixels":
        edges = edge_pixels(pixels, scheme.edges)
        count = round((scheme.share or 1.0) * height * width)
        return Kept(none, _random(edges, count, rng))
    return Kept(_blocks(scheme, pixels, rng))


def edge_pixels(pixels: Pixels, edges: Edges) -> Flags:
    """Return flags (H, W) of the pixels of a picture (H, W, C) that lie on an edge.

    edges: "canny" (Canny, PAMI 1986), or "log" (Marr and Hildreth, Proc. R. Soc. 1980): sign
        changes of the Laplacian of the Gaussian whose slope exceeds noise.

    Raises ValueError if OpenCV is not installed.
    """
    try:
        import cv2  # late: only masks of edges need it
    except ImportError as error:
        raise ValueError("masks of edges need OpenCV: pip install 'ablc[schemes]'") from error
    colour = np.ascontiguousarray(pixels[:, :, :3])
    grey = colour[:, :, 0] if colour.shape[2] == 1 else cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    if edges == "canny":
        canny: Flags = cv2.Canny(np.ascontiguousarray(grey), CANNY_LOW, CANNY_HIGH) > 0
        return canny
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), LOG_SIGMA)
    laplacian = cv2.Laplacian(smooth, cv2.CV_32F)
    crossing = np.zeros(grey.shape, np.bool_)
    for here, beside in (
        (np.s_[:, :-1], np.s_[:, 1:]),
        (np.s_[:-1], np.s_[1:]),
    ):
        a, b = laplacian[here], laplacian[beside]
        crossing[here] |= (a * b < 0) & (np.abs(a - b) > LOG_SLOPE)
    return crossing


def _blocks(scheme: Scheme, pixels: Pixels, rng: "Generator") -> Flags:
    """Return the cells (R, C) of the kept blocks."""
    height, width, _ = pixels.shape
    side = scheme.block // CELL  # cells
    rows, cols = -(-height // CELL), -(-width // CELL)
    shape = (-(-rows // side), -(-cols // side))  # blocks
    count = max(round((scheme.share or BLOCKS_DEFAULT) * shape[0] * shape[1]), 1)
    by_chance = rng.permutation(shape[0] * shape[1])  # also the order of equal blocks
    if scheme.name == "random-blocks":
        order = by_chance
    else:
        cells = cell_sums(edge_pixels(pixels, scheme.edges))
        padded = np.pad(cells, ((0, shape[0] * side - rows), (0, shape[1] * side - cols)))
        edges = padded.reshape(shape[0], side, shape[1], side).sum(axis=(1, 3)).ravel()
        order = by_chance[np.argsort(-edges[by_chance], kind="stable")]
    extra = round(count * scheme.random_share) if scheme.name == "edge-blocks+random" else 0
    kept = np.zeros(shape[0] * shape[1], np.bool_)
    kept[order[: count - extra]] = True
    kept[rng.permutation(order[count - extra :])[:extra]] = True  # far from the edges
    grown = kept.reshape(shape).repeat(side, axis=0).repeat(side, axis=1)
    return np.ascontiguousarray(grown[:rows, :cols])


def _random(among: Flags, count: int, rng: "Generator") -> Flags:
    """Return count of the set flags, chosen at random, or all if there are fewer."""
    candidates = np.flatnonzero(among)
    chosen = np.zeros(among.size, np.bool_)
    chosen[rng.permutation(candidates)[:count]] = True
    return chosen.reshape(among.shape)
