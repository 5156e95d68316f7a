"""How a batch goes on, on standard error: a bar on a terminal, plain lines anywhere else."""

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
    """Who shows a batch; the files that failed get a line of their own.

    what: word for what is done with the files.
    """
    with bar(what, "failed", "red") as progress:
        yield Lines(what) if progress.disable else Bar(progress)


class Bar:
    """The bar of a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._failed = 0

    def begin(self, pending: int) -> None:
        """So many files are to be worked on."""
        self._task = self._progress.add_task("", total=pending, failed="")

    def step(self, entry: Entry) -> None:
        """One of them has ended."""
        if entry.status == "failed":
            self._failed += 1
            tell(entry)
        failed = f"{self._failed:,} failed" if self._failed else ""
        self._progress.update(self._task, advance=1, failed=failed)


class Lines:
    """Lines for a log, one every few seconds."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._pending = self._ended = self._failed = 0
        self._due = time.monotonic() + PAUSE

    def begin(self, pending: int) -> None:
        """So many files are to be worked on."""
        self._pending = pending

    def step(self, entry: Entry) -> None:
        """One of them has ended."""
        self._ended += 1
        if entry.status == "failed":
            self._failed += 1
            tell(entry)
        if time.monotonic() > self._due:
            self._due = time.monotonic() + PAUSE
            failed = f", {self._failed:,} failed" if self._failed else ""
            terminal.report(f"{self._what} {self._ended:,} of {self._pending:,} files{failed}")


def tell(entry: Entry) -> None:
    """A line about a file that failed."""
    terminal.warn(f"{entry.source}: {entry.reason} ({entry.error})")
