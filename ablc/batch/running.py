"""A batch from its listing to its summary, on any engine."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Protocol

from ablc.batch import plan
from ablc.batch.job import Batch, Job, Outcome
from ablc.batch.manifest import Entry, Manifest

Engine = Callable[[Batch, Iterator[Job]], Iterator[Outcome]]
"""What runs jobs: here, in other processes, on other machines. It gives back the outcome of every
job, as they end, and takes no more jobs than it can begin."""


class Watcher(Protocol):
    """Who is told how a batch goes on."""

    def begin(self, pending: int) -> None:
        """So many files are to be worked on."""

    def step(self, entry: Entry) -> None:
        """One of them has ended."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of the sources that were there."""

    done: int  # by this run
    skipped: int  # done before, and unchanged
    failed: int  # by this run or before
    left: int  # not begun or not ended
    size: int  # of what this run has written, bytes
    seconds: float


def run(
    batch: Batch,
    engine: Engine,
    watcher: Watcher,
    *,
    pattern: str | None = None,
    overwrite: bool = False,
    retry_failed: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Summary:
    """Brings every source of a batch to an end, and says so in the manifest.

    pattern: which files are sources, as Place.files has it.
    overwrite: take names of files that are not this manifest's, or of sources of another folder.
    retry_failed: work again on what failed before.
    stopped: asked before each job.

    Raises FileNotFoundError if there is no folder of sources, ValueError if the manifest is none or
    nothing matches the pattern.
    """
    begun = time.monotonic()
    if not batch.origin.exists():
        raise FileNotFoundError(2, "no such folder", batch.origin.root)
    manifest = Manifest(batch.target)
    try:
        sources = plan.make(
            manifest, batch, pattern, overwrite=overwrite, retry_failed=retry_failed
        )
        if pattern is not None and not sources:
            raise ValueError(f"nothing to work on matches {pattern} in {batch.origin.root}")
        skipped = manifest.count("done")
        pending = manifest.count("pending")
        watcher.begin(pending)
        manifest.save()
        size = 0
        try:
            jobs = takewhile(lambda _: not stopped(), manifest.jobs())
            for outcome in engine(batch, jobs) if pending else ():
                entry = _ended(manifest, outcome)
                size += entry.size
                manifest.record(entry)
                watcher.step(entry)
        finally:
            manifest.save()
        return Summary(
            done=manifest.count("done") - skipped,
            skipped=skipped,
            failed=manifest.count("failed"),
            left=manifest.count("pending"),
            size=size,
            seconds=time.monotonic() - begun,
        )
    finally:
        manifest.close()


def _ended(manifest: Manifest, outcome: Outcome) -> Entry:
    """The entry of a job that has ended."""
    entry = manifest.get(outcome.source)
    if entry is None:
        raise ValueError(f"the engine has worked on {outcome.source}, which is no source")
    return replace(
        entry,
        status="failed" if outcome.error else "done",
        size=outcome.size,
        seconds=round(outcome.seconds, 4),
        notes=outcome.notes,
        error=outcome.error,
        reason=outcome.reason,
    )
