"""Trains the starts of the format's adaptive models and writes csrc/starts_tables.inc.

An extension built with ABLC_STATISTICS appends to a file, for every segment it encodes, how often
each model coded a 1 and how often it was used. The counts of many pictures give a probability for
each model and, from its spread between pictures, the number of decisions for which that
probability should count.

    cmake -S . -B build/statistics -DABLC_STATISTICS=ON && cmake --build build/statistics
    python -m ablc.export.starts --core build/statistics --data FOLDER_OR_TAR ...
"""

import argparse
import multiprocessing
import os
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from ablc.arrays import Flags, Pixels
from ablc.export.codec_data import (
    BANDS,
    add_arguments,
    load_core,
    load_pictures,
    smaller,
    steps,
)

STRENGTHS = np.array([1, 2, 3, 5, 8, 12, 18, 26, 38, 60])  # decisions for which a start may count
TILE = 512  # pixels to a side: models start anew in every tile
PRIOR = 0.5  # pseudo-decisions added to the counts of every model

Counts = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Records = dict[str, list[tuple[int, npt.NDArray[np.uint32]]]]  # by kind: (step, numbers)


def encode_all(core: Path, pictures: list[Pixels], seed: int, out: Path) -> None:
    """Encode every picture once in each band of steps; the extension appends counts to out."""
    os.environ["ABLC_STATISTICS"] = str(out)
    codec = load_core(core)
    rng = np.random.default_rng(seed)
    for picture in pictures:
        for step in steps(rng):
            codec.encode(part(smaller(picture, rng), rng), step=step)
        codec.pack_mask(edge_cells(smaller(picture, rng)))


def part(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Return as much of the picture as a tile holds, from a random place."""
    spare = [max(side - TILE, 0) for side in picture.shape[:2]]
    top, left = (int(rng.integers(n + 1)) for n in spare)
    return np.ascontiguousarray(picture[top : top + TILE, left : left + TILE])


def edge_cells(picture: Pixels) -> Flags:
    """Return the cells that an edge touches (Canny, 50 and 100), which resemble explicit masks."""
    edges = cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 50, 100) > 0
    rows, cols = edges.shape[0] // 8, edges.shape[1] // 8
    boxes = edges[: 8 * rows, : 8 * cols].reshape(rows, 8, cols, 8)
    return np.asarray(boxes.any((1, 3)), np.bool_)


def read_records(path: Path) -> Records:
    """Return what the extension appended to a file."""
    data = path.read_bytes()
    records: Records = {}
    at = 0
    while at < len(data):
        name_length, step, count = np.frombuffer(data, np.uint32, 3, at)
        at += 12
        name = data[at : at + name_length].decode()
        at += int(name_length)
        records.setdefault(name, []).append((int(step), np.frombuffer(data, np.uint32, count, at)))
        at += 4 * int(count)
    return records


def fit(counts: Counts) -> tuple[Ints, Ints]:
    """Return probabilities in 1/65536 and strengths, (M,) each.

    counts: (S, M, 2), of ones and of all decisions over S segments. The strength maximises the
    beta-binomial likelihood of the segments' counts.
    """
    # Long segments would outweigh the others: a model's weight in one segment saturates.
    total = counts[..., 1]
    share = np.minimum(total, 400) / np.maximum(total, 1)
    ones, all_ = (counts[..., 0] * share).sum(0), (total * share).sum(0)
    p = (ones + PRIOR * 0.5) / (all_ + PRIOR)
    p = np.clip(p, 1 / 2048, 1 - 1 / 2048)
    k, n = counts[..., 0] * share, total * share
    pseudo = [(s * p, s * (1 - p)) for s in STRENGTHS]  # ones and zeros for which a start counts
    likelihood = np.stack([(betaln(k + a, n - k + b) - betaln(a, b)).sum(0) for a, b in pseudo])
    strength = STRENGTHS[likelihood.argmax(0)]
    strength = np.where(all_ < 4, 0, strength)
    return np.clip(np.round(p * 65536), 16, 65520).astype(np.int64), strength.astype(np.int64)


def banded(records: list[tuple[int, npt.NDArray[np.uint32]]]) -> list[Counts]:
    """Return the counts (S, M, 2) of every band."""
    out = []
    for low, high in BANDS:
        rows = [r for step, r in records if low <= step < high]
        out.append(np.stack(rows).astype(np.float64).reshape(len(rows), -1, 2))
    return out


def braces(values: Ints) -> str:
    """Return the initialiser list of {p, seen} pairs."""
    lines = []
    for i in range(0, len(values), 8):
        lines.append(", ".join(f"{{{p}, {s}}}" for p, s in values[i : i + 8]))
    return "{\n" + ",\n".join(lines) + "}"


def write(records: Records, out: Path) -> None:
    """Fit the starts to the records and write them as C++ source."""
    tile = [np.stack(fit(c), 1) for c in banded(records["tile"])]
    masks = np.stack([r for _, r in records["mask"]]).astype(np.float64)
    mask = np.stack(fit(masks.reshape(len(masks), -1, 2)), 1)
    text = [
        "// Generated by `python -m ablc.export.starts`; do not edit. Part of the format.",
        "// Starts of the adaptive models, "
        "{probability of a 1 in 1/65536, decisions it counts for}.",
        "// clang-format off",
        "#pragma once",
        "",
        '#include "starts.h"',
        "",
        "namespace ablc {",
        "",
        "inline constexpr bool kHaveStarts = true;",
        "",
        f"inline constexpr Start kTileStarts[{len(BANDS)}][{len(tile[0])}] = {{",
        ",\n".join(braces(t) for t in tile) + "};",
        "",
        f"inline constexpr Start kMaskStarts[{len(mask)}] = {braces(mask)};",
        "",
        "}  // namespace ablc",
    ]
    out.write_text("\n".join(text) + "\n")


def main() -> None:
    """Encode pictures in processes, fit the starts and write them."""
    parser = argparse.ArgumentParser(description="Train the starts of the adaptive models.")
    add_arguments(parser, Path("csrc/starts_tables.inc"))
    args = parser.parse_args()
    pictures = load_pictures(args.data, args.limit)
    merged: Records = {}
    with tempfile.TemporaryDirectory() as folder:
        jobs = []
        for j in range(args.jobs):
            path = Path(folder) / f"{j}.bin"
            share = (args.core, pictures[j :: args.jobs], j, path)
            job = multiprocessing.Process(target=encode_all, args=share)
            job.start()
            jobs.append((job, path))
        for job, path in jobs:
            job.join()
            for kind, records in read_records(path).items():
                merged.setdefault(kind, []).extend(records)
    write(merged, args.out)


if __name__ == "__main__":
    main()
