"""Trains and writes the constant tables of the codec as C++ source.

    python -m ablc.export.tables upsample --data FOLDER_OR_TAR ... --out csrc/upsample_tables.inc

The upsampling tables (docs/FORMAT.md, Upsampling) predict the pixels inside one cell of the base
layer from the 5x5 cells around it. The gradients of the base pick one of 49 linear filters, fitted
here to the luma of photographs by least squares; the chroma planes use them too. `class_map` and
`upsample` give the same integers as csrc/upsample.cpp, ties and the picture's borders included.

Axis letters: R C cells of the base; K filters; T taps; P pixels in a cell, row-major.
Base values are in 1/16 grey level, 0..4080.
"""

import argparse
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
BASE_MAX = 4080  # 255 grey levels
WEIGHT_BITS = 10  # weights are in 1/1024
SIDE = 8  # pixels, of a cell
FILTERS = 49  # a flat class; 3 strengths, coherent or not, 8 sectors
TAPS = np.delete(np.arange(25), 12)  # the 5x5 window, row-major, without its centre
STRENGTHS = (4096, 65536, 409600)  # of the trace: gradients of 2, 8 and 20 grey levels a cell
STEPS = (0.5, 1, 2, 4, 8)  # quantisation steps of the base seen in training, grey levels
RIDGE = 0.02  # pull of each class towards the pooled filter, as a part of the class's own energy
PULL_TO_FLAT = 1e-5  # keeps the systems regular, as a part of their trace
TINY = 1e-6  # what a class without any sample leans on
EVEN = 10  # grey levels^2: a view counts as 1 / (EVEN + its variance), so busy ones do not rule
LARGEST_VIEW = 1024  # pixels, so that large pictures do not rule the statistics
SMALLEST_PICTURE = 128  # pixels, so that each view has whole windows of 5x5 cells


# The arithmetic of csrc/upsample.cpp


def window(padded: Ints, radius: int) -> Ints:
    """The (2 radius + 1)^2 values around each value that has so many neighbours.

    (R + 2 radius, C + 2 radius) -> (R, C, T)
    """
    side = 2 * radius + 1
    rows, cols = padded.shape[0] - 2 * radius, padded.shape[1] - 2 * radius
    shifts = [(i, j) for i in range(side) for j in range(side)]
    return np.stack([padded[i : i + rows, j : j + cols] for i, j in shifts], -1)


def with_margin(base: Ints) -> Ints:
    """The base with two more cells on each side, beyond the picture the nearest repeated."""
    padded: Ints = np.pad(base, 2, mode="edge")
    return padded


def differences(base: Ints) -> Ints:
    """The taps of each cell less its own value, (R, C) -> (R, C, T)."""
    return window(with_margin(base), 2)[..., TAPS] - base[..., None]


def class_map(base: Ints) -> Ints:
    """The filter class of each cell, 0..48, from the structure tensor of the base's gradients.

    0 is flat; the others are 1 + (strength * 2 + coherent) * 8 + sector, where strength is 0..2
    and sector s is the doubled gradient angle rounded to s * 45 degrees, a tie to an even s.
    A tensor without direction counts as sector 0.
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
    return np.where(strength == 0, 0, 1 + ((strength - 1) * 2 + coherent) * 8 + sector)


def upsample(base: Ints, weights: Ints) -> Ints:
    """The predicted plane in grey levels 0..255: (R, C) base, weights (K, T, 64) -> (8 R, 8 C)."""
    rows, cols = base.shape
    classes, steps = class_map(base), differences(base)
    sums = np.empty((rows, cols, SIDE * SIDE), np.int64)
    for k in np.unique(classes):
        sums[classes == k] = steps[classes == k] @ weights[k]
    sums += (base[..., None] << WEIGHT_BITS) + (1 << WEIGHT_BITS + 3)
    cells = np.clip(sums >> WEIGHT_BITS + 4, 0, 255).reshape(rows, cols, SIDE, SIDE)
    return cells.transpose(0, 2, 1, 3).reshape(rows * SIDE, cols * SIDE)


# Training samples


def pictures(sources: Sequence[Path]) -> Iterator[npt.NDArray[np.uint8]]:
    """The (H, W, 3) BGR pictures of folders and tar files, by name, in the order of sources."""
    for source in sources:
        if source.is_dir():
            paths = sorted(p for p in source.rglob("*") if p.suffix.lower() in SUFFIXES)
            coded = (path.read_bytes() for path in paths)
            yield from map(_read_picture, coded)
        else:
            with tarfile.open(source) as tar:
                members = sorted(
                    (m for m in tar if m.isfile() and m.name.lower().endswith(SUFFIXES)),
                    key=lambda m: m.name,
                )
                for member in members:
                    stream = tar.extractfile(member)
                    if stream is not None:
                        yield _read_picture(stream.read())


def _read_picture(coded: bytes) -> npt.NDArray[np.uint8]:
    picture = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"not a picture: {coded[:16]!r}...")
    if min(picture.shape[:2]) < SMALLEST_PICTURE:
        raise ValueError(f"picture of {picture.shape[:2]}, wanted {SMALLEST_PICTURE} or more")
    return picture


def luma(picture: npt.NDArray[np.uint8]) -> Floats:
    """Y of a BGR picture, BT.601 full range, rounded to whole grey levels."""
    blue, green, red = np.moveaxis(picture.astype(np.float64), 2, 0)
    y: Floats = np.rint(0.299 * red + 0.587 * green + 0.114 * blue)
    return y


def cells_of(plane: Floats) -> Floats:
    """The whole cells of a plane, (R, C, P); rows and columns left over are dropped."""
    rows, cols = plane.shape[0] // SIDE, plane.shape[1] // SIDE
    boxes = plane[: rows * SIDE, : cols * SIDE].reshape(rows, SIDE, cols, SIDE)
    return boxes.transpose(0, 2, 1, 3).reshape(rows, cols, SIDE * SIDE)


def quantise(means: Floats, step: float, rng: np.random.Generator) -> Ints:
    """A base as the codec would leave it: means in grey levels -> 1/16 grey level, 0..4080.

    The codec quantises differences from predictions, so each cell has its own offset.
    """
    offset = rng.uniform(0, step, means.shape)
    rounded = np.rint((means - offset) / step) * step + offset
    return np.clip(np.rint(16 * rounded), 0, BASE_MAX).astype(np.int64)


def view(picture: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """A part of the picture, scaled by 0.5..1 to hide the block grid of its JPEG file."""
    scale = rng.uniform(0.5, 1)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    top, left = (int(rng.integers(max(n - LARGEST_VIEW, SIDE - 1) + 1)) for n in small.shape[:2])
    return small[top : top + LARGEST_VIEW, left : left + LARGEST_VIEW]


# Least squares


@dataclass(frozen=True, slots=True)
class Normal:
    """The normal equations of K filters: gram (K, T, T) and cross (K, T, P)."""

    gram: Floats
    cross: Floats

    @classmethod
    def empty(cls) -> "Normal":
        taps = len(TAPS)
        return cls(np.zeros((FILTERS, taps, taps)), np.zeros((FILTERS, taps, SIDE * SIDE)))

    def add(self, base: Ints, cells: Floats) -> None:
        """Takes in a base, (R, C), and the cells it should predict, (R, C, P) grey levels."""
        classes = class_map(base)
        steps = differences(base).reshape(base.size, -1) / 16
        targets = (cells - base[..., None] / 16).reshape(base.size, -1)
        weight = 1 / (EVEN + np.square(targets).mean())
        order = np.argsort(classes, axis=None, kind="stable")
        ends = np.searchsorted(classes.ravel()[order], np.arange(FILTERS + 1))
        for k in range(FILTERS):
            chosen = order[ends[k] : ends[k + 1]]
            self.gram[k] += weight * steps[chosen].T @ steps[chosen]
            self.cross[k] += weight * steps[chosen].T @ targets[chosen]

    def symmetric(self) -> "Normal":
        """The same with the samples' mirror images and transposes counted in."""
        total = Normal.empty()
        for motion in MOTIONS:
            to, taps, pixels = motion.classes(), motion.taps(), motion.pixels()
            total.gram[to] += self.gram[:, taps][:, :, taps]
            total.cross[to] += self.cross[:, taps][:, :, pixels]
        return total

    def solve(self) -> Floats:
        """Weights (K, T, P); each class leans on the filter of all cells, `RIDGE` strong."""
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
        if self.transpose:
            square = square.T
        return square[:: -1 if self.flip_rows else 1, :: -1 if self.flip_cols else 1]

    def taps(self) -> Ints:
        """Where each tap of the moved window comes from, 0..23."""
        return np.searchsorted(TAPS, self.move(np.arange(25).reshape(5, 5)).ravel()[TAPS])

    def pixels(self) -> Ints:
        """Where each pixel of the moved cell comes from."""
        return self.move(np.arange(SIDE * SIDE).reshape(SIDE, SIDE)).ravel()

    def classes(self) -> Ints:
        """The class after the move of each class, (K,)."""
        sector = np.arange(8)
        if self.transpose:
            sector = (4 - sector) % 8
        if self.flip_rows != self.flip_cols:
            sector = -sector % 8
        gradient = 1 + 8 * np.arange(6)[:, None] + sector
        return np.concatenate([[0], gradient.ravel()])


MOTIONS = [Motion(t, r, c) for t in (False, True) for r in (False, True) for c in (False, True)]


def fixed_point(weights: Floats) -> Ints:
    """Weights as int16 in 1/1024, exactly equal under the symmetries of the square.

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
    """The table from a base of 1/8 to pixels, (K, T, 64)."""
    rng = np.random.default_rng(seed)
    normal = Normal.empty()
    for picture in pictures(sources):
        for _ in range(views):
            cells = cells_of(luma(view(picture, rng)))
            normal.add(quantise(cells.mean(-1), rng.choice(STEPS), rng), cells)
    return fixed_point(normal.symmetric().solve())


# C++ source


def cpp_array(name: str, comment: str, table: Ints) -> str:
    """The definition of a three-dimensional int16 constant, lines up to 100 columns."""
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
// Generated by `python -m ablc.export.tables upsample`; do not edit. Part of the format.
//
// Filters that predict the inside of one base cell from the 5x5 cells around it
// (docs/FORMAT.md, Upsampling). [filter][tap][pixel], weights in 1/1024 of (tap - centre):
// the filters are the gradient classes, the taps run row by row without the centre, the pixels
// row by row. Equal under flips and transposition.
// clang-format off
#include <cstdint>

namespace ablc {

"""


def upsampling_source(table: Ints) -> str:
    """csrc/upsample_tables.inc of a table (K, T, 64)."""
    array = cpp_array("kUpsample8", "Base at 1/8 -> 8x8 pixels of a cell.", table)
    return f"{HEADER}{array}\n}}  // namespace ablc\n// clang-format on\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train and write constant tables of the codec.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("upsample", help="filters from the base layer to pixels")
    command.add_argument("--data", type=Path, nargs="+", required=True, help="folders or tar files")
    command.add_argument("--out", type=Path, required=True, help="C++ file to write")
    command.add_argument("--views", type=int, default=4, help="random views of each picture")
    command.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)  # the order of sums, and so the table, must not depend on the machine
    table = train_upsampling(options.data, options.views, options.seed)
    options.out.write_text(upsampling_source(table), encoding="ascii")


if __name__ == "__main__":
    main()
