"""The Ray engine: actors on the machines of a cluster, any of which may be lost.

An actor runs its jobs in a process of its own, so that a file which kills that process has an
outcome like any other. An actor that is lost with its machine is replaced as soon as the cluster
has room, and the next free actor takes over its job; running a job twice writes the same file.

The engine is not built on Ray Data, where the rows of a lost actor wait until that same actor has
room again, on a full cluster until all others have finished. mapped() offers the same conversion to
pipelines that do use Ray Data.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import ray
from ray.exceptions import RayActorError

from ablc import telemetry
from ablc.batch.job import DIED, Batch, Job, Outcome
from ablc.batch.local_engine import JobProcess
from ablc.processes import ATTEMPTS

STILLBORN = 3  # actors in a row that may end before they are ready

Row = dict[str, Any]


class Actor:
    """Runs jobs one by one on the machine where Ray places it."""

    def __init__(self, batch: Batch) -> None:
        self._process = JobProcess(batch)

    def ready(self) -> None:
        """Return as soon as the actor is placed on a machine."""

    def run(self, job: Job) -> Outcome:
        """Return the outcome of a job."""
        return self._process.run(job)

    def __call__(self, row: Row) -> Row:
        """Convert a row of Ray Data, with the fields of Job, to one with the fields of Outcome."""
        return asdict(self.run(Job(**row)))


def run(
    batch: Batch, jobs: Iterator[Job], *, actors: int | None = None, gpus: int = 0
) -> Iterator[Outcome]:
    """Iterate over the outcomes of all jobs, as they end. Jobs are taken as actors become free.

    actors: greatest number of actors, as far as the cluster has room; default: one per core.
    gpus: number of actors with a GPU each, instead of actors on cores.

    Raises ValueError if the cluster has fewer GPUs, ConnectionError if there is no cluster or no
    actor can start, for example because ablc is not installed there.
    """
    if not ray.is_initialized():
        telemetry.switch_off()
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    resources = ray.cluster_resources()
    if gpus > resources.get("GPU", 0):
        raise ValueError(f"the cluster has {resources.get('GPU', 0):g} GPUs, not {gpus}")
    crew = _Crew(batch, jobs, gpus=bool(gpus))
    try:
        yield from crew.work(gpus or actors or max(int(resources.get("CPU", 1)), 1))
    finally:
        crew.dismiss()


def mapped(rows: Any, batch: Batch, **options: Any) -> Any:
    """Return the dataset (Ray Data) of the outcomes of a dataset of jobs.

    rows: dataset with the columns of Job: source, a full name, and target, a path below the folder
        of the batch's results. The result has the columns of Outcome.
    options: passed to ray.data.Dataset.map, such as concurrency, num_cpus and num_gpus.
    """
    return rows.map(Actor, fn_constructor_args=(batch,), **options)


class _Crew:
    """The actors, and the job that each of them runs."""

    def __init__(self, batch: Batch, jobs: Iterator[Job], *, gpus: bool) -> None:
        self._remote: Any = ray.remote(num_cpus=1, num_gpus=1 if gpus else 0)(Actor)
        self._batch = batch
        self._jobs = jobs
        self._ended = False  # no jobs are left to start
        self._again: deque[Job] = deque()  # whose actors were lost
        self._lost: Counter[str] = Counter()  # by source, the number of times
        self._busy: dict[
            Any, tuple[Any, Job | None]
        ] = {}  # by promise; without a job while it starts
        self._stillborn = 0  # since one was ready

    def work(self, most: int) -> Iterator[Outcome]:
        """Iterate over the outcomes of all jobs."""
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
        """End all actors."""
        for actor, _ in self._busy.values():
            ray.kill(actor)

    def _begin(self) -> None:
        actor = self._remote.remote(self._batch)
        self._busy[actor.ready.remote()] = (actor, None)

    def _give(self, actor: Any) -> None:
        """Give a free actor the next job, or end it if there is none."""
        job = self._again.popleft() if self._again else next(self._jobs, None)
        if job is None:
            self._ended = True
            ray.kill(actor)
        else:
            self._busy[actor.run.remote(job)] = (actor, job)

    def _replace(self, job: Job | None, error: RayActorError) -> Outcome | None:
        """Start an actor in place of a lost one; return the outcome if its job is given up."""
        self._begin()
        if job is None:
            self._stillborn += 1
            if self._stillborn == STILLBORN:
                raise ConnectionError(f"actors cannot start on the cluster: {error}") from error
            return None
        self._lost[job.source] += 1
        if self._lost[job.source] < ATTEMPTS:
            self._again.append(job)
            return None
        return Outcome(
            job.source, error=DIED, reason="its actor was lost twice; its machine may have failed"
        )
