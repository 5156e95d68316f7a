"""One file of a batch: the job, its outcome, and the function from one to the other."""

import time
from dataclasses import dataclass

from ablc.batch.storage import StorageFolder
from ablc.batch.work import Work

DIED = "ProcessDied"  # name of the error if the process working on a file ended


@dataclass(frozen=True, slots=True)
class Job:
    """A file to convert."""

    source: str  # full name
    target: str  # path below the folder of the results


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a job: the target is written, or there is an error."""

    source: str
    length: int = 0  # of the target, bytes
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # changes that the conversion made, one sentence each
    error: str = ""  # type of the error; empty if the target is written
    reason: str = ""  # message of the error


@dataclass(frozen=True, slots=True)
class Batch:
    """The folders and the conversion that the jobs of a batch share. It may be pickled."""

    origin: StorageFolder
    target: StorageFolder
    work: Work


class Worker:
    """The function from a job to its outcome; made in the process that calls it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._convert = batch.work.begin()

    def __call__(self, job: Job) -> Outcome:
        """Read the source, convert it and write the target, complete or not at all.

        Running a job twice has the same result as running it once. An error is part of the outcome;
        nothing is raised.
        """
        start = time.perf_counter()
        try:
            data, notes = self._convert(self._batch.origin.read(job.source))
            self._batch.target.write(job.target, data)
        except Exception as error:  # the other files are not affected
            seconds = time.perf_counter() - start
            reason = str(error) or "no reason given"
            return Outcome(job.source, 0, seconds, error=type(error).__name__, reason=reason)
        return Outcome(job.source, len(data), time.perf_counter() - start, notes)
