"""The plan of a run: which sources are pending, and what their targets are called.

A target has the path of its source below the folder, with another extension. If sources in one
folder would share a target (a.jpg and a.png), the first by name gets it, and the targets of the
others keep both extensions (a.png.ablc). A source keeps its target when files are added later.
Names that differ only in case count as equal, as they do on some filesystems.
"""

from dataclasses import replace
from pathlib import PurePosixPath

from ablc.batch.job import Batch
from ablc.batch.manifest import Entry, Manifest


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
    apart = batch.target.root != batch.origin.root
    inside = batch.target.full("")  # results below the source folder are not sources
    key = batch.work.key()
    sources = 0

    def unreadable(folder: str, error: OSError) -> None:
        manifest.put(_failed(Entry(folder, "failed"), error), listed=True)

    for file in batch.origin.files(pattern, unreadable):
        if not batch.work.takes(file.path) or (apart and file.source.startswith(inside)):
            continue
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
    return sources


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
