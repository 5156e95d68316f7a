"""Bits per cell of ablc's packed masks, of coders of bilevel pictures, and of an ideal model.

    python tests/bench/mask.py [--images FOLDER] [--out results/mask.json]

Masks: grey = OpenCV's RGB2GRAY, edges = cv2.Canny(grey, 50, 100); a cell of 8x8 pixels is True if
an edge touches it; cells at the right and lower border may be cut. Bits are those of the
whole file or packed mask; the mean is over all cells of all pictures.

The ideal cost is that of an adaptive arithmetic coder without overhead: each cell is coded in the
context of its west, north-west, north and north-east neighbours (outside: False), with a
probability of (count + 0.4) / (total + 0.8). The trained start begins with the statistics of the
other pictures, weighted as 32 cells in each context.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import numpy.typing as npt
from arguments import add_pictures_argument, pictures
from PIL import Image
from printing import markdown, write_json

from ablc import _core
from ablc.arrays import CELL, Pixels

Mask = npt.NDArray[np.bool_]  # (R, C) of cells
Counts = npt.NDArray[np.float64]  # (16, 2): False and True cells by context

CONTEXTS = 16
PRIOR = 0.4  # initial count of either kind of cell in a fresh context
TRAINED_WEIGHT = 32.0  # initial count of cells in a trained context


def edge_mask(picture: Pixels) -> Mask:
    """Return a mask that is True where a Canny edge touches the cell."""
    edges = cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 50, 100)
    height, width = (-(-side // CELL) * CELL for side in edges.shape)
    padded = np.zeros((height, width), bool)
    padded[: edges.shape[0], : edges.shape[1]] = edges > 0
    cells = padded.reshape(height // CELL, CELL, width // CELL, CELL)
    return np.asarray(cells.any((1, 3)))  # (R, C)


# --- coders, each giving bits ---------------------------------------------------------------------


def ablc_bits(mask: Mask) -> int:
    packed = _core.pack_mask(mask)
    if not np.array_equal(_core.unpack_mask(packed, *mask.shape), mask):
        raise SystemExit("a mask did not survive pack_mask and unpack_mask")
    return 8 * len(packed)


def png_bits(mask: Mask) -> int:
    file = io.BytesIO()
    Image.fromarray(mask).save(file, "PNG", optimize=True)  # mode 1, one bit per cell
    return 8 * len(file.getvalue())


def jpegxl_bits(mask: Mask) -> int:
    data = imagecodecs.jpegxl_encode(
        mask.astype(np.uint8), lossless=True, effort=9, bitspersample=1, numthreads=1
    )
    return 8 * len(data)


def jbig2_bits(mask: Mask) -> int:
    return 8 * len(imagecodecs.jbig2_encode(mask))


CODERS = {
    "ablc pack_mask": ablc_bits,
    "JPEG XL lossless effort 9": jpegxl_bits,
    "PNG of 1 bit": png_bits,
}
if hasattr(imagecodecs, "jbig2_encode"):
    CODERS["JBIG2"] = jbig2_bits


# --- the ideal cost -------------------------------------------------------------------------------


def contexts(mask: Mask) -> npt.NDArray[np.intp]:
    """Return 0..15 for each cell: its west, north-west, north and north-east neighbours as bits."""
    cells = np.pad(mask, ((1, 0), (1, 1))).astype(np.intp)  # outside: False
    west, north_west, north = cells[1:, :-2], cells[:-1, :-2], cells[:-1, 1:-1]
    north_east = cells[:-1, 2:]
    return west + 2 * north_west + 4 * north + 8 * north_east


def counts(mask: Mask) -> Counts:
    totals = np.zeros((CONTEXTS, 2))
    np.add.at(totals, (contexts(mask), mask.astype(np.intp)), 1)
    return totals


def ideal_bits(mask: Mask, start: Counts) -> float:
    """Return the cost of the cells in raster order, with counts that grow from start."""
    context, cells = contexts(mask).ravel(), mask.ravel()
    bits = 0.0
    for which in range(CONTEXTS):
        seen = cells[context == which]  # in coding order
        ones = start[which, 1] + np.cumsum(seen) - seen
        total = start[which].sum() + np.arange(len(seen))
        bits -= np.log2(np.where(seen, ones, total - ones) / total).sum()
    return bits


def trained_start(masks: list[Mask], left_out: int) -> Counts:
    """Return counts of all masks but one, scaled to TRAINED_WEIGHT cells in each context."""
    total = np.full((CONTEXTS, 2), PRIOR)
    for index, mask in enumerate(masks):
        if index != left_out:
            total += counts(mask)
    return total / total.sum(1, keepdims=True) * TRAINED_WEIGHT


# --- the table ------------------------------------------------------------------------------------


def run(images: Path) -> dict[str, float]:
    """Return bits per cell by coder."""
    masks = [edge_mask(picture) for picture in pictures(images).values()]
    cells = sum(mask.size for mask in masks)
    fresh = np.full((CONTEXTS, 2), PRIOR)
    bits: dict[str, float] = {
        name: sum(coder(mask) for mask in masks) for name, coder in CODERS.items()
    }
    bits["ideal"] = sum(ideal_bits(mask, fresh) for mask in masks)
    bits["ideal with trained start"] = sum(
        ideal_bits(mask, trained_start(masks, index))
        for index, mask in enumerate(masks)
        if len(masks) > 1
    )
    return {name: value / cells for name, value in bits.items()}


def report(bits: dict[str, float]) -> str:
    rows = [[name, f"{value:.3f}"] for name, value in bits.items()]
    if "JBIG2" not in bits:
        rows.append(["JBIG2", "not measured: this imagecodecs has no encoder for it"])
    return "**Masks of edge-touched 8x8 cells**\n\n" + markdown(["coder", "bits per cell"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/mask.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    bits: dict[str, Any] = run(arguments.images)
    print(report(bits))
    write_json(arguments.out, bits)


if __name__ == "__main__":
    main()
