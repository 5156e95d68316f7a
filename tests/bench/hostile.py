"""Thousands of damaged uploads: the service's responses, its faults and its memory.

    PYTHONPATH=tests python tests/bench/hostile.py [--uploads 10000] [--seed 1]

Mutants of streams (among them the golden files) and of pictures in every format that is read are
sent to /transcode, eight at a time. Each has to get 200, 413, 415 or 422. One intact upload goes
with every hundred; its response has to stay the same.
"""

from __future__ import annotations

import argparse
import collections
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from load import resident
from printing import markdown

import ablc
from scenes import scene
from serving import OCTETS, STREAM, serving

sys.path.append(str(Path(__file__).parents[1] / "service"))

from test_refusals import GOLDEN, mutant, small_pictures

ALLOWED = {200, 413, 415, 422}
EVERY = 100


def run(uploads: int, seed: int) -> dict[str, Any]:
    """Return counts of responses, the faults in the log, and the service's memory in MiB."""
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
            rng = np.random.default_rng([seed, number])
            target = "/transcode?effort=1" if kind == OCTETS else "/transcode?format=png&effort=1"
            return kind, service.post(target, mutant(data, rng), kind).status

        before = resident(service.process.pid)
        for kind_and_status in pool.map(post, range(uploads)):
            counts[kind_and_status] += 1
        after = resident(service.process.pid)
        faults = [line["trace"] for line in service.lines if line["level"] == "error"]
    answers = [[kind, status, count] for (kind, status), count in sorted(counts.items())]
    return {"answers": answers, "faults": faults, "memory": [before, after]}


def report(result: dict[str, Any]) -> str:
    """Return a table with a row for each kind of upload."""
    statuses = sorted({status for _, status, _ in result["answers"]} | ALLOWED)
    kinds = sorted({kind for kind, _, _ in result["answers"]})
    counts = {(kind, status): count for kind, status, count in result["answers"]}
    rows = [[kind, *(str(counts.get((kind, status), 0)) for status in statuses)] for kind in kinds]
    uploads = sum(counts.values())
    wrong = sum(count for (_, status), count in counts.items() if status not in ALLOWED)
    head = (
        f"**{uploads} damaged uploads**: {wrong} with a status other than {sorted(ALLOWED)}, "
        f"{len(result['faults'])} faults in the log, memory "
        f"{result['memory'][0]:.0f} MiB before and {result['memory'][1]:.0f} MiB after"
    )
    table = markdown(["declared as", *(str(status) for status in statuses)], rows)
    return "\n\n".join([head, table, *result["faults"][:3]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--uploads", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print(report(run(arguments.uploads, arguments.seed)))


if __name__ == "__main__":
    main()
