"""Trains the start of every adaptive model of the format and writes csrc/initial_models.inc.

An extension built with ABLC_STATISTICS appends, for every segment it encodes, how often each model
coded a 1 and how often it was used. From many pictures follow a probability for each model and,
from how much it differs between pictures, for how many decisions that probability should count.

    cmake -S . -B build/statistics -DABLC_STATISTICS=ON && cmake --build build/statistics
    python -m ablc.export.contexts --core build/statistics --data FOLDER_OR_TAR ...
"""

import argparse
import importlib.util
import multiprocessing
import os
import tempfile
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from ablc.export import tables

BANDS = ((90, 270), (270, 480), (480, 860), (860, 1530), (1530, 4200))  # steps in 1/16 grey level
STRENGTHS = np.array([1, 2, 3, 5, 8, 12, 18, 26, 38, 60])  # decisions that a start may count for
PRIOR = 0.5  # pseudo-decisions of a model that was hardly ever used
BASE_KINDS, CLASSES, INPUTS = 3, 16, 4

Picture = npt.NDArray[np.uint8]
Records = dict[str, list[tuple[int, npt.NDArray[np.uint32]]]]  # by kind: (step, numbers)


def load_core(folder: Path) -> ModuleType:
    """The extension in a build folder (or the extension itself), built with ABLC_STATISTICS."""
    path = folder if folder.is_file() else next(iter(sorted(folder.glob("_core*.so"))), None)
    if path is None:
        raise ValueError(f"no extension _core*.so in {folder}")
    spec = importlib.util.spec_from_file_location("_core", path)
    if spec is None or spec.loader is None:
        raise ValueError(f"not an extension: {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def steps(rng: np.random.Generator) -> list[int]:
    """A step of every band."""
    return [int(np.exp(rng.uniform(np.log(low), np.log(high)))) for low, high in BANDS]


def smaller(picture: Picture, rng: np.random.Generator) -> Picture:
    """The picture downscaled a little, which hides its own compression."""
    scale = rng.uniform(0.55, 1.0)
    size = (int(picture.shape[1] * scale), int(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small, dtype=np.uint8)


def encode_all(core: Path, pictures: list[Picture], seed: int, out: Path) -> None:
    """Encodes every picture once in each band of steps; the extension appends to out."""
    os.environ["ABLC_STATISTICS"] = str(out)
    codec = load_core(core)
    rng = np.random.default_rng(seed)
    for picture in pictures:
        for step in steps(rng):
            codec.encode(smaller(picture, rng), step=step, effort=6)
        codec.pack_mask(edge_cells(smaller(picture, rng)))


def edge_cells(picture: Picture) -> npt.NDArray[np.bool_]:
    """8x8 cells that an edge touches (Canny, 50 and 100): what explicit masks tend to look like."""
    edges = cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), 50, 100) > 0
    rows, cols = edges.shape[0] // 8, edges.shape[1] // 8
    boxes = edges[: 8 * rows, : 8 * cols].reshape(rows, 8, cols, 8)
    cells: npt.NDArray[np.bool_] = boxes.any((1, 3))
    return cells


def read_records(path: Path) -> Records:
    """What the extension appended to a file."""
    data = path.read_bytes()
    records: Records = {}
    at = 0
    while at < len(data):
        name_size, step, count = np.frombuffer(data, np.uint32, 3, at)
        at += 12
        name = data[at : at + name_size].decode()
        at += int(name_size)
        records.setdefault(name, []).append((int(step), np.frombuffer(data, np.uint32, count, at)))
        at += 4 * int(count)
    return records


def fit(counts: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Probability in 1/65536 and strength, (M,) each, of counts (S, M, 2) over S segments.

    counts are of ones and of all decisions. The strength maximises the beta-binomial likelihood of
    the segments' counts.
    """
    # Long segments would drown the others: a model's weight in one segment saturates.
    total = counts[..., 1]
    share = np.minimum(total, 400) / np.maximum(total, 1)
    ones, all_ = (counts[..., 0] * share).sum(0), (total * share).sum(0)
    p = (ones + PRIOR * 0.5) / (all_ + PRIOR)
    p = np.clip(p, 1 / 2048, 1 - 1 / 2048)
    k, n = counts[..., 0] * share, total * share
    pseudo = [(s * p, s * (1 - p)) for s in STRENGTHS]  # ones and zeros that a start counts for
    likelihood = np.stack([(betaln(k + a, n - k + b) - betaln(a, b)).sum(0) for a, b in pseudo])
    strength = STRENGTHS[likelihood.argmax(0)]
    strength = np.where(all_ < 4, 0, strength)
    return np.clip(np.round(p * 65536), 16, 65520).astype(np.int64), strength.astype(np.int64)


def banded(
    records: list[tuple[int, npt.NDArray[np.uint32]]], part: slice | None = None
) -> list[npt.NDArray[np.float64]]:
    """The counts (S, M, 2) of every band."""
    out = []
    for low, high in BANDS:
        rows = [r[part] if part else r for step, r in records if low <= step < high]
        out.append(np.stack(rows).astype(np.float64).reshape(len(rows), -1, 2))
    return out


def braces(values: npt.NDArray[np.int64]) -> str:
    """Initialiser list of {p, seen} pairs."""
    lines = []
    for i in range(0, len(values), 8):
        lines.append(", ".join(f"{{{p}, {s}}}" for p, s in values[i : i + 8]))
    return "{\n" + ",\n".join(lines) + "}"


def row_braces(table: npt.NDArray[np.int64]) -> str:
    """Initialiser list of a table's rows, on one line."""
    return "{" + ", ".join("{" + ", ".join(map(str, row)) + "}" for row in table) + "}"


def write(records: Records, out: Path) -> None:
    tile = [np.stack(fit(c), 1) for c in banded(records["tile"])]
    size = len(records["base"][0][1]) // BASE_KINDS
    weights = CLASSES * INPUTS
    base: list[list[npt.NDArray[np.int64]]] = [[] for _ in BANDS]
    mixing = []
    for kind in range(BASE_KINDS):
        part = slice(kind * size, (kind + 1) * size - weights)
        for b, c in enumerate(banded(records["base"], part)):
            base[b].append(np.stack(fit(c), 1))
        part = slice((kind + 1) * size - weights, (kind + 1) * size)
        last = np.stack([r[part].astype(np.int32) for _, r in records["base"]])
        mixing.append(np.round(last.mean(0)).astype(np.int64).reshape(CLASSES, INPUTS))
    masks = np.stack([r for _, r in records["mask"]]).astype(np.float64)
    mask = np.stack(fit(masks.reshape(len(masks), -1, 2)), 1)
    text = [
        "// Generated by `python -m ablc.export.contexts`; do not edit. Part of the format.",
        "// Starts of the adaptive models, "
        "{probability of a 1 in 1/65536, decisions it counts for}.",
        "// clang-format off",
        "#pragma once",
        "",
        '#include "initial.h"',
        "",
        "namespace ablc {",
        "",
        "inline constexpr bool kHaveStarts = true;",
        "",
        f"inline constexpr Start kTileStarts[{len(BANDS)}][{len(tile[0])}] = {{",
        ",\n".join(braces(t) for t in tile) + "};",
        "",
        f"inline constexpr Start kBaseStarts[{len(BANDS)}][{BASE_KINDS}][{len(base[0][0])}] = {{",
        ",\n".join("{" + ",\n".join(braces(k) for k in band) + "}" for band in base) + "};",
        "",
        f"inline constexpr int kBaseWeights[{BASE_KINDS}][{CLASSES}][{INPUTS}] = {{",
        ",\n".join(map(row_braces, mixing)) + "};",
        "",
        f"inline constexpr Start kMaskStarts[{len(mask)}] = {braces(mask)};",
        "",
        "}  // namespace ablc",
    ]
    out.write_text("\n".join(text) + "\n")


def add_arguments(parser: argparse.ArgumentParser, out: Path) -> None:
    parser.add_argument("--core", type=Path, required=True, help="build/statistics, as above")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders or tar files")
    parser.add_argument("--out", type=Path, default=out)
    parser.add_argument("--limit", type=int, default=0, help="use only so many pictures")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())


def load_pictures(args: argparse.Namespace) -> list[Picture]:
    """Pictures of --data in a fixed random order, --limit of them: (H, W, 3) uint8 RGB."""
    pictures = list(tables.pictures(args.data))
    order = np.random.default_rng(0).permutation(len(pictures))[: args.limit or None]
    return [cv2.cvtColor(pictures[i], cv2.COLOR_BGR2RGB) for i in order]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the starts of the adaptive models.")
    add_arguments(parser, Path("csrc/initial_models.inc"))
    args = parser.parse_args()
    pictures = load_pictures(args)
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
