"""Image.open and load of .ablc and WebP files through Pillow.

    python tests/bench/pillow.py [--images FOLDER] [--rounds 25] [--bpp 0.5] [--once]

Files are in memory, four Kodak pictures, each codec at the rate nearest to --bpp (WebP with method
6), ablc with the classical fill. Cases take turns within a round, so that all see the same state of
the machine; the first round warms up and is not counted. Waiting time is wall-clock time, work is
CPU time of the process with all its threads, both in milliseconds per picture: the median of the
rounds, the best in brackets. The ratio is that of the waiting times within a round, the median of
the rounds, with the ratio of the best times in brackets.

Pillow's WebP uses one thread, ablc two by default: one reads ahead, the other reconstructs, which
helps if a second core is free. Memory that the C library returns to the system after each picture
has to be mapped again for the next, which can cost WebP as much time as decoding. So everything is
measured twice, each time in a process of its own: with Python's defaults, and with settings of
glibc that keep the memory. --once measures in the environment as it is.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from arguments import add_pictures_argument, pictures
from PIL import Image
from printing import markdown, write_json
from speed import SPEED_PICTURES, quality_near

import ablc.pillow
from ablc.peers.ablc_codec import ablc_codec
from ablc.peers.libraries import peer

THUMBNAIL = (48, 48)  # pixels; small enough for a preview to suffice
KEEPING = {  # variables of glibc's malloc
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
}

TITLES = {
    "default": "Python's defaults",
    "kept": "freed memory is kept",
    "once": "the environment as it is",
}

Case = Callable[[bytes], object]


def load(data: bytes) -> object:
    with Image.open(io.BytesIO(data)) as image:
        return image.load()


def thumbnail(data: bytes) -> object:
    with Image.open(io.BytesIO(data)) as image:
        return image.thumbnail(THUMBNAIL)


def with_threads(threads: int | None, work: Case) -> Case:
    def case(data: bytes) -> object:
        ablc.pillow.register(fill="classical", threads=threads)
        return work(data)

    return case


def streams(images: Path, bpp: float) -> tuple[list[bytes], list[bytes]]:
    """Return the files of ablc and of WebP, picture by picture."""
    everything = pictures(images)
    shown = [everything[name] for name in SPEED_PICTURES]
    own, webp = (
        [codec.encode(picture, quality_near(codec, [picture], bpp)) for picture in shown]
        for codec in (ablc_codec(), peer("WebP m6"))
    )
    return own, webp


def measure(work: Case, files: Sequence[bytes]) -> tuple[float, float]:
    """Return waiting time and work, milliseconds per picture."""
    clock, cpu = time.perf_counter(), time.process_time()
    for data in files:
        work(data)
    clock, cpu = time.perf_counter() - clock, time.process_time() - cpu
    return 1e3 * clock / len(files), 1e3 * cpu / len(files)


def run(images: Path, bpp: float, rounds: int) -> list[dict[str, Any]]:
    own, webp = streams(images, bpp)
    cases: dict[str, tuple[Case, list[bytes]]] = {
        "WebP": (load, webp),
        "ablc": (with_threads(None, load), own),
        "ablc, one thread": (with_threads(1, load), own),
        f"WebP, thumbnail {THUMBNAIL[0]}": (thumbnail, webp),
        f"ablc, thumbnail {THUMBNAIL[0]}": (with_threads(1, thumbnail), own),
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in cases}
    for turn in range(rounds + 1):
        for name, (work, files) in cases.items():
            figures = measure(work, files)
            if turn > 0:
                times[name].append(figures)
    return [
        {
            "case": name,
            "bytes": sum(len(data) for data in cases[name][1]),
            "wait": [wait for wait, _ in taken],
            "cpu": [cpu for _, cpu in taken],
        }
        for name, taken in times.items()
    ]


def both(images: Path, bpp: float, rounds: int) -> dict[str, list[dict[str, Any]]]:
    """Return the entries with Python's defaults, and with memory kept."""
    by_environment: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        options = ["--images", str(images), "--bpp", str(bpp), "--rounds", str(rounds)]
        command = [sys.executable, __file__, "--once", *options, "--out", str(out)]
        for name, environment in (("default", {}), ("kept", KEEPING)):
            subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
            by_environment[name] = json.loads(out.read_text())["once"]
    return by_environment


def report(results: dict[str, list[dict[str, Any]]]) -> str:
    return "\n\n".join(
        f"**Image.open and load, {TITLES[name]}**\n\n{table(entries)}"
        for name, entries in results.items()
    )


def table(entries: list[dict[str, Any]]) -> str:
    webp = entries[0]["wait"]
    rows = []
    for entry in entries:
        ratios = [wait / other for wait, other in zip(entry["wait"], webp, strict=True)]
        times = [
            f"{statistics.median(entry[key]):.2f} ({min(entry[key]):.2f})"
            for key in ("wait", "cpu")
        ]
        best = min(entry["wait"]) / min(webp)
        rows.append([entry["case"], f"{entry['bytes']:,}", *times])
        rows[-1].append(f"{statistics.median(ratios):.2f} ({best:.2f})")
    return markdown(["open and load", "bytes", "waiting, ms", "work, ms", "waiting / WebP's"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--bpp", type=float, default=0.5)
    parser.add_argument("--once", action="store_true", help="measure in this environment")
    parser.add_argument(
        "--out", type=Path, default=Path("results/pillow.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    choices = arguments.images, arguments.bpp, arguments.rounds
    results = {"once": run(*choices)} if arguments.once else both(*choices)
    print(report(results))
    write_json(arguments.out, results)


if __name__ == "__main__":
    main()
