"""Peak memory of encoding and decoding 100 megapixels, in bytes per pixel beyond the picture.

    python tests/bench/memory.py [--images FOLDER] [--side 10000] [--threads 1]

Kodak pictures are tiled into one of side x side pixels. Encoding and decoding run in a process of
their own. The figure is the difference between its peak resident set and the resident set just
before the call, when interpreter, libraries and input are in memory. The picture is not included:
the encoder's exists before the call, and the decoder's, 3 bytes per pixel, is subtracted. Linux
only: the sets are read from /proc, since the peak of getrusage includes that of the parent.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from arguments import add_option_argument, add_pictures_argument, load, picture_paths
from printing import markdown, write_json

import ablc
from ablc.arrays import Pixels


def resident(which: str) -> int:
    """Return the resident set of this process in bytes: now ("VmRSS") or its peak ("VmHWM")."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{which}:"))
    return int(line.split()[1]) * 1024


def tiled(images: Path, side: int) -> Pixels:
    """Return the pictures of a folder, all in landscape format, tiled over side x side pixels.

    Only one of them is in memory beside the whole, so that little memory is free afterwards.
    """
    paths = picture_paths(images)
    height, width = sorted(load(paths[0]).shape[:2])
    whole = np.empty((side, side, 3), np.uint8)
    places = [(top, left) for top in range(0, side, height) for left in range(0, side, width)]
    for index, path in enumerate(paths):
        picture = load(path)
        tile = picture if picture.shape[0] <= picture.shape[1] else np.rot90(picture)
        for top, left in places[index :: len(paths)]:
            room = whole[top : top + height, left : left + width]
            room[:] = tile[: room.shape[0], : room.shape[1]]
    return whole


def encode_once(images: Path, side: int, stream: Path, options: dict[str, Any]) -> dict[str, float]:
    picture = tiled(images, side)
    before, start = resident("VmRSS"), time.perf_counter()
    data = ablc.encode(picture, **options)
    seconds, rise = time.perf_counter() - start, resident("VmHWM") - before
    stream.write_bytes(data)
    return {"bytes_per_pixel": rise / side**2, "seconds": seconds, "bpp": 8 * len(data) / side**2}


def decode_once(side: int, stream: Path, threads: int) -> dict[str, float]:
    data = stream.read_bytes()
    before, start = resident("VmRSS"), time.perf_counter()
    picture = ablc.decode(data, fill="classical", threads=threads, max_pixels=side**2)
    seconds, rise = time.perf_counter() - start, resident("VmHWM") - before
    return {"bytes_per_pixel": (rise - picture.nbytes) / side**2, "seconds": seconds}


def run(images: Path, side: int, options: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the figures of "encode" and "decode"."""
    with tempfile.TemporaryDirectory() as folder:
        stream = Path(folder) / "picture.ablc"
        return {
            "encode": in_own_process(encode_once, images, side, stream, options),
            "decode": in_own_process(decode_once, side, stream, options["threads"]),
        }


def in_own_process(work: Callable[..., dict[str, float]], *arguments: Any) -> dict[str, float]:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def report(figures: dict[str, dict[str, float]], side: int) -> str:
    rows = [
        [
            f"{way}, {figures['encode']['bpp']:.2f} bpp",
            f"{entry['bytes_per_pixel']:.2f}",
            f"{entry['seconds']:.1f}",
        ]
        for way, entry in figures.items()
    ]
    head = f"**Peak memory beyond the picture itself, {side * side / 1e6:.0f} megapixels**"
    return f"{head}\n\n" + markdown(["", "bytes per pixel", "seconds"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument("--side", type=int, default=10000, help="pixels (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1)
    add_option_argument(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/memory.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    figures = run(
        arguments.images, arguments.side, {"threads": arguments.threads, **dict(arguments.option)}
    )
    print(report(figures, arguments.side))
    write_json(arguments.out, figures)


if __name__ == "__main__":
    main()
