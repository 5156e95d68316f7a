"""Time and peak memory of decoding a window of a large picture, and the whole picture.

    python tests/bench/region.py [--images FOLDER] [--side 8192] [--rounds 7]

Kodak pictures are tiled into one of side x side pixels (memory.py), which is encoded with default
settings at quality 40. Windows are of 512x512 pixels, the side of a tile: one is exactly a tile,
whose filters need a margin of its eight neighbours; the other lies across four tiles in the middle.
One thread; the three decodes take turns within a round, and the first round is not counted; wall
clock, median of the rounds. Memory is measured as in memory.py, but includes the returned pixels.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from arguments import add_option_argument, add_pictures_argument
from memory import in_own_process, resident, tiled
from printing import markdown, write_json

import ablc

QUALITY = 40
WINDOW = 512  # pixels, as the tiles of large pictures
Region = tuple[int, int, int, int] | None


def regions(side: int) -> dict[str, Region]:
    middle = side // 2
    aligned = middle // WINDOW * WINDOW
    return {
        "whole picture": None,
        "window, aligned": (aligned, aligned, WINDOW, WINDOW),
        "window, unaligned": (middle - WINDOW // 2 + 13, middle - WINDOW // 2 - 7, WINDOW, WINDOW),
    }


def encode_once(images: Path, side: int, stream: Path, options: dict[str, Any]) -> dict[str, float]:
    data = ablc.encode(tiled(images, side), quality=QUALITY, **options)
    stream.write_bytes(data)
    return {"bpp": 8 * len(data) / side**2}


def decode_seconds(data: bytes, region: Region, side: int) -> float:
    start = time.perf_counter()
    ablc.decode(data, fill="classical", region=region, threads=1, max_pixels=side**2)
    return time.perf_counter() - start


def decode_once(stream: Path, region: Region, side: int) -> dict[str, float]:
    data = stream.read_bytes()
    before = resident("VmRSS")
    pixels = ablc.decode(data, fill="classical", region=region, threads=1, max_pixels=side**2)
    return {"bytes": resident("VmHWM") - before, "returned": pixels.nbytes}


def run(images: Path, side: int, rounds: int, options: dict[str, Any]) -> dict[str, Any]:
    """Return seconds and bytes of memory, by the part that is decoded."""
    places = regions(side)
    with tempfile.TemporaryDirectory() as folder:
        stream = Path(folder) / "picture.ablc"
        coded = in_own_process(encode_once, images, side, stream, options)
        memory = {
            name: in_own_process(decode_once, stream, region, side)
            for name, region in places.items()
        }
        data = stream.read_bytes()
    seconds: dict[str, list[float]] = {name: [] for name in places}
    for turn in range(rounds + 1):
        for name, region in places.items():
            taken = decode_seconds(data, region, side)
            if turn:
                seconds[name].append(taken)
    return {
        "side": side,
        **coded,
        "decodes": {
            name: {"seconds": statistics.median(seconds[name]), **memory[name]} for name in places
        },
    }


def report(results: dict[str, Any]) -> str:
    decodes = results["decodes"]
    whole = next(iter(decodes.values()))
    rows = [
        [
            name,
            f"{entry['seconds']:.4f}",
            f"{100 * entry['seconds'] / whole['seconds']:.2f}",
            f"{entry['bytes'] / 1e6:.1f}",
            f"{entry['returned'] / 1e6:.1f}",
        ]
        for name, entry in decodes.items()
    ]
    side = results["side"]
    head = f"**Window of {WINDOW}x{WINDOW} of {side}x{side} pixels, {results['bpp']:.2f} bpp**"
    return f"{head}\n\n" + markdown(
        ["decoded", "seconds", "% of the whole", "peak memory, MB", "returned pixels, MB"], rows
    )


def summary(results: dict[str, Any]) -> list[list[str]]:
    """Return lines of all.py's first table."""
    whole, *windows = results["decodes"].values()
    side = results["side"]
    return [
        [
            f"window of {WINDOW}x{WINDOW} of {side}x{side}: {what}, % of the whole",
            " / ".join(f"{100 * window[key] / whole[key]:.1f}" for window in windows),
            "aligned / unaligned",
        ]
        for key, what in (("seconds", "time"), ("bytes", "peak memory"))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_pictures_argument(parser)
    parser.add_argument("--side", type=int, default=8192, help="pixels (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=7)
    add_option_argument(parser)
    parser.add_argument(
        "--out", type=Path, default=Path("results/region.json"), help="default: %(default)s"
    )
    arguments = parser.parse_args()
    results = run(arguments.images, arguments.side, arguments.rounds, dict(arguments.option))
    print(report(results))
    write_json(arguments.out, results)


if __name__ == "__main__":
    main()
