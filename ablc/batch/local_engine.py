"""The local engine: processes of this machine, each of which may die without harm to the batch."""

from collections.abc import Iterator
from functools import partial

from ablc import processes as workers
from ablc.batch.job import DIED, Batch, Job, Outcome, Worker
from ablc.processes import Died


class JobProcess:
    """A process that runs the jobs of a batch one by one, and is replaced when it dies."""

    def __init__(self, batch: Batch) -> None:
        self._process = workers.Process(partial(Worker, batch), _needs_retry)

    def run(self, job: Job) -> Outcome:
        """Return the outcome of a job; it is tried twice if its process dies or lacks memory."""
        return _outcome(job, self._process.run(job))


def run(batch: Batch, jobs: Iterator[Job], *, processes: int) -> Iterator[Outcome]:
    """Iterate over the outcomes of all jobs, as they end; free processes take the next ones."""
    for job, result in workers.mapped(partial(Worker, batch), jobs, processes, _needs_retry):
        yield _outcome(job, result)


def _needs_retry(outcome: Outcome) -> bool:
    return outcome.error == "MemoryError"


def _outcome(job: Job, result: Outcome | Died) -> Outcome:
    if not isinstance(result, Died):
        return result
    reason = "its process died: killed, out of memory or crashed"
    return Outcome(job.source, 0, result.seconds, error=DIED, reason=reason)
