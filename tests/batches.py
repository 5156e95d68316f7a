"""Helpers for tests of batches."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ablc.batch import running
from ablc.batch.job import Batch, Job, Outcome, Worker
from ablc.batch.manifest import NAME, Entry
from ablc.batch.running import Summary
from ablc.batch.storage import StorageFolder
from ablc.batch.work import Convert, Converted, Encoding, Work
from scenes import scene


@dataclass(frozen=True)
class Hungry(Encoding):
    """A conversion that raises MemoryError for files of 2 bytes; each attempt appends to notes."""

    notes: str = ""  # name of a file

    def begin(self) -> Convert:
        def convert(data: bytes) -> Converted:
            if len(data) == 2:
                with Path(self.notes).open("ab") as notes:
                    notes.write(b"x")
                raise MemoryError
            return data, ()

        return convert


class Kept:
    """Records the progress of a batch."""

    def __init__(self) -> None:
        self.pending = 0
        self.ended: list[Entry] = []
        self.summary: Summary

    def begin(self, pending: int) -> None:
        self.pending = pending

    def advance(self, entry: Entry) -> None:
        self.ended.append(entry)


def here(batch: Batch, jobs: Iterator[Job]) -> Iterator[Outcome]:
    """Run jobs in this process."""
    return map(Worker(batch), jobs)


def run(source: Path | str, target: Path | str, work: Work | None = None, **options: Any) -> Kept:
    """Run a batch and return its progress; by default in this process, without a watcher."""
    kept: Kept = options.pop("kept", Kept())
    batch = Batch(StorageFolder(str(source)), StorageFolder(str(target)), work or Encoding())
    kept.summary = running.run(batch, options.pop("engine", here), kept, **options)
    return kept


def picture(path: Path, first: int = 100, seed: int = 1) -> None:
    """Write a picture of 32x24 with a given first sample (exact in lossless formats)."""
    pixels = scene(24, 32, seed=seed)
    pixels[0, 0, 0] = first
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def lines(target: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of the manifest by file name; fails if a source has two lines."""
    entries = [json.loads(line) for line in (target / NAME).read_text().splitlines()]
    assert len({line["source"] for line in entries}) == len(entries)
    return {Path(line["source"]).name: line for line in entries}


def written(target: Path) -> set[str]:
    """Return the paths of all files below a folder except the manifest, with hidden ones."""
    files = (path for path in target.rglob("*") if path.is_file() and path.name != NAME)
    return {path.relative_to(target).as_posix() for path in files}
