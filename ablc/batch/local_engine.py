"""The local engine: processes of this machine, each of which may die without loss."""

from collections.abc import Iterator
from functools import partial

from ablc import processes as workers
from ablc.batch.job import DIED, Batch, Job, Outcome, Worker
from ablc.processes import Died


class Process:
    """A process that works on one job of a batch after another, and is replaced when it dies."""

    def __init__(self, batch: Batch) -> None:
        self._process = workers.Process(partial(Worker, batch), _again)

    def run(self, job: Job) -> Outcome:
        """The outcome of a job; one whose process dies or has too little memory is tried twice."""
        return _outcome(job, self._process.run(job))


def run(batch: Batch, jobs: Iterator[Job], *, processes: int) -> Iterator[Outcome]:
    """The outcome of every job, as they end. Jobs are taken as processes become free."""
    for job, found in workers.mapped(partial(Worker, batch), jobs, processes, _again):
        yield _outcome(job, found)


def _again(outcome: Outcome) -> bool:
    return outcome.error == "MemoryError"


def _outcome(job: Job, found: Outcome | Died) -> Outcome:
    if not isinstance(found, Died):
        return found
    reason = "its process died: killed, out of memory or crashed"
    return Outcome(job.source, 0, found.seconds, error=DIED, reason=reason)
