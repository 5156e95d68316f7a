"""The local engine: processes of this machine, each of which may die without loss."""

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection

from ablc.batch.job import DIED, Batch, Job, Outcome, Worker

ATTEMPTS = 2  # at a job whose process dies or has too little memory
AGAIN = (DIED, "MemoryError")

_worker: Worker | None = None  # of this process, if it is one of a Process


class Process:
    """A process that works on one job after another, and is replaced when it dies."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._pool = self._start()

    def run(self, job: Job) -> Outcome:
        """The outcome of a job; one whose process dies is tried once more."""
        for _ in range(ATTEMPTS):
            outcome = self._attempt(job)
            if outcome.error not in AGAIN:
                break
        return outcome

    def close(self) -> None:
        """Ends the process, after the job that it works on."""
        self._pool.shutdown()

    def _start(self) -> ProcessPoolExecutor:
        spawned = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(1, spawned, initializer=_begin, initargs=(self._batch,))

    def _attempt(self, job: Job) -> Outcome:
        begun = time.perf_counter()
        try:
            return self._pool.submit(_perform, job).result()
        except BrokenProcessPool:
            self._pool.shutdown()
            self._pool = self._start()
            reason = "its process died: killed, out of memory or crashed"
            return Outcome(job.source, 0, time.perf_counter() - begun, error=DIED, reason=reason)


def run(batch: Batch, jobs: Iterator[Job], *, processes: int) -> Iterator[Outcome]:
    """The outcome of every job, as they end. Jobs are taken as processes become free."""
    free: queue.SimpleQueue[Process] = queue.SimpleQueue()
    started = [Process(batch) for _ in range(processes)]
    for process in started:
        free.put(process)

    def perform(job: Job) -> Outcome:
        process = free.get()
        try:
            return process.run(job)
        finally:
            free.put(process)

    running: set[Future[Outcome]] = set()
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


def _begin(batch: Batch) -> None:
    """Makes this process a worker."""
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(batch)


def _end_with_parent() -> None:
    """A parent that is killed cannot end its processes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _perform(job: Job) -> Outcome:
    if _worker is None:
        raise RuntimeError("no worker has begun in this process")
    return _worker(job)
