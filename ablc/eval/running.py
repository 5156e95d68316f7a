"""Many measurements at once: on all cores, resumable, one that fails never stopping the others."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ablc.eval.store import Result, Row, Store

AHEAD = 2  # tasks that wait for each worker: few, so that an interrupted run ends at once


@dataclass(frozen=True, slots=True)
class Task:
    """One measurement."""

    key: str  # of its result in the store
    label: str  # for people
    work: Callable[..., Result]  # a function of a module: it travels to another process by name
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A measurement that did not come about. It is tried again in the next run."""

    reason: str


Outcome = Row | Failed
Step = Callable[[str], None]


def run(
    tasks: Sequence[Task], store: Store, jobs: int, step: Step = lambda _: None
) -> list[Outcome]:
    """The outcome of every task, in their order.

    What the store holds is not measured again; what is measured is kept there at once, so that an
    interrupted run goes on where it was. A task that raises, or whose process dies, is Failed.

    jobs: processes; 1: all in this one. step: called with the label of each task that has ended.
    """
    found: dict[int, Outcome] = {}
    waiting: list[int] = []
    for i, task in enumerate(tasks):
        row = store.get(task.key)
        if row is None:
            waiting.append(i)
        else:
            found[i] = row
            step(task.label)
    outcomes = _here(tasks, waiting) if jobs == 1 else _spread(tasks, waiting, jobs)
    for i, outcome in outcomes:
        if isinstance(outcome, Result):
            store.put(tasks[i].key, outcome)
            found[i] = outcome.row
        else:
            found[i] = outcome
        step(tasks[i].label)
    return [found[i] for i in range(len(tasks))]


@contextmanager
def progress(total: int, what: str) -> Iterator[Step]:
    """A bar on standard error that run() moves; nothing where no terminal would show it."""
    console = Console(stderr=True)
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn("{task.fields[label]}", style="dim"),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        shown = bar.add_task(what, total=total, label="")
        yield lambda label: bar.update(shown, advance=1, label=label)


def _here(tasks: Sequence[Task], waiting: Sequence[int]) -> Iterator[tuple[int, Result | Failed]]:
    for i in waiting:
        yield i, _attempt(tasks[i].work, tasks[i].arguments)


def _spread(
    tasks: Sequence[Task], waiting: Sequence[int], jobs: int
) -> Iterator[tuple[int, Result | Failed]]:
    """The same from several processes, as they end."""
    left = list(reversed(waiting))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: they share the cores
    while left:
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
        running: dict[Future[Result | Failed], int] = {}
        try:
            while left or running:
                while left and len(running) < AHEAD * jobs:
                    i = left[-1]
                    running[pool.submit(_attempt, tasks[i].work, tasks[i].arguments)] = i
                    left.pop()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running[future], future.result()
                    del running[future]
        except BrokenProcessPool:
            yield from _one_by_one(tasks, sorted(running.values()))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _one_by_one(
    tasks: Sequence[Task], suspects: Sequence[int]
) -> Iterator[tuple[int, Result | Failed]]:
    """Those that ran when a process died, each in a process of its own: one of them killed it."""
    for i in suspects:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            try:
                yield i, pool.submit(_attempt, tasks[i].work, tasks[i].arguments).result()
            except BrokenProcessPool:
                yield i, Failed("its process died")


def _attempt(work: Callable[..., Result], arguments: tuple[Any, ...]) -> Result | Failed:
    try:
        return work(*arguments)
    except Exception as error:  # whatever it is, the others go on
        return Failed(f"{type(error).__name__}: {error}")
