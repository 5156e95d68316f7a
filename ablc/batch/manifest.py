"""The manifest of a batch: manifest.jsonl in the folder of the results, a JSON object per source.

A run starts and ends by writing the whole file, with one line per source. In between it appends
lines, and the last line of a source counts. The line of a source exists (status "pending") before
its conversion starts, so that everything a killed run has written is known to be a result.
"""

import json
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ablc.batch.job import Job
from ablc.batch.storage import TAKEN, ListedFile, StorageFolder

NAME = "manifest.jsonl"
PAGE = 500  # rows read from the database at a time
PAUSE, PAUSE_SHARE = (
    10.0,
    20,
)  # time between saves on object stores: seconds, and multiples of the last save

Status = Literal["pending", "done", "failed"]
STATUSES: tuple[Status, ...] = ("pending", "done", "failed")

ENCODING = "utf-8", "surrogatepass"
TEXT = "CAST(? AS TEXT)"  # a parameter in ENCODING: Python passes no lone surrogates as text
SCHEMA = """
CREATE TABLE entries (
    source TEXT PRIMARY KEY, target TEXT UNIQUE COLLATE NOCASE, status TEXT, line TEXT, listed INT
);
CREATE TABLE present (target TEXT PRIMARY KEY COLLATE NOCASE);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the manifest; the names of the fields are the keys in the file."""

    source: str  # full name
    status: Status
    target: str | None = None  # path below the folder of the results; None if no name was free
    stamp: str = ""  # changes when the source does
    source_size: int = 0  # length of the source, bytes
    settings: str = ""  # changes when the settings do
    size: int = 0  # length of the target, bytes
    seconds: float = 0.0  # duration of the last attempt
    notes: tuple[str, ...] = ()  # changes that the conversion made, one sentence each
    error: str = ""  # type of the error
    reason: str = ""  # message of the error

    def line(self) -> str:
        """Return the entry as JSON, without empty fields."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})


class Manifest:
    """The manifest of a folder. Its entries are kept in a temporary database, not in memory."""

    def __init__(self, folder: StorageFolder) -> None:
        """Read the manifest of the folder, if there is one.

        Raises ValueError if the file is not the manifest of a batch, or if another run writes to
        the folder; OSError if the folder cannot be accessed.
        """
        self._folder = folder
        self._lock = folder.lock() if folder.exists() else None  # nothing is made before save()
        self._stamp = folder.stamp(NAME)
        self._base = sqlite3.connect("", isolation_level=None)  # a file that is deleted when closed
        self._base.text_factory = lambda text: text.decode(*ENCODING)
        self._base.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + SCHEMA)
        self._journal: BinaryIO | None = None
        self._due = 0.0
        try:
            self._load()
        except BaseException:
            self.close()
            raise

    def get(self, source: str) -> Entry | None:
        """Return the entry of a source, None if there is none."""
        rows = self._base.execute(
            f"SELECT line FROM entries WHERE source = {TEXT}", (_bytes(source),)
        )
        row = rows.fetchone()
        return None if row is None else _parse(row[0])

    def put(self, entry: Entry, *, listed: bool) -> None:
        """Store an entry; it replaces those with the same source or the same target.

        listed: whether the source belongs to this run.
        """
        target = None if entry.target is None else _bytes(entry.target)
        values = (_bytes(entry.source), target, entry.status, entry.line(), listed)
        self._base.execute(
            f"INSERT OR REPLACE INTO entries VALUES ({TEXT}, {TEXT}, ?, ?, ?)", values
        )

    def holder(self, target: str) -> str | None:
        """Return the source with this target, None if there is none."""
        rows = self._base.execute(
            f"SELECT source FROM entries WHERE target = {TEXT}", (_bytes(target),)
        )
        row = rows.fetchone()
        return None if row is None else str(row[0])

    def present(self, target: str) -> bool:
        """Return True if the file existed when the manifest was read."""
        rows = self._base.execute(f"SELECT 1 FROM present WHERE target = {TEXT}", (_bytes(target),))
        return rows.fetchone() is not None

    def count(self, status: Status) -> int:
        """Return the number of this run's entries with a status."""
        rows = self._base.execute(
            "SELECT count(*) FROM entries WHERE listed AND status = ?", (status,)
        )
        return int(rows.fetchone()[0])

    def jobs(self) -> Iterator[Job]:
        """Iterate over the pending jobs of this run. Entries may be put in the meantime."""
        after, rows = "", [("", "")]
        while rows:
            rows = self._base.execute(
                "SELECT source, target FROM entries WHERE listed AND status = 'pending' "
                f"AND source > {TEXT} ORDER BY source LIMIT ?",
                (_bytes(after), PAGE),
            ).fetchall()
            yield from (Job(source, target) for source, target in rows)
            after = rows[-1][0] if rows else after

    def record(self, entry: Entry) -> None:
        """Store an entry of this run, in the file as well in case the run is killed.

        On an object store, where files cannot be appended to, the file is saved every few seconds.
        """
        self.put(entry, listed=True)
        if self._folder.local:
            if self._journal is None:
                self._journal = Path(f"{self._folder.root}/{NAME}").open("ab")  # noqa: SIM115
            self._journal.write(f"{entry.line()}\n".encode())
            self._journal.flush()
        elif time.monotonic() > self._due:
            self.save()

    def save(self) -> None:
        """Write the whole manifest, one line per source.

        Raises ValueError if another run writes to the folder. An object store has no locks: there a
        changed manifest shows it.
        """
        start = time.monotonic()
        self._end_journal()
        self._check_alone()
        with self._folder.writing(NAME) as file:
            for (line,) in self._base.execute("SELECT line FROM entries ORDER BY source"):
                file.write(f"{line}\n".encode())
        self._stamp = self._folder.stamp(NAME)
        now = time.monotonic()
        self._due = now + max(PAUSE, PAUSE_SHARE * (now - start))

    def close(self) -> None:
        """Close the files."""
        self._end_journal()
        self._base.close()
        if self._lock is not None:
            self._lock.close()

    def _end_journal(self) -> None:
        if self._journal is not None:
            self._journal.close()
        self._journal = None

    def _load(self) -> None:
        """Read the manifest, and list the folder."""
        for entry in self._read():
            self.put(entry, listed=False)
        paths = ((_bytes(file.path),) for file in self._listing())
        self._base.executemany(f"INSERT OR IGNORE INTO present VALUES ({TEXT})", paths)

    def _check_alone(self) -> None:
        """Raise ValueError if another run writes to the folder, or has done so since the start."""
        locked = self._lock is not None
        if self._lock is None:
            self._lock = self._folder.lock()
        if (not locked or not self._folder.local) and self._folder.stamp(NAME) != self._stamp:
            raise ValueError(TAKEN.format(self._folder.full("")))

    def _listing(self) -> Iterator[ListedFile]:
        """Iterate over the files in the folder that can be listed."""
        if self._folder.exists():
            yield from self._folder.files(unreadable=lambda *_: None)

    def _read(self) -> Iterator[Entry]:
        try:
            file = self._folder.reading(NAME)
        except FileNotFoundError:
            return
        with file:
            for number, line in enumerate(file, 1):
                try:
                    yield _parse(line)
                except (ValueError, TypeError) as error:
                    if not line.endswith(b"\n"):  # a run was killed while writing
                        return
                    raise ValueError(
                        f"{self._folder.full(NAME)}, line {number}, is not of a batch ({error}): "
                        "choose another folder, or remove the file"
                    ) from error


def _bytes(text: str) -> bytes:
    """Return a text for the database, whose texts may hold names of any bytes."""
    return text.encode(*ENCODING)


def _parse(line: str | bytes) -> Entry:
    """Return the entry of a line. Raises ValueError or TypeError if it is not one of a manifest."""
    values: Any = json.loads(line)
    if not isinstance(values, dict) or values.get("status") not in STATUSES:
        raise ValueError("expected an object with a status")
    return Entry(**{**values, "notes": tuple(values.get("notes", ()))})
