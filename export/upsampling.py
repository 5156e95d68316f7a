"""Trains the upsampling filters of the format and writes csrc/upsample_tables.inc.

    python -m ablc.export.upsampling --data FOLDER_OR_TAR ... --out csrc/upsample_tables.inc

The filters (docs/FORMAT.md, Upsampling) predict the pixels inside one cell of the base layer from
the 5x5 cells around it. The gradients of the base select one of 49 linear filters, fitted here to
the luma of photographs by least squares; the chroma planes use them too.

Axis letters: R C cells of the base; K filters; T taps; P pixels in a cell, row-major.
Base values are in 1/16 grey level, 0..4080.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from ablc.arrays import Pixels
from ablc.export.codec_data import pictures
from ablc.export.upsampling_reference import (
    SIDE,
    TAPS,
    WEIGHT_BITS,
    Ints,
    class_map,
    differences,
)

Floats = npt.NDArray[np.float64]

BASE_MAX = 4080  # 255 grey levels
FILTERS = 49  # a flat class; 3 strengths, coherent or not, 8 sectors
STEPS = (0.5, 1, 2, 4, 8)  # quantisation steps of the base seen in training, grey levels
RIDGE = 0.02  # pull of each class towards the pooled filter, as a share of the class's own energy
PULL_TO_FLAT = 1e-5  # keeps the systems regular, as a share of their trace
TINY = 1e-6  # pull of a class without any sample
EVEN = 10  # grey levels^2: a view counts as 1 / (EVEN + its variance), so busy ones do not dominate
LARGEST_VIEW = 1024  # pixels, so that large pictures do not dominate the statistics


def luma(picture: Pixels) -> Floats:
    """Return Y of a BGR picture, BT.601 full range, rounded to whole grey levels."""
    blue, green, red = np.moveaxis(picture.astype(np.float64), 2, 0)
    y: Floats = np.rint(0.299 * red + 0.587 * green + 0.114 * blue)
    return y


def cells_of(plane: Floats) -> Floats:
    """Return the whole cells of a plane, (R, C, P), without the remaining rows and columns."""
    rows, cols = plane.shape[0] // SIDE, plane.shape[1] // SIDE
    boxes = plane[: rows * SIDE, : cols * SIDE].reshape(rows, SIDE, cols, SIDE)
    return boxes.transpose(0, 2, 1, 3).reshape(rows, cols, SIDE * SIDE)


def quantise(means: Floats, step: float, rng: np.random.Generator) -> Ints:
    """Return a base as the codec would decode it, in 1/16 grey level, 0..4080.

    means: in grey levels. The codec quantises differences from predictions, so each cell has its
    own offset.
    """
    offset = rng.uniform(0, step, means.shape)
    rounded = np.rint((means - offset) / step) * step + offset
    return np.clip(np.rint(16 * rounded), 0, BASE_MAX).astype(np.int64)


def view(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return a part of the picture, scaled by 0.5..1 to hide the block grid of its JPEG file."""
    scale = rng.uniform(0.5, 1)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (int(rng.integers(max(n - LARGEST_VIEW, SIDE - 1) + 1)) for n in small.shape[:2])
    return np.asarray(small[top : top + LARGEST_VIEW, left : left + LARGEST_VIEW], np.uint8)


# Least squares


@dataclass(frozen=True, slots=True)
class NormalEquations:
    """The normal equations of K filters: gram (K, T, T) and cross (K, T, P)."""

    gram: Floats
    cross: Floats

    @classmethod
    def empty(cls) -> Self:
        taps = len(TAPS)
        return cls(np.zeros((FILTERS, taps, taps)), np.zeros((FILTERS, taps, SIDE * SIDE)))

    def add(self, base: Ints, cells: Floats) -> None:
        """Add a base, (R, C), and the cells it should predict, (R, C, P) grey levels."""
        classes = class_map(base)
        taps = differences(base).reshape(base.size, -1) / 16
        targets = (cells - base[..., None] / 16).reshape(base.size, -1)
        weight = 1 / (EVEN + np.square(targets).mean())
        order = np.argsort(classes, axis=None, kind="stable")
        ends = np.searchsorted(classes.ravel()[order], np.arange(FILTERS + 1))
        for k in range(FILTERS):
            chosen = order[ends[k] : ends[k + 1]]
            self.gram[k] += weight * taps[chosen].T @ taps[chosen]
            self.cross[k] += weight * taps[chosen].T @ targets[chosen]

    def symmetric(self) -> Self:
        """Return the equations of the samples with their mirror images and transposes."""
        total = self.empty()
        for motion in MOTIONS:
            to, taps, pixels = motion.classes(), motion.taps(), motion.pixels()
            total.gram[to] += self.gram[:, taps][:, :, taps]
            total.cross[to] += self.cross[:, taps][:, :, pixels]
        return total

    def solve(self) -> Floats:
        """Return weights (K, T, P); RIDGE pulls each class towards the filter of all cells."""
        weights = np.empty_like(self.cross)
        pooled_gram, pooled_cross = self.gram.sum(0), self.cross.sum(0)
        for k in range(FILTERS):
            pull = RIDGE * np.trace(self.gram[k]) / np.trace(pooled_gram) + TINY
            gram, cross = self.gram[k] + pull * pooled_gram, self.cross[k] + pull * pooled_cross
            flat = PULL_TO_FLAT * np.trace(gram) + TINY
            weights[k] = np.linalg.solve(gram + flat * np.eye(len(TAPS)), cross)
        return weights


@dataclass(frozen=True, slots=True)
class Motion:
    """One of the 8 symmetries of the square: a transpose, then flips of rows and columns."""

    transpose: bool
    flip_rows: bool
    flip_cols: bool

    def move(self, square: Ints) -> Ints:
        """Return a square array after the motion."""
        if self.transpose:
            square = square.T
        return square[:: -1 if self.flip_rows else 1, :: -1 if self.flip_cols else 1]

    def taps(self) -> Ints:
        """Return the source, 0..23, of each tap of the moved window."""
        return np.searchsorted(TAPS, self.move(np.arange(25).reshape(5, 5)).ravel()[TAPS])

    def pixels(self) -> Ints:
        """Return the source, 0..63, of each pixel of the moved cell."""
        return self.move(np.arange(SIDE * SIDE).reshape(SIDE, SIDE)).ravel()

    def classes(self) -> Ints:
        """Return the class of each class after the motion, (K,)."""
        sector = np.arange(8)
        if self.transpose:
            sector = (4 - sector) % 8
        if self.flip_rows != self.flip_cols:
            sector = -sector % 8
        gradient = 1 + 8 * np.arange(6)[:, None] + sector
        return np.concatenate([[0], gradient.ravel()])


MOTIONS = [Motion(t, r, c) for t in (False, True) for r in (False, True) for c in (False, True)]


def fixed_point(weights: Floats) -> Ints:
    """Return weights in 1/1024 that fit int16 and are equal under the symmetries of the square.

    Raises ValueError if a weight does not fit, or if a sum of the decoder could pass 31 bits.
    """
    fine = np.rint(weights * (1 << 20)).astype(np.int64)  # integers, so that the mean is exact
    total = np.zeros_like(fine)
    for motion in MOTIONS:
        total[motion.classes()] += fine[:, motion.taps()][:, :, motion.pixels()]
    scale = len(MOTIONS) << 20 - WEIGHT_BITS
    table = (total + scale // 2) // scale
    sums = BASE_MAX * ((1 << WEIGHT_BITS) + abs(table).sum(1)) + (1 << WEIGHT_BITS + 4)
    if abs(table).max() >= 1 << 15 or sums.max() >= 1 << 31:
        raise ValueError(f"weights up to {abs(table).max()}, sums up to {sums.max()} do not fit")
    return table


def train_upsampling(sources: Sequence[Path], views: int, seed: int) -> Ints:
    """Return the filters from a base of 1/8 to pixels, (K, T, 64).

    sources: folders and tar files; views: of each picture.
    """
    rng = np.random.default_rng(seed)
    equations = NormalEquations.empty()
    for picture in pictures(sources):
        for _ in range(views):
            cells = cells_of(luma(view(picture, rng)))
            equations.add(quantise(cells.mean(-1), rng.choice(STEPS), rng), cells)
    return fixed_point(equations.symmetric().solve())


# C++ source


def cpp_array(name: str, comment: str, table: Ints) -> str:
    """Return the definition of a three-dimensional int16 constant, lines up to 100 columns."""
    size = "".join(f"[{n}]" for n in table.shape)
    lines = [f"/// {comment}", f"inline constexpr std::int16_t {name}{size} = {{"]
    for k, taps in enumerate(table):
        lines.append(f"{{  // {k}")
        for pixels in taps:
            line = "{"
            for i, number in enumerate(pixels):
                text = f"{number}" + ("}," if i == len(pixels) - 1 else ",")
                if len(line) + len(text) > 100:
                    lines.append(line)
                    line = ""
                line += text
            lines.append(line)
        lines.append("},")
    return "\n".join([*lines, "};", ""])


HEADER = """\
// Generated by `python -m ablc.export.upsampling`; do not edit. Part of the format.
//
// Filters that predict the inside of one base cell from the 5x5 cells around it
// (docs/FORMAT.md, Upsampling). [filter][tap][pixel], weights in 1/1024 of (tap - centre):
// the filters are the gradient classes, the taps run row by row without the centre, the pixels
// row by row. Equal under flips and transposition.
// clang-format off
#include <cstdint>

namespace ablc {

"""


def cpp_source(table: Ints) -> str:
    """Return the text of csrc/upsample_tables.inc for a table (K, T, 64)."""
    array = cpp_array("kUpsample8", "Base at 1/8 -> 8x8 pixels of a cell.", table)
    return f"{HEADER}{array}\n}}  // namespace ablc\n// clang-format on\n"


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the filters and write them as C++ source."""
    parser = argparse.ArgumentParser(
        prog="python -m ablc.export.upsampling",
        description="Train the upsampling filters of the format.",
    )
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or tar files")
    parser.add_argument("--out", type=Path, required=True, help="C++ file to write")
    parser.add_argument("--views", type=int, default=4, help="random views of each picture")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)  # the order of sums, and so the table, must not depend on the machine
    table = train_upsampling(options.data, options.views, options.seed)
    options.out.write_text(cpp_source(table), encoding="ascii")


if __name__ == "__main__":
    main()
