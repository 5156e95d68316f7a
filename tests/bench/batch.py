"""A batch of small pictures whose workers are killed, or whose Ray node is lost, in the middle.

    python tests/bench/batch.py [--files 1000] [--side 256] [--engine local|ray]

Pictures are made up. local: two processes; every hundred files one of them is killed (SIGKILL).
ray: a cluster of three nodes on this machine, two of them with a core to work on; one of those is
killed when half of the files have ended. Afterwards every source must have one line in the
manifest, and every line that says "done" a stream that is what ablc.encode gives.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from printing import markdown

import ablc
from ablc import pictures
from ablc.batch import local_engine, running
from ablc.batch.job import Batch
from ablc.batch.manifest import NAME, Entry
from ablc.batch.storage import StorageFolder
from ablc.batch.work import Encoding

sys.path.append(str(Path(__file__).parents[1]))

from scenes import scene

PROCESSES = 2
KINDS = 20  # different pictures


class Killer:
    """Kills a worker process every so many files."""

    def __init__(self, every: int) -> None:
        self._every = every
        self.ended: list[str] = []
        self.lost = 0

    def begin(self, pending: int) -> None:
        """Nothing to kill yet."""

    def advance(self, entry: Entry) -> None:
        self.ended.append(entry.source)
        if len(self.ended) % self._every == 0 and (children := multiprocessing.active_children()):
            children[0].kill()
            self.lost += 1


def run(engine: str, batch: Batch, files: int) -> tuple[running.Summary, int]:
    """The summary, and how many workers or nodes were lost."""
    if engine == "local":
        killer = Killer(100)
        local = partial(local_engine.run, processes=PROCESSES)
        return running.run(batch, local, killer), killer.lost
    import ray_cluster
    from ablc.batch import ray_engine

    cluster = ray_cluster.start()
    saboteur = ray_cluster.Saboteur(cluster, files // 2)
    summary = running.run(batch, ray_engine.run, saboteur)
    ray_cluster.stop(cluster)
    return summary, saboteur.lost


def check(source: Path, target: Path) -> Counter[str]:
    """Numbers of what came out."""
    lines = [json.loads(line) for line in (target / NAME).read_text().splitlines()]
    assert len({line["source"] for line in lines}) == len(lines) == len(list(source.iterdir()))
    found: Counter[str] = Counter(line["status"] for line in lines)
    expected: dict[bytes, bytes] = {}
    for line in lines:
        if line["status"] == "done":
            data = Path(line["source"]).read_bytes()
            if data not in expected:
                expected[data] = ablc.encode(pictures.parse(data).pixels, threads=1)
            found["right"] += (target / line["target"]).read_bytes() == expected[data]
    found["files"] = len(list(target.glob("*.ablc")))
    return found


def figures(engine: str, files: int, side: int) -> dict[str, Any]:
    """What became of the files, and how long it took."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "photos"), Path(folder, "coded")
        source.mkdir()
        kinds = [scene(side, side, seed=seed) for seed in range(KINDS)]
        for number in range(files):
            Image.fromarray(kinds[number % KINDS]).save(source / f"{number:05}.png")
        begun = time.perf_counter()
        for kind in kinds:
            ablc.encode(kind, threads=1)
        bare = (time.perf_counter() - begun) / KINDS
        batch = Batch(StorageFolder(str(source)), StorageFolder(str(target)), Encoding())
        summary, lost = run(engine, batch, files)
        found = check(source, target)
    return {
        "engine": engine,
        "files": files,
        "lost": lost,
        "done": found["done"],
        "failed": found["failed"],
        "right": found["right"],
        "seconds": summary.seconds,
        "bare": bare * files / PROCESSES,
    }


def report(entries: list[dict[str, Any]]) -> str:
    head = "**Batches: every file has one line in the manifest**"
    columns = ["engine", "files", "workers or nodes lost", "done", "failed", "right streams"]
    columns += ["seconds", "the encodes alone, on two cores"]
    rows = [
        [
            one["engine"],
            *(str(one[key]) for key in ("files", "lost", "done", "failed", "right")),
            *(f"{one[key]:.1f}" for key in ("seconds", "bare")),
        ]
        for one in entries
    ]
    return f"{head}\n\n{markdown(columns, rows)}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--side", type=int, default=256, help="pixels")
    parser.add_argument("--engine", choices=["local", "ray"], default="local")
    asked = parser.parse_args()
    print(report([figures(asked.engine, asked.files, asked.side)]))


if __name__ == "__main__":
    main()
