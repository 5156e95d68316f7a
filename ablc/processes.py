"""Worker processes of this machine; if one dies, its job is retried and the others continue.

Each process is a ProcessPoolExecutor of the standard library with one worker. Of the libraries for
process pools, loky fails all pending jobs when one worker dies. pebble fails the job of that worker
alone and starts .3 s faster (two workers: 1.7 instead of 2.0 s), but its workers outlive a parent
that is killed, and retries and single processes would still be ours.
"""

import multiprocessing
import os
import pickle
import queue
import signal
import sys
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
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection, resource_tracker
from typing import Any, Generic, TypeVar

from ablc import _core

ATTEMPTS = 2  # at running a job whose process dies

Job = TypeVar("Job")
Out = TypeVar("Out")
Work = Callable[[Job], Out]

_work: Callable[[Any], Any] | None = None  # the function of this process, if it is a worker
_lifeline: connection.Connection | None = None  # of this process; its end is this process's


@dataclass(frozen=True, slots=True)
class Died:
    """The outcome of a job whose process ended while it ran."""

    seconds: float  # duration of the last attempt


class Process(Generic[Job, Out]):
    """A process that runs jobs one by one, and is replaced when it dies."""

    def __init__(
        self, begin: Callable[[], Work[Job, Out]], again: Callable[[Out], bool] = lambda _: False
    ) -> None:
        """Jobs, outcomes and begin are pickled to cross between processes.

        begin: called in the process; returns the function from a job to its outcome.
        again: returns True if an outcome calls for another attempt.
        """
        self._begin = begin
        self._again = again
        self._killed = False
        self._pool = self._start()

    def run(self, job: Job) -> Out | Died:
        """Return the outcome of a job, which is tried again if its process dies."""
        for _ in range(ATTEMPTS):
            outcome = self._attempt(job)
            if self._killed or not (isinstance(outcome, Died) or self._again(outcome)):
                break
        return outcome

    def close(self) -> None:
        """End the process after its current job."""
        self._pool.shutdown()

    def kill(self) -> None:
        """End the process at once, with its current job, and without its temporary files."""
        self._killed = True
        self._lifeline.close()

    def _start(self) -> ProcessPoolExecutor:
        spawned = multiprocessing.get_context("spawn")
        far, self._lifeline = spawned.Pipe(duplex=False)
        return ProcessPoolExecutor(
            1, spawned, initializer=_start, initargs=(pickle.dumps(self._begin), far)
        )

    def _attempt(self, job: Job) -> Out | Died:
        start = time.perf_counter()
        try:
            with _undisturbed():
                future = self._pool.submit(_perform, job)
            outcome: Out = future.result()
            return outcome
        except BrokenProcessPool:
            self._pool.shutdown()
            if not self._killed:
                self._pool = self._start()
            return Died(time.perf_counter() - start)


def mapped(
    begin: Callable[[], Work[Job, Out]],
    jobs: Iterator[Job],
    processes: int,
    again: Callable[[Out], bool] = lambda _: False,
) -> Iterator[tuple[Job, Out | Died]]:
    """Iterate over all jobs and their outcomes, as they end; free processes take the next jobs.

    If the iteration is interrupted or closed, the processes end at once, with their jobs.

    begin, again: as in Process.
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
            try:
                for job in jobs:
                    running.add(threads.submit(perform, job))
                    if len(running) == processes:
                        ended, running = wait(running, return_when=FIRST_COMPLETED)
                        yield from (future.result() for future in ended)
                while running:
                    ended, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in ended)
            except BaseException:
                for process in started:
                    process.kill()
                raise
    finally:  # once the threads have ended: two must not shut down one pool
        for process in started:
            process.close()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let processes that start meanwhile get no Ctrl-C, which a terminal sends to them as well."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # which would let signals through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(begin: bytes, lifeline: connection.Connection) -> None:
    """Make this process a worker, which ends when the other end of its lifeline is closed.

    begin: pickled, as it loads most modules: the process can be ended meanwhile.
    """
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles interrupts
    _end_with_parent(lifeline)
    from ablc import pictures

    pictures.ignore_pillow_warnings()
    _work = pickle.loads(begin)()


def _end_with_parent(lifeline: connection.Connection) -> None:
    """End this process when its parent asks for it, or is killed and cannot do so."""
    global _lifeline
    _lifeline = lifeline  # stays open
    parent = multiprocessing.parent_process()
    ends = [lifeline.fileno()] if parent is None else [lifeline.fileno(), parent.sentinel]
    if sys.platform != "win32":
        _core.end_when_closed(ends, 1)
    else:  # handles, for which only Python can wait
        threading.Thread(target=_wait_for_end, args=(ends,), daemon=True).start()


def _wait_for_end(ends: list[int]) -> None:
    connection.wait(ends)
    _core.remove_temporaries()
    os._exit(1)


def _perform(job: Any) -> Any:
    if _work is None:
        raise RuntimeError("this process is not a worker")
    return _work(job)
