"""Thousands of damaged uploads: what the service answers, and whether it stays as it was.

    PYTHONPATH=tests:tests/service python tests/bench/hostile.py [--uploads 10000] [--seed 1]

Mutants of streams (the golden ones among them) and of pictures in every format that is read go to
/transcode, eight at a time. Each has to get 200, 413, 415 or 422. One upload that is not damaged
goes with every hundred and has to come back the same.
"""

from __future__ import annotations

import argparse
import collections
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from load import resident
from test_refusals import GOLDEN, mutant, small_pictures

import ablc
from scenes import scene
from serving import OCTETS, STREAM, serving

ALLOWED = {200, 413, 415, 422}
EVERY = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    photo = scene(150, 220)
    good = ablc.encode(photo)
    files = [(STREAM, path.read_bytes()) for path in sorted(GOLDEN.iterdir())]
    files += small_pictures(photo) * 3
    counts: collections.Counter[tuple[str, int]] = collections.Counter()
    with serving(max_pixels=1_000_000) as service, ThreadPoolExecutor(8) as pool:
        expected = service.post("/decode?format=raw", good).body

        def post(number: int) -> tuple[str, int]:
            if number % EVERY == 0 and service.post("/decode?format=raw", good).body != expected:
                return "undamaged", 0
            kind, data = files[number % len(files)]
            rng = np.random.default_rng([arguments.seed, number])
            target = "/transcode?effort=1" if kind == OCTETS else "/transcode?format=png&effort=1"
            return kind, service.post(target, mutant(data, rng), kind).status

        print(f"memory at the start: {resident(service.process.pid):.0f} MiB")
        for found in pool.map(post, range(arguments.uploads)):
            counts[found] += 1
        print(f"memory at the end: {resident(service.process.pid):.0f} MiB")
        faults = [line for line in service.lines if line["level"] == "error"]
    for (kind, status), count in sorted(counts.items()):
        print(f"{kind:30} {status} {count:6}")
    wrong = sum(count for (_, status), count in counts.items() if status not in ALLOWED)
    print(
        f"{sum(counts.values())} uploads, {wrong} with another answer, {len(faults)} faults logged"
    )
    for fault in faults[:3]:
        print(fault["trace"])


if __name__ == "__main__":
    main()
