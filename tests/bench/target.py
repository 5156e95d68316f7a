"""Deviation from the requested bytes, and whether quality is monotone.

    python tests/bench/target.py [--images FOLDER] [--jobs 2] [--all]

Targets are in bits per pixel, with default settings. The deviation is that of the stream's bytes
from those requested, of which a stream may have 2 % less but never more; a pass is one call of the
core's encoder. The time beside a single encode is that of the whole search over one pass with the
settings that it ends with, from pixels to stream, wall clock, one thread; its median over pictures.

Quality runs through every third of 1..100 (--all: every one). A violation is an increment of
quality that shortens the stream or lowers its SSIM; the largest drop is given in per cent, in SSIM.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from measuring import add_run_arguments, each_picture
from printing import markdown, write_json

import ablc
from ablc import _core, metrics
from ablc.arrays import Pixels
from ablc.eval.measures.catalogue import Measurements

TARGETS = (0.08, 0.15, 0.25, 0.5, 1.0, 2.0)  # bits per pixel
SLACK = 2.0  # per cent
EVERY = 3  # of the qualities

Call = dict[str, Any]


@contextlib.contextmanager
def calls_of_core() -> Iterator[list[tuple[Call, bytes]]]:
    """Yield a list to which each call of the core's encoder adds its keywords and its stream."""
    calls: list[tuple[Call, bytes]] = []
    encode = _core.encode

    def recorded(*arguments: Any, **settings: Any) -> bytes:
        data = encode(*arguments, **settings)
        calls.append((settings, data))
        return data

    with mock.patch.object(_core, "encode", recorded):
        yield calls


def hit(picture: Pixels, bpp: float, options: dict[str, Any]) -> Measurements:
    """Return the deviation in per cent, passes, and the time in times of a single encode."""
    target = int(bpp * picture.shape[0] * picture.shape[1] / 8)
    with calls_of_core() as calls:
        start = time.perf_counter()
        data = ablc.encode(picture, target_bytes=target, **options)
        seconds = time.perf_counter() - start
    settings = next(settings for settings, stream in calls if stream == data)
    start = time.perf_counter()
    _core.encode(picture, **{**settings, "analysis": _core.Analysis()})
    single = time.perf_counter() - start
    return {
        "deviation": 100 * (len(data) / target - 1),
        "passes": len(calls),
        "times": seconds / single,
    }


def ladder(picture: Pixels, qualities: range, options: dict[str, Any]) -> list[Measurements]:
    """Return bytes and SSIM by quality."""
    rows = []
    for quality in qualities:
        data = ablc.encode(picture, quality=quality, **options)
        similarity = metrics.ssim(picture, ablc.decode(data, fill="classical", threads=1)) or 0.0
        rows.append({"quality": quality, "bytes": len(data), "ssim": similarity})
    return rows


def measure_picture(picture: Pixels, qualities: range, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "targets": {str(bpp): hit(picture, bpp, options) for bpp in TARGETS},
        "qualities": ladder(picture, qualities, options),
    }


def falls(ladders: list[list[Measurements]], key: str) -> list[float]:
    """Return the drop of each violation: as a share of the bytes, or in SSIM."""
    return [
        (before[key] - after[key]) / (before[key] if key == "bytes" else 1)
        for rows in ladders
        for before, after in itertools.pairwise(rows)
        if after[key] < before[key]
    ]


def figures(measured: dict[str, Any]) -> dict[str, Any]:
    targets = {
        bpp: [entry["targets"][bpp] for entry in measured.values()] for bpp in map(str, TARGETS)
    }
    targets["all"] = [row for rows in targets.values() for row in rows]
    ladders = [entry["qualities"] for entry in measured.values()]
    return {
        "targets": {bpp: target_figures(rows) for bpp, rows in targets.items()},
        "qualities": {
            "increments": sum(len(rows) - 1 for rows in ladders),
            **{
                key: {"violations": len(drops), "largest": max(drops, default=0.0)}
                for key in ("bytes", "ssim")
                for drops in [falls(ladders, key)]
            },
        },
    }


def target_figures(rows: list[Measurements]) -> Measurements:
    deviations = [row["deviation"] for row in rows]
    return {
        "lowest": min(deviations),
        "highest": max(deviations),
        "within": sum(-SLACK <= deviation <= 0 for deviation in deviations) / len(rows),
        "passes": statistics.mean(row["passes"] for row in rows),
        "passes_most": max(row["passes"] for row in rows),
        "times": statistics.median(row["times"] for row in rows),
        "times_most": max(row["times"] for row in rows),
    }


def run(images: Path, options: dict[str, Any], jobs: int, every: int = EVERY) -> dict[str, Any]:
    qualities = range(1, 101, every)
    return figures(
        each_picture(measure_picture, images, jobs, qualities, {"threads": 1, **options})
    )


def report(results: dict[str, Any]) -> str:
    rows = [
        [
            bpp,
            f"{row['lowest']:+.2f}",
            f"{row['highest']:+.2f}",
            f"{100 * row['within']:.0f}",
            f"{row['passes']:.1f} ({row['passes_most']:.0f})",
            f"{row['times']:.1f} ({row['times_most']:.1f})",
        ]
        for bpp, row in results["targets"].items()
    ]
    head = ["bpp", "lowest, %", "highest, %", f"-{SLACK:g} to 0 %, % of streams"]
    quality = results["qualities"]
    length, similarity = quality["bytes"], quality["ssim"]
    return "\n\n".join(
        [
            "**Deviation from the requested bytes** (in brackets: the largest)",
            markdown([*head, "passes", "time in single encodes"], rows),
            f"Of {quality['increments']} increments of quality, {length['violations']} make the"
            f" stream shorter (by at most {100 * length['largest']:.2f} %) and"
            f" {similarity['violations']} lower its SSIM (by at most {similarity['largest']:.5f}).",
        ]
    )


def summary(results: dict[str, Any]) -> list[list[str]]:
    """Return lines of all.py's first table."""
    row, quality = results["targets"]["all"], results["qualities"]
    violations = [str(quality[key]["violations"]) for key in ("bytes", "ssim")]
    return [
        [
            "deviation from the requested bytes, %",
            f"{row['lowest']:+.2f} to {row['highest']:+.2f}",
            f"in {row['passes']:.1f} passes, {row['times']:.1f} times one encode's time",
        ],
        [
            f"increments of quality that lower bytes / SSIM, of {quality['increments']}",
            " / ".join(violations),
            "",
        ],
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_run_arguments(parser)
    parser.add_argument("--all", action="store_true", help="measure every quality, not every third")
    parser.add_argument(
        "--out", type=Path, default=Path("results/target.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    every = 1 if arguments.all else EVERY
    results = run(arguments.images, dict(arguments.option), arguments.jobs, every)
    print(report(results))
    write_json(arguments.out, results)


if __name__ == "__main__":
    main()
