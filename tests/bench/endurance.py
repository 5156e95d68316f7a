"""Memory, correctness and speed of a decoder that runs for a long time.

    python tests/bench/endurance.py [--pictures 1000] [--threads 8] --images FOLDER

Threads share one Decoder with fill="net" and decode streams of several sizes in turn; each picture
is compared with the first one that the same decoder made of its stream. Memory is the process's
resident set, read after every hundredth picture.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from arguments import pictures

import ablc

SHAPES = ((128, 192), (256, 256), (200, 300), (512, 768))  # height, width
EVERY = 100  # pictures between two readings
WARM = 100  # pictures before memory is compared


def resident() -> float:
    """Return the resident set of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=8)
    arguments = parser.parse_args()
    originals = list(pictures(arguments.images).values())
    streams = [
        ablc.encode(originals[i % len(originals)][:height, :width], quality=30)
        for i, (height, width) in enumerate(SHAPES * 3)
    ]
    wrong = 0
    with ablc.Decoder(fill="net") as decoder, ThreadPoolExecutor(arguments.threads) as pool:
        expected = [decoder.decode(data) for data in streams]
        print("| pictures | MiB | pictures/s |\n|---:|---:|---:|")
        print(f"| {len(streams)} | {resident():.0f} | |")
        readings = []
        for start in range(0, arguments.pictures, EVERY):
            order = [i % len(streams) for i in range(start, start + EVERY)]
            began = time.perf_counter()
            decoded = pool.map(decoder.decode, [streams[i] for i in order])
            for i, picture in zip(order, decoded, strict=True):
                wrong += not np.array_equal(picture, expected[i])
            seconds = time.perf_counter() - began
            readings.append((start + EVERY, resident()))
            print(
                f"| {start + EVERY} | {readings[-1][1]:.0f} | {EVERY / seconds:.1f} |", flush=True
            )
    settled = [mib for count, mib in readings if count >= WARM]
    print(f"\n{wrong} wrong pictures; memory grew by {settled[-1] - settled[0]:.0f} MiB", end=" ")
    print(f"after the first {WARM}.")


if __name__ == "__main__":
    main()
