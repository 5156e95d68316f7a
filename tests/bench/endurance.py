"""Does a decoder that runs for long stay as it was: memory, pictures, and what a picture takes.

    python tests/bench/service.py [--pictures 1000] [--threads 8] --images FOLDER

One Decoder with fill="net" is shared by threads that decode streams of several sizes in turn; each
picture is compared with what the same decoder gave at first. Memory is the process's resident set,
read after every hundredth picture.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from arguments import pictures

import ablc

SIZES = ((128, 192), (256, 256), (200, 300), (512, 768))  # height, width
EVERY = 100  # pictures between two readings
WARM = 100  # pictures until memory counts


def resident() -> float:
    """Resident set of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=8)
    arguments = parser.parse_args()
    whole = list(pictures(arguments.images).values())
    streams = [
        ablc.encode(whole[i % len(whole)][:height, :width], quality=30)
        for i, (height, width) in enumerate(SIZES * 3)
    ]
    wrong = 0
    with ablc.Decoder(fill="net") as decoder, ThreadPoolExecutor(arguments.threads) as pool:
        expected = [decoder.decode(data) for data in streams]
        print("| pictures | MiB | pictures/s |\n|---:|---:|---:|")
        print(f"| {len(streams)} | {resident():.0f} | |")
        readings = []
        for start in range(0, arguments.pictures, EVERY):
            turn = [i % len(streams) for i in range(start, start + EVERY)]
            begun = time.perf_counter()
            decoded = pool.map(decoder.decode, [streams[i] for i in turn])
            for i, picture in zip(turn, decoded, strict=True):
                wrong += not np.array_equal(picture, expected[i])
            seconds = time.perf_counter() - begun
            readings.append((start + EVERY, resident()))
            print(
                f"| {start + EVERY} | {readings[-1][1]:.0f} | {EVERY / seconds:.1f} |", flush=True
            )
    settled = [mib for count, mib in readings if count >= WARM]
    print(f"\n{wrong} wrong pictures; memory grew by {settled[-1] - settled[0]:.0f} MiB", end=" ")
    print(f"after the first {WARM}.")


if __name__ == "__main__":
    main()
