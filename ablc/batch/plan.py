"""The plan of a run: which sources are pending, and what their targets are called.

A target has the path of its source below the folder, with another extension. If sources in one
folder would share a target (a.jpg and a.png), the first by name gets it, and the targets of the
others keep both extensions (a.png.ablc). A source keeps its target when files are added later.
A target that is a name of some source, by a link, is refused, so that no source is lost.
Names that differ only in case count as equal, as they do on some filesystems.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from ablc.batch.job import Batch
from ablc.batch.manifest import Entry, Manifest
from ablc.batch.storage import FileId, ListedFile, Unreadable


def make(
    manifest: Manifest,
    batch: Batch,
    pattern: str | None = None,
    *,
    overwrite: bool = False,
    retry_failed: bool = False,
) -> int:
    """Store an entry for every source in the manifest, and return the number of sources.

    An entry is pending, already done, or failed.

    pattern: selects the sources, as in StorageFolder.files.
    overwrite: replace files that the manifest does not list, and results of another source folder.
    retry_failed: sources that failed in an earlier run are pending again.
    """
    key = batch.work.key()
    sources = 0
    shared: dict[FileId, list[Entry]] = {}  # entries whose targets have further names

    def unreadable(folder: str, error: OSError) -> None:
        manifest.put(_failed(Entry(folder, "failed"), error), listed=True)

    for file in _sources(batch, pattern, unreadable):
        sources += 1
        old = manifest.get(file.source)
        entry = Entry(file.source, "pending", None, file.stamp, file.length, key)
        if old and _settled(old, entry, manifest, retry_failed=retry_failed):
            entry = old
        else:
            names = _names(file.path, batch.work.suffix)
            if old and old.target in names:
                entry = replace(entry, target=old.target)
            else:
                entry = _named(entry, names, manifest, overwrite=overwrite)
        manifest.put(entry, listed=True)
        if entry.status == "pending" and (file_id := _linked(entry, manifest, batch)):
            shared.setdefault(file_id, []).append(entry)
    _refuse_sources(shared, manifest, batch)
    return sources


def _sources(batch: Batch, pattern: str | None, unreadable: Unreadable) -> Iterator[ListedFile]:
    """Iterate over the files to convert; results below the source folder are none."""
    apart = batch.target.root != batch.origin.root
    inside = batch.target.full("")
    for file in batch.origin.files(pattern, unreadable):
        if batch.work.takes(file.path) and not (apart and file.source.startswith(inside)):
            yield file


def _linked(entry: Entry, manifest: Manifest, batch: Batch) -> FileId | None:
    """Return the identity of a target that exists and may have further names, else None."""
    if not entry.target or not manifest.present(entry.target):
        return None
    return batch.target.linked(entry.target)


def _refuse_sources(shared: dict[FileId, list[Entry]], manifest: Manifest, batch: Batch) -> None:
    """Store entries as failed whose targets are names of files in the source folder."""
    if not shared or not batch.origin.local:
        return
    for file in _sources(batch, None, lambda *_: None):
        file_id = batch.origin.identity(file.source)
        for entry in shared.pop(file_id, ()) if file_id else ():
            reason = f"{entry.target} is the same file as the source {file.source}"
            manifest.put(_failed(entry, FileExistsError(reason)), listed=True)


def _settled(old: Entry, entry: Entry, manifest: Manifest, *, retry_failed: bool) -> bool:
    """Return True if the old outcome stands: neither source nor settings have changed."""
    if (old.stamp, old.source_size, old.settings) != (
        entry.stamp,
        entry.source_size,
        entry.settings,
    ):
        return False
    if old.target is None or old.status == "pending":
        return False
    return manifest.present(old.target) if old.status == "done" else not retry_failed


def _names(path: str, suffix: str) -> tuple[str, str]:
    """Return the target's name, and its name if that one is taken."""
    return str(PurePosixPath(path).with_suffix(suffix)), path + suffix


def _named(entry: Entry, names: tuple[str, str], manifest: Manifest, *, overwrite: bool) -> Entry:
    """Return the entry with the first free name, or as failed if there is none."""
    for name in names:
        holder = manifest.holder(name)
        if holder is None:
            if overwrite or not manifest.present(name):
                return replace(entry, target=name)
            reason = f"{name} exists and is not listed in this manifest"
        elif overwrite and not _beside(holder, entry.source):
            return replace(entry, target=name)
        else:
            reason = f"{name} is the result of {holder}"
        if holder is None or not _beside(holder, entry.source):
            break
    return _failed(entry, FileExistsError(f"{reason}: --overwrite replaces it"))


def _beside(source: str, other: str) -> bool:
    """Return True if two sources are in the same folder."""
    return source.rpartition("/")[0] == other.rpartition("/")[0]


def _failed(entry: Entry, error: Exception) -> Entry:
    return replace(entry, status="failed", error=type(error).__name__, reason=str(error))
