"""Many measurements at once: on all cores, resumable, one that fails never stopping the others."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ablc import terminal
from ablc.eval.store import Result, Row, Store
from ablc.processes import Died, mapped


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
_Job = tuple[int, Callable[..., Result], tuple[Any, ...]]  # a task's place, work and arguments


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
    for i, outcome in _outcomes(tasks, waiting, jobs) if waiting else ():
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
    with terminal.bar(what, "label", "dim") as bar:
        shown = bar.add_task(what, total=total, label="")
        yield lambda label: bar.update(shown, advance=1, label=label)


def _outcomes(
    tasks: Sequence[Task], waiting: Sequence[int], jobs: int
) -> Iterator[tuple[int, Result | Failed]]:
    """The outcomes of those that wait, as they come about, with their places."""
    todo = ((i, tasks[i].work, tasks[i].arguments) for i in waiting)
    if jobs == 1:
        for job in todo:
            yield job[0], _attempt(job)
        return
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of the workers: they share the cores
    for (i, *_), found in mapped(_begin, todo, min(jobs, len(waiting))):
        yield i, Failed("its process died") if isinstance(found, Died) else found


def _begin() -> Callable[[_Job], Result | Failed]:
    return _attempt


def _attempt(job: _Job) -> Result | Failed:
    _, work, arguments = job
    try:
        return work(*arguments)
    except Exception as error:  # whatever it is, the others go on
        return Failed(f"{type(error).__name__}: {error}")
