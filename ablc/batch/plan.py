"""What a run has to do: the sources that are there, beside what the manifest says of them.

A source's target has its path below the folder with another extension. Of sources beside each other
that would have the same (a.jpg and a.png) the first in order of names gets it, the others keep
their own extension too (a.png.ablc). A name that a source has got it keeps, whatever is added
later. Names that differ in case alone count as the same, as they are on some machines.
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
    """Puts an entry for every source into the manifest: pending, done before, or failed.

    Returns the number of sources.

    pattern: as Place.files has it. overwrite: take names of files that are not this manifest's, or
    of sources of another folder. retry_failed: what failed before is pending again.
    """
    apart = batch.target.root != batch.origin.root
    inside = batch.target.full("")  # results in a folder of the sources are no sources
    key = batch.work.key()
    sources = 0

    def unreadable(folder: str, error: OSError) -> None:
        manifest.put(_failed(Entry(folder, "failed"), error), listed=True)

    for found in batch.origin.files(pattern, unreadable):
        if not batch.work.takes(found.path) or (apart and found.source.startswith(inside)):
            continue
        sources += 1
        old = manifest.get(found.source)
        entry = Entry(found.source, "pending", None, found.stamp, found.size, key)
        if old and _settled(old, entry, manifest, retry_failed=retry_failed):
            entry = old
        else:
            names = _names(found.path, batch.work.suffix)
            if old and old.target in names:
                entry = replace(entry, target=old.target)
            else:
                entry = _named(entry, names, manifest, overwrite=overwrite)
        manifest.put(entry, listed=True)
    return sources


def _settled(old: Entry, entry: Entry, manifest: Manifest, *, retry_failed: bool) -> bool:
    """Whether nothing is to be done again: neither source nor settings have changed."""
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
    """The target's name, and the one where that is another's."""
    return str(PurePosixPath(path).with_suffix(suffix)), path + suffix


def _named(entry: Entry, names: tuple[str, str], manifest: Manifest, *, overwrite: bool) -> Entry:
    """The entry with the first of names that it may have; failed if there is none."""
    for name in names:
        holder = manifest.holder(name)
        if holder is None:
            if overwrite or not manifest.present(name):
                return replace(entry, target=name)
            reason = f"{name} is there, and this manifest knows nothing of it"
        elif overwrite and not _beside(holder, entry.source):
            return replace(entry, target=name)
        else:
            reason = f"{name} is the result of {holder}"
        if holder is None or not _beside(holder, entry.source):
            break
    return _failed(entry, FileExistsError(f"{reason}: --overwrite replaces it"))


def _beside(source: str, other: str) -> bool:
    """Whether two sources are in the same folder."""
    return source.rpartition("/")[0] == other.rpartition("/")[0]


def _failed(entry: Entry, error: Exception) -> Entry:
    return replace(entry, status="failed", error=type(error).__name__, reason=str(error))
