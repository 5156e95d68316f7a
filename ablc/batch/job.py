"""One file of a batch: the function that every engine maps over them, and what it returns."""

import time
from dataclasses import dataclass

from ablc.batch.storage import Place
from ablc.batch.work import Work

DIED = "ProcessDied"  # the error of a file whose process ended while it was worked on


@dataclass(frozen=True, slots=True)
class Job:
    """A file to work on."""

    source: str  # its name in full
    target: str  # path below the folder of the results


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job: the target is written, or there is an error."""

    source: str
    size: int = 0  # of the target, bytes
    seconds: float = 0.0
    notes: tuple[str, ...] = ()  # what had to change, one sentence each
    error: str = ""  # type of what went wrong; empty: nothing did
    reason: str = ""  # the same in words


@dataclass(frozen=True, slots=True)
class Batch:
    """All that the jobs of a batch share. It may be sent to other processes and machines."""

    origin: Place
    target: Place
    work: Work


class Worker:
    """The function from a job to its outcome, in the process that runs it."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._convert = batch.work.begin()

    def __call__(self, job: Job) -> Outcome:
        """Reads the source, converts it and writes the target, whole or not at all.

        Doing a job twice leaves what doing it once does. Whatever is wrong with the file is in the
        outcome; nothing is raised.
        """
        begun = time.perf_counter()
        try:
            data, notes = self._convert(self._batch.origin.read(job.source))
            self._batch.target.write(job.target, data)
        except Exception as error:  # whatever it is, the other files go on
            taken = time.perf_counter() - begun
            reason = str(error) or "no reason given"
            return Outcome(job.source, 0, taken, error=type(error).__name__, reason=reason)
        return Outcome(job.source, len(data), time.perf_counter() - begun, notes)
