"""Batches on a Ray cluster of three nodes on this machine, one of which is lost in the middle.

    python ray_cluster.py PHOTOS ENCODED DECODED REPORT --lose N [--finder NAME]

encodes the pictures, removes a busy node when N of them have ended, decodes on the other, which
nominally has a GPU, and decodes again with Ray Data, to DECODED/data. It writes a JSON object to
the file REPORT, because Ray prints to standard output. It runs in a process of its own, because Ray
leaves threads, signal handlers and open files behind.
"""

import argparse
import json
import logging
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import ray
import ray.data
from ray._private.state import actors
from ray.cluster_utils import Cluster

from ablc import Roi
from ablc.batch import ray_engine, running
from ablc.batch.job import Batch
from ablc.batch.manifest import Entry
from ablc.batch.storage import StorageFolder
from ablc.batch.work import Decoding, Encoding
from ablc.settings import DecodeSettings, EncodeSettings

STORE = 80 << 20  # bytes of shared memory for each node


class Saboteur:
    """Removes a busy node when a number of files have ended."""

    def __init__(self, cluster: Cluster, after: int) -> None:
        self._cluster = cluster
        self._after = after
        self.ended: list[str] = []
        self.lost = 0

    def begin(self, pending: int) -> None:
        """Do nothing."""

    def advance(self, entry: Entry) -> None:
        self.ended.append(entry.source)
        if len(self.ended) == self._after:
            self._cluster.remove_node(self._at_work(), allow_graceful=False)
            self.lost += 1

    def _at_work(self) -> Any:
        """Return a node that runs an actor, except the one that this program is connected to."""
        here = ray.get_runtime_context().get_node_id()
        while True:
            at_work = {
                actor["Address"]["NodeID"]
                for actor in actors().values()
                if actor["State"] == "ALIVE"
                and ray_engine.Actor.__name__ in actor["ActorClassName"]
            }
            for node in self._cluster.worker_nodes:
                if node.node_id in at_work and node.node_id != here:
                    return node
            time.sleep(0.1)  # it has not begun yet


def start() -> Cluster:
    """Start a head without cores, and two nodes with one core and, nominally, one GPU."""
    head = {"num_cpus": 0, "object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    for _ in range(2):
        cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=STORE)
    ray.init(address=cluster.address, log_to_driver=False, logging_level=logging.ERROR)
    return cluster


def stop(cluster: Cluster) -> None:
    """End the nodes; a program that is connected to one cannot do so."""
    ray.shutdown()
    cluster.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs=3)
    parser.add_argument("report", type=Path)
    parser.add_argument("--lose", type=int, required=True)
    parser.add_argument("--finder")
    asked = parser.parse_args()
    photos, coded, decoded = map(StorageFolder, asked.folders)
    cluster = start()
    regions = (Roi(asked.finder),) if asked.finder else ()
    encoding = Encoding(settings=EncodeSettings(quality=30), regions=regions)
    saboteur = Saboteur(cluster, asked.lose)
    first = running.run(Batch(photos, coded, encoding), ray_engine.run, saboteur)
    decoding = Decoding(settings=DecodeSettings(fill="classical"))
    on_gpu = partial(ray_engine.run, gpus=1)
    idle = Saboteur(cluster, after=1 << 30)
    second = running.run(Batch(coded, decoded, decoding), on_gpu, idle)
    batch = Batch(coded, StorageFolder(decoded.full("data")), decoding)
    jobs = [{"source": file.source, "target": f"{file.path}.png"} for file in coded.files("0/*")]
    rows = ray_engine.mapped(ray.data.from_items(jobs), batch, concurrency=1).take_all()
    report = {
        "rows": rows,
        "coded": asdict(first),
        "ended": saboteur.ended,
        "lost": saboteur.lost,
        "decoded": asdict(second),
    }
    asked.report.write_text(json.dumps(report))
    stop(cluster)


if __name__ == "__main__":
    main()
