"""Work in other processes of this machine, each of which may die without loss."""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import connection
from typing import Any, Generic, TypeVar

from ablc import pictures

ATTEMPTS = 2  # at a job whose process dies

Job = TypeVar("Job")
Out = TypeVar("Out")
Work = Callable[[Job], Out]

_work: Callable[[Any], Any] | None = None  # of this process, if it is one of a Process


@dataclass(frozen=True, slots=True)
class Died:
    """What comes of a job whose process ended while it was worked on."""

    seconds: float  # that the last try took


class Process(Generic[Job, Out]):
    """A process that works on one job after another, and is replaced when it dies."""

    def __init__(
        self, begin: Callable[[], Work[Job, Out]], again: Callable[[Out], bool] = lambda _: False
    ) -> None:
        """begin: called in the process, makes its function from a job to an outcome.

        again: whether an outcome calls for another try. Jobs, outcomes and begin travel to other
        processes.
        """
        self._begin = begin
        self._again = again
        self._pool = self._start()

    def run(self, job: Job) -> Out | Died:
        """The outcome of a job; one whose process dies is tried once more."""
        for _ in range(ATTEMPTS):
            outcome = self._attempt(job)
            if not (isinstance(outcome, Died) or self._again(outcome)):
                break
        return outcome

    def close(self) -> None:
        """Ends the process, after the job that it works on."""
        self._pool.shutdown()

    def _start(self) -> ProcessPoolExecutor:
        spawned = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, spawned, initializer=_start, initargs=(self._begin,))

    def _attempt(self, job: Job) -> Out | Died:
        begun = time.perf_counter()
        try:
            outcome: Out = self._pool.submit(_perform, job).result()
            return outcome
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = self._start()
            return Died(time.perf_counter() - begun)


def mapped(
    begin: Callable[[], Work[Job, Out]],
    jobs: Iterator[Job],
    processes: int,
    again: Callable[[Out], bool] = lambda _: False,
) -> Iterator[tuple[Job, Out | Died]]:
    """Every job and its outcome, as they end. Jobs are taken as processes become free.

    begin, again: as Process has them.
    """
    free: queue.SimpleQueue[Process[Job, Out]] = queue.SimpleQueue()
    started = [Process(begin, again) for _ in range(processes)]
    for process in started:
        free.put(process)

    def perform(job: Job) -> tuple[Job, Out | Died]:
        process = free.get()
        try:
            return job, process.run(job)
        finally:
            free.put(process)

    running: set[Future[tuple[Job, Out | Died]]] = set()
    try:
        with ThreadPoolExecutor(processes) as threads:
            for job in jobs:
                running.add(threads.submit(perform, job))
                if len(running) == processes:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ended)
            while running:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in ended)
    finally:
        for process in started:
            process.close()


def _start(begin: Callable[[], Callable[[Any], Any]]) -> None:
    """Makes this process a worker."""
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    pictures.ignore_pillow_warnings()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _work = begin()


def _end_with_parent() -> None:
    """A parent that is killed cannot end its processes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _perform(job: Any) -> Any:
    if _work is None:
        raise RuntimeError("no work has begun in this process")
    return _work(job)
