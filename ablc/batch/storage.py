"""Folders on any filesystem that fsspec supports: local, s3://, gs://, memory://.

A source has a full name (/photos/a.png, s3://bucket/photos/a.png), a target a path below its
folder, with / between the parts.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from ablc import files

STAMPS = (
    "ETag",
    "etag",
    "mtime",
    "LastModified",
    "updated",
    "created",
)  # keys, in order of preference

Unreadable = Callable[[str, OSError], object]


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file in the listing of a folder."""

    source: str  # full name
    path: str  # below the folder
    length: int  # bytes
    stamp: str  # changes when the file does; empty if the filesystem has none


class StorageFolder:
    """A folder on some filesystem; may be pickled and used on every machine that can access it."""

    def __init__(self, url: str) -> None:
        """url: path or URL of the folder; fsspec's configuration sets options of the filesystem.

        Raises ValueError for a protocol that fsspec does not support, or whose package is missing.
        """
        try:
            self._fs, self.root = url_to_fs(url)
        except ImportError as error:
            raise ValueError(f"{url}: {error}") from error
        self.root = self.root.rstrip("/") or self._fs.root_marker

    @property
    def local(self) -> bool:
        """True if the folder is on this machine."""
        return isinstance(self._fs, LocalFileSystem)

    def full(self, path: str) -> str:
        """Return the full name of a path below the folder."""
        return self._named(f"{self.root.rstrip('/')}/{path}")

    def exists(self) -> bool:
        """Return True if the folder exists; on an object store, if it holds anything."""
        return bool(self._fs.isdir(self.root))

    def files(
        self, pattern: str | None = None, unreadable: Unreadable | None = None
    ) -> Iterator[ListedFile]:
        """Iterate over all files below the folder, sorted by name within each folder.

        Hidden files and folders (.name) are left out; links to files are followed, links to folders
        are not. At most one folder's listing is in memory: on this machine only its names.

        pattern: matched against the path below the folder; may contain *, **, ? and [].
        unreadable: called for each folder that cannot be listed; without it the error is raised.
        """
        self._fs.invalidate_cache()
        fits = re.compile(glob_translate(pattern or "**")).match
        deepest = math.inf if pattern is None or "**" in pattern else pattern.count("/")
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                for path, info in self._listing(folder):
                    if info["type"] != "directory":
                        if fits(path):
                            source, length = self._named(info["name"]), info["size"] or 0
                            yield ListedFile(source, path, length, _stamp(info))
                    elif not info.get("islink") and path.count("/") < deepest:
                        folders.append(info["name"])
            except OSError as error:
                if unreadable is None:
                    raise
                unreadable(self._named(folder), error)

    def read(self, source: str) -> bytes:
        """Return all bytes of a source. Raises OSError if it cannot be read."""
        data: bytes = self._fs.cat_file(source)
        return data

    def write(self, path: str, data: bytes) -> None:
        """Write a file, which appears complete or not at all. Raises OSError if that fails."""
        with self.writing(path) as file:
            file.write(data)

    @contextmanager
    def writing(self, path: str) -> Iterator[BinaryIO]:
        """Open a file to write piece by piece; it appears complete or not at all.

        A local file is written under another name and renamed; on an object store the upload is
        completed at the end.
        """
        whole = f"{self.root}/{path}"
        if self.local:
            self._fs.makedirs(self._fs._parent(whole), exist_ok=True)
            with files.replacing(whole) as file:
                yield file
        else:
            with self._fs.transaction, self._fs.open(whole, "wb") as file:
                yield file

    def reading(self, path: str) -> BinaryIO:
        """Open a file below the folder for reading. Raises FileNotFoundError if there is none."""
        file: BinaryIO = self._fs.open(f"{self.root}/{path}", "rb")
        return file

    def _listing(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over the path and the description of each item in a folder, unless hidden."""
        if self.local:  # names first: a description of each would take a kilobyte
            names = sorted(self._fs.ls(folder, detail=False))
            infos: Iterable[dict[str, Any]] = map(self._look, names)
        else:
            infos = sorted(self._fs.ls(folder, detail=True), key=itemgetter("name"))
        for info in infos:
            path = info["name"].rstrip("/").removeprefix(self.root).lstrip("/")
            if path and not PurePosixPath(path).name.startswith("."):
                yield path, info

    def _look(self, name: str) -> dict[str, Any]:
        try:
            info: dict[str, Any] = self._fs.info(name)
        except OSError:  # a dangling link: reading it will raise the error
            return {"name": name, "type": "file", "size": 0}
        return info

    def _named(self, path: str) -> str:
        return path if self.local else str(self._fs.unstrip_protocol(path))


def split_pattern(url: str) -> tuple[str, str | None]:
    """Split a path or URL into a folder and the pattern that follows it, None if there is none."""
    parts = url.split("/")
    wild = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), None)
    if wild is None or StorageFolder(url).exists():
        return url, None
    return "/".join(parts[:wild]) or ("/" if url.startswith("/") else "."), "/".join(parts[wild:])


def _stamp(info: dict[str, Any]) -> str:
    return next((str(info[name]) for name in STAMPS if info.get(name)), "")
