"""Runs a batch, from the listing of its sources to the summary, on any engine."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from ablc.batch import plan
from ablc.batch.job import Batch, Job, Outcome
from ablc.batch.manifest import Entry, Manifest

Engine = Callable[[Batch, Iterator[Job]], Iterator[Outcome]]
"""Runs jobs in this process, other processes or on other machines. An engine yields the outcomes of
all jobs as they end, and takes no more jobs than it can start."""


class Watcher(Protocol):
    """Receives the progress of a batch."""

    def begin(self, pending: int) -> None:
        """Called once, with the number of files to convert."""

    def advance(self, entry: Entry) -> None:
        """Called when a file is converted or has failed."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Numbers of sources by their outcome, and the cost of the run."""

    done: int  # converted by this run
    skipped: int  # converted by an earlier run, and unchanged
    failed: int  # in this run or an earlier one
    left: int  # not started or not finished
    bytes_written: int  # by this run
    seconds: float
    interrupted: bool = False  # by Ctrl-C


def run(
    batch: Batch,
    engine: Engine,
    watcher: Watcher,
    *,
    pattern: str | None = None,
    overwrite: bool = False,
    retry_failed: bool = False,
) -> Summary:
    """Convert every source of a batch and record the outcomes in the manifest.

    KeyboardInterrupt ends the run; files in progress are left as if they had not been started.

    pattern: selects the sources, as in StorageFolder.files.
    overwrite: replace files that the manifest does not list, and results of another source folder.
    retry_failed: also convert sources that failed in an earlier run.

    Raises FileNotFoundError if the source folder does not exist, ValueError if the manifest is not
    one of a batch, another run writes to the same folder, or nothing matches the pattern; OSError
    if one of the folders cannot be accessed.
    """
    start = time.monotonic()
    if not batch.origin.exists():
        raise FileNotFoundError(2, "no such folder", batch.origin.full("").rstrip("/"))
    manifest = Manifest(batch.target)
    interrupted = False
    try:
        sources = plan.make(
            manifest, batch, pattern, overwrite=overwrite, retry_failed=retry_failed
        )
        if pattern is not None and not sources:
            raise ValueError(f"no files in {batch.origin.root} match {pattern}")
        skipped = manifest.count("done")
        pending = manifest.count("pending")
        watcher.begin(pending)
        manifest.save()
        bytes_written = 0
        try:
            with _closing(engine(batch, manifest.jobs()) if pending else iter(())) as outcomes:
                for outcome in outcomes:
                    entry = _ended(manifest, outcome)
                    bytes_written += entry.size
                    manifest.record(entry)
                    watcher.advance(entry)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            manifest.save()
        return Summary(
            done=manifest.count("done") - skipped,
            skipped=skipped,
            failed=manifest.count("failed"),
            left=manifest.count("pending"),
            bytes_written=bytes_written,
            seconds=time.monotonic() - start,
            interrupted=interrupted,
        )
    finally:
        manifest.close()


@contextmanager
def _closing(outcomes: Iterator[Outcome]) -> Iterator[Iterator[Outcome]]:
    """Close the generator of an engine when the block ends, which ends its processes."""
    try:
        yield outcomes
    finally:
        close = getattr(outcomes, "close", None)
        if close is not None:
            close()


def _ended(manifest: Manifest, outcome: Outcome) -> Entry:
    """Return the entry of a job that has ended."""
    entry = manifest.get(outcome.source)
    if entry is None:
        raise ValueError(
            f"the engine returned an outcome for {outcome.source}, which is not a source"
        )
    return replace(
        entry,
        status="failed" if outcome.error else "done",
        size=outcome.length,
        seconds=round(outcome.seconds, 4),
        notes=outcome.notes,
        error=outcome.error,
        reason=outcome.reason,
    )
