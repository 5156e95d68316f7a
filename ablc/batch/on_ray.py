"""The Ray engine: jobs mapped over a cluster with Ray Data, by actors that survive their files.

An actor works on its jobs in a process of its own. A file that kills that process is an outcome
like any other; were it the actor, Ray would start it anew for ever. What Ray does make good is the
loss of an actor with its machine: its jobs are done again elsewhere, which leaves the same files.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from itertools import islice
from typing import Any

import ray
import ray.data

from ablc.batch.job import Batch, Job, Outcome, Stopped
from ablc.batch.processes import Process

AHEAD = 10_000  # jobs that Ray holds at a time
IN_FLIGHT = 2  # of them at each actor

Row = dict[str, Any]


class Actor:
    """The function from a job to its outcome, for ray.data.Dataset.map; both are rows."""

    def __init__(self, batch: Batch) -> None:
        self._process = Process(batch)

    def __call__(self, row: Row) -> Row:
        """The outcome of a job."""
        return asdict(self._process.run(Job(**row)))


def run(
    batch: Batch, jobs: Iterator[Job], stopped: Stopped, *, actors: int | None = None, gpus: int = 0
) -> Iterator[Outcome]:
    """The outcome of every job, as they end.

    actors: at most so many; default one per core of the cluster. gpus: one on each of so many GPUs
    instead. Raises ValueError if the cluster has fewer GPUs.
    """
    if not ray.is_initialized():
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    ray.data.DataContext.get_current().enable_progress_bars = False
    there = ray.cluster_resources()
    if gpus > there.get("GPU", 0):
        raise ValueError(f"the cluster has {there.get('GPU', 0):g} GPUs, not {gpus}")
    most = gpus or actors or max(int(there.get("CPU", 1)), 1)
    while rows := [asdict(job) for job in islice(jobs, AHEAD)]:
        # One row a block: what is lost with a machine, and done again, is one file an actor.
        ended = ray.data.from_items(rows, override_num_blocks=len(rows)).map(
            Actor,
            fn_constructor_args=(batch,),
            compute=ray.data.ActorPoolStrategy(
                min_size=1, max_size=most, max_tasks_in_flight_per_actor=IN_FLIGHT
            ),
            num_cpus=1,
            num_gpus=1 if gpus else None,
        )
        for row in ended.iter_rows():
            yield Outcome(**{**row, "notes": tuple(row["notes"])})
            if stopped():
                return
