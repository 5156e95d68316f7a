"""The Ray engine: actors on the machines of a cluster, any of which may be lost.

An actor works on its jobs in a process of its own, so that a file which kills that process is an
outcome like any other. An actor that is lost with its machine is replaced as soon as the cluster
has room, and its job is done by the next one that is free; doing a job twice leaves the same file.

Ray Data is not what the engine stands on: there the rows of a lost actor wait until that very actor
has room again, on a full cluster until all others have nothing left to do. mapped() is the same
function for a pipeline of one's own.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import ray
from ray.exceptions import RayActorError

from ablc.batch.job import DIED, Batch, Job, Outcome
from ablc.batch.local_engine import Process
from ablc.processes import ATTEMPTS

STILLBORN = 3  # actors in a row that end before they are ready: something is wrong with all

Row = dict[str, Any]


class Actor:
    """Works on one job after another, wherever Ray puts it."""

    def __init__(self, batch: Batch) -> None:
        self._process = Process(batch)

    def ready(self) -> None:
        """Returns when the actor has a place."""

    def run(self, job: Job) -> Outcome:
        """The outcome of a job."""
        return self._process.run(job)

    def __call__(self, row: Row) -> Row:
        """The same for rows with the fields of Job and Outcome, as Ray Data has them."""
        return asdict(self.run(Job(**row)))


def run(
    batch: Batch, jobs: Iterator[Job], *, actors: int | None = None, gpus: int = 0
) -> Iterator[Outcome]:
    """The outcome of every job, as they end. Jobs are taken as actors become free.

    actors: as many as the cluster has room for, at most so many; default one per core. gpus: one on
    each of so many GPUs instead. Raises ValueError if the cluster has fewer GPUs,
    ConnectionError if there is no cluster, or no actor can begin, as where ablc is not installed.
    """
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    there = ray.cluster_resources()
    if gpus > there.get("GPU", 0):
        raise ValueError(f"the cluster has {there.get('GPU', 0):g} GPUs, not {gpus}")
    crew = _Crew(batch, jobs, gpus=bool(gpus))
    try:
        yield from crew.work(gpus or actors or max(int(there.get("CPU", 1)), 1))
    finally:
        crew.dismiss()


def mapped(rows: Any, batch: Batch, **options: Any) -> Any:
    """The dataset of outcomes of a dataset of jobs (Ray Data); both have the fields as columns.

    rows: source, a name in full, and target, a path below the folder of the batch's results.
    options: those of ray.data.Dataset.map, such as concurrency, num_cpus and num_gpus.
    """
    return rows.map(Actor, fn_constructor_args=(batch,), **options)


class _Crew:
    """The actors, and what each of them does."""

    def __init__(self, batch: Batch, jobs: Iterator[Job], *, gpus: bool) -> None:
        self._remote: Any = ray.remote(num_cpus=1, num_gpus=1 if gpus else 0)(Actor)
        self._batch = batch
        self._jobs = jobs
        self._ended = False  # no jobs are left to begin
        self._again: deque[Job] = deque()  # whose actors were lost
        self._lost: Counter[str] = Counter()  # by source, how often
        self._busy: dict[Any, tuple[Any, Job | None]] = {}  # by promise; without job: begins
        self._stillborn = 0  # since one was ready

    def work(self, most: int) -> Iterator[Outcome]:
        """The outcome of every job."""
        for _ in range(most):
            self._begin()
        while not self._ended or self._again or any(job for _, job in self._busy.values()):
            (promise,), _ = ray.wait(list(self._busy), num_returns=1)
            actor, job = self._busy.pop(promise)
            try:
                outcome = ray.get(promise)
            except RayActorError as error:
                outcome = self._replace(job, error)
            else:
                self._stillborn = 0
                self._give(actor)
            if outcome is not None:
                yield outcome

    def dismiss(self) -> None:
        """Ends all actors."""
        for actor, _ in self._busy.values():
            ray.kill(actor)

    def _begin(self) -> None:
        actor = self._remote.remote(self._batch)
        self._busy[actor.ready.remote()] = (actor, None)

    def _give(self, actor: Any) -> None:
        """Gives a free actor the next job, or dismisses it."""
        job = self._again.popleft() if self._again else next(self._jobs, None)
        if job is None:
            self._ended = True
            ray.kill(actor)
        else:
            self._busy[actor.run.remote(job)] = (actor, job)

    def _replace(self, job: Job | None, error: RayActorError) -> Outcome | None:
        """Another actor in the place of one that is lost; the outcome if its job is given up."""
        self._begin()
        if job is None:
            self._stillborn += 1
            if self._stillborn == STILLBORN:
                raise ConnectionError(f"no actor can begin on the cluster: {error}") from error
            return None
        self._lost[job.source] += 1
        if self._lost[job.source] < ATTEMPTS:
            self._again.append(job)
            return None
        return Outcome(job.source, error=DIED, reason="its actor was lost twice, with its machine?")
