"""Progress of a batch on standard error: a bar on a terminal, plain lines anywhere else."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import Progress

from ablc import terminal
from ablc.batch.manifest import Entry
from ablc.batch.running import Watcher
from ablc.terminal import bar

PAUSE = 10.0  # seconds between lines


@contextmanager
def watching(what: str) -> Iterator[Watcher]:
    """Provide a watcher that shows a batch, with a line for each file that fails.

    what: label of the bar, such as "encoded".
    """
    with bar(what, "failed", "red") as progress:
        yield LogWatcher(what) if progress.disable else BarWatcher(progress)


class BarWatcher:
    """Shows progress as a bar on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._failed = 0

    def begin(self, pending: int) -> None:
        """Start with the number of files to convert."""
        self._task = self._progress.add_task("", total=pending, failed="")

    def advance(self, entry: Entry) -> None:
        """Count a file that is converted or has failed."""
        if entry.status == "failed":
            self._failed += 1
            warn_of(entry)
        failed = f"{self._failed:,} failed" if self._failed else ""
        self._progress.update(self._task, advance=1, failed=failed)


class LogWatcher:
    """Prints progress as a line for a log every few seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._pending = self._ended = self._failed = 0
        self._due = time.monotonic() + PAUSE

    def begin(self, pending: int) -> None:
        """Start with the number of files to convert."""
        self._pending = pending

    def advance(self, entry: Entry) -> None:
        """Count a file that is converted or has failed."""
        self._ended += 1
        if entry.status == "failed":
            self._failed += 1
            warn_of(entry)
        if time.monotonic() > self._due:
            self._due = time.monotonic() + PAUSE
            failed = f", {self._failed:,} failed" if self._failed else ""
            terminal.report(f"{self._what} {self._ended:,} of {self._pending:,} files{failed}")


def warn_of(entry: Entry) -> None:
    """Print a line about a file that failed."""
    terminal.warn(f"{entry.source}: {entry.reason} ({entry.error})")
