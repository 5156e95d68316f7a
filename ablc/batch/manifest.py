"""What a batch has done and has still to do: manifest.jsonl in the folder of the results.

One JSON object a line, one line a source. While a batch runs, lines are added at the end, and the
last of a source counts; a run begins and ends with a file that has one for each. A line is there
before the work on its source begins (status "pending"), so that whatever a killed run has written
is known to be ours.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ablc.batch.job import Job
from ablc.batch.storage import Place

NAME = "manifest.jsonl"
PAGE = 500  # rows that are read from the database at a time
PAUSE, PAUSE_SHARE = 10.0, 20  # seconds, and times the last save, between saves on object stores

Status = Literal["pending", "done", "failed"]
STATUSES: tuple[Status, ...] = ("pending", "done", "failed")

SCHEMA = """
CREATE TABLE entries (
    source TEXT PRIMARY KEY, target TEXT UNIQUE COLLATE NOCASE, status TEXT, line TEXT, listed INT
);
CREATE TABLE present (target TEXT PRIMARY KEY COLLATE NOCASE);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the manifest."""

    source: str  # its name in full
    status: Status
    target: str | None = None  # path below the folder of the results; None: no name was free
    stamp: str = ""  # changes when the source does
    source_size: int = 0  # bytes
    settings: str = ""  # changes when they do
    size: int = 0  # of the target, bytes
    seconds: float = 0.0  # that the last try took
    notes: tuple[str, ...] = ()  # what had to change, one sentence each
    error: str = ""  # type of what went wrong
    reason: str = ""  # the same in words

    def line(self) -> str:
        """The entry in JSON, without what says nothing."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


class Manifest:
    """The manifest of a folder. What it remembers of sources is on disk, not in memory."""

    def __init__(self, place: Place) -> None:
        """Reads the manifest that is there, if there is one.

        Raises ValueError if it is something else than a manifest of ours.
        """
        self._place = place
        self._base = sqlite3.connect("", isolation_level=None)  # a file, gone when it is closed
        self._base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
        self._journal: BinaryIO | None = None
        self._due = 0.0
        for entry in self._read():
            self.put(entry, listed=False)
        there = ((file.path,) for file in place.files()) if place.exists() else ()
        self._base.executemany("INSERT OR IGNORE INTO present VALUES (?)", there)

    def get(self, source: str) -> Entry | None:
        """The entry of a source."""
        row = self._base.execute("SELECT line FROM entries WHERE source = ?", (source,)).fetchone()
        return None if row is None else _parse(row[0])

    def put(self, entry: Entry, *, listed: bool) -> None:
        """Takes an entry in place of its source's, and of any other source with its target.

        listed: it belongs to this run.
        """
        values = (entry.source, entry.target, entry.status, entry.line(), listed)
        self._base.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)", values)

    def holder(self, target: str) -> str | None:
        """The source that has that target."""
        found = self._base.execute("SELECT source FROM entries WHERE target = ?", (target,))
        row = found.fetchone()
        return None if row is None else str(row[0])

    def present(self, target: str) -> bool:
        """Whether the file was there when the manifest was read."""
        found = self._base.execute("SELECT 1 FROM present WHERE target = ?", (target,))
        return found.fetchone() is not None

    def count(self, status: Status) -> int:
        """Number of this run's entries with that status."""
        found = self._base.execute(
            "SELECT count(*) FROM entries WHERE listed AND status = ?", (status,)
        )
        return int(found.fetchone()[0])

    def jobs(self) -> Iterator[Job]:
        """What is pending in this run. Entries may be put meanwhile."""
        after, rows = "", [("", "")]
        while rows:
            rows = self._base.execute(
                "SELECT source, target FROM entries WHERE listed AND status = 'pending' "
                "AND source > ? ORDER BY source LIMIT ?",
                (after, PAGE),
            ).fetchall()
            yield from (Job(source, target) for source, target in rows)
            after = rows[-1][0] if rows else after

    def record(self, entry: Entry) -> None:
        """Puts an entry of this run, and sees to it that it is kept if the run is killed.

        On an object store, where nothing can be added to a file, only every few seconds.
        """
        self.put(entry, listed=True)
        if self._place.local:
            if self._journal is None:
                self._journal = Path(f"{self._place.root}/{NAME}").open("ab")  # noqa: SIM115
            self._journal.write(f"{entry.line()}\n".encode())
            self._journal.flush()
        elif time.monotonic() > self._due:
            self.save()

    def save(self) -> None:
        """Writes the manifest anew, one line a source."""
        begun = time.monotonic()
        self._end_journal()
        with self._place.writing(NAME) as file:
            for (line,) in self._base.execute("SELECT line FROM entries ORDER BY source"):
                file.write(f"{line}\n".encode())
        now = time.monotonic()
        self._due = now + max(PAUSE, PAUSE_SHARE * (now - begun))

    def close(self) -> None:
        """Lets go of what it remembers."""
        self._end_journal()
        self._base.close()

    def _end_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()
        self._journal = None

    def _read(self) -> Iterator[Entry]:
        try:
            file = self._place.reading(NAME)
        except FileNotFoundError:
            return
        with file:
            for number, line in enumerate(file, 1):
                try:
                    yield _parse(line)
                except (ValueError, TypeError) as error:
                    if not line.endswith(b"\n"):  # a run was killed while it wrote
                        return
                    raise ValueError(
                        f"{self._place.full(NAME)}, line {number}, is not of a batch ({error}): "
                        "name another folder, or remove the file"
                    ) from error


def _parse(line: str | bytes) -> Entry:
    """Raises ValueError or TypeError if it is no line of ours."""
    values: Any = json.loads(line)
    if not isinstance(values, dict) or values.get("status") not in STATUSES:
        raise ValueError("no object with a status")
    return Entry(**{**values, "notes": tuple(values.get("notes", ()))})
