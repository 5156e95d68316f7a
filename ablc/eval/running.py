"""Many measurements at once: on all cores, resumable, and none that fails stops the others."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ablc import terminal
from ablc.eval.store import JsonObject, Store, TaskResult
from ablc.processes import Died, mapped


@dataclass(frozen=True, slots=True)
class MeasuringTask:
    """One measurement."""

    key: str  # of its result in the store
    label: str  # for people
    work: Callable[..., TaskResult]  # a module's function: other processes import it by name
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A measurement that failed. The next run tries it again."""

    reason: str


Outcome = JsonObject | Failed
Advance = Callable[[str], None]  # called with the label of each task that has ended
_Job = tuple[int, Callable[..., TaskResult], tuple[Any, ...]]  # index of a task, work, arguments


def run(
    tasks: Sequence[MeasuringTask],
    store: Store,
    jobs: int,
    advance: Advance = lambda _: None,
) -> list[Outcome]:
    """Return the outcome of every task, in the order of the tasks.

    A result that the store holds is not measured again, and a new one is stored at once, so that
    an interrupted run resumes where it was. A task that raises, or whose process dies, is Failed.

    jobs: number of processes; 1: all tasks run in this process.
    """
    outcomes: dict[int, Outcome] = {}
    waiting: list[int] = []
    for i, task in enumerate(tasks):
        row = store.get(task.key)
        if row is None:
            waiting.append(i)
        else:
            outcomes[i] = row
            advance(task.label)
    for i, result in _results(tasks, waiting, jobs) if waiting else ():
        if isinstance(result, TaskResult):
            store.put(tasks[i].key, result)
            outcomes[i] = result.row
        else:
            outcomes[i] = result
        advance(tasks[i].label)
    return [outcomes[i] for i in range(len(tasks))]


@contextmanager
def progress(total: int, what: str) -> Iterator[Advance]:
    """Show a progress bar for run() on standard error, if that is a terminal."""
    with terminal.bar(what, "label", "dim") as bar:
        shown = bar.add_task(what, total=total, label="")
        yield lambda label: bar.update(shown, advance=1, label=label)


def _results(
    tasks: Sequence[MeasuringTask], waiting: Sequence[int], jobs: int
) -> Iterator[tuple[int, TaskResult | Failed]]:
    """Yield index and result of the waiting tasks, as they end."""
    todo = ((i, tasks[i].work, tasks[i].arguments) for i in waiting)
    if jobs == 1:
        for job in todo:
            yield job[0], _attempt(job)
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: they share the cores
    for (i, *_), result in mapped(_begin, todo, min(jobs, len(waiting))):
        yield i, Failed("its process died") if isinstance(result, Died) else result


def _begin() -> Callable[[_Job], TaskResult | Failed]:
    return _attempt


def _attempt(job: _Job) -> TaskResult | Failed:
    _, work, arguments = job
    try:
        return work(*arguments)
    except Exception as error:  # of any kind: the others go on
        return Failed(f"{type(error).__name__}: {error}")
