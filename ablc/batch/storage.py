"""Folders on any filesystem that fsspec knows: this machine's, s3://, gs://, memory://.

Sources are named in full (/photos/a.png, s3://bucket/photos/a.png), targets by their path below
the folder, with / between the parts.
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

STAMPS = "ETag", "etag", "mtime", "LastModified", "updated", "created"  # by filesystem; best first

Unreadable = Callable[[str, OSError], object]


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a listing shows."""

    source: str  # its name in full
    path: str  # below the folder
    size: int  # bytes
    stamp: str  # changes when the file does; empty where the filesystem has no such thing


class Place:
    """A folder. It may be sent to other processes and machines that reach the same filesystem."""

    def __init__(self, url: str) -> None:
        """url: a folder's path or URL; options of a filesystem come from fsspec's configuration.

        Raises ValueError for a protocol that fsspec does not know, or whose package is missing.
        """
        try:
            self._fs, self.root = url_to_fs(url)
        except ImportError as error:
            raise ValueError(f"{url}: {error}") from error
        self.root = self.root.rstrip("/") or self._fs.root_marker

    @property
    def local(self) -> bool:
        """Whether it is a folder of this machine."""
        return isinstance(self._fs, LocalFileSystem)

    def full(self, path: str) -> str:
        """The name in full of a path below the folder."""
        return self._named(f"{self.root.rstrip('/')}/{path}")

    def exists(self) -> bool:
        """Whether the folder is there; object stores have those that hold something."""
        return bool(self._fs.isdir(self.root))

    def files(
        self, pattern: str | None = None, unreadable: Unreadable | None = None
    ) -> Iterator[Found]:
        """All files below the folder, in the order of their names within each folder.

        What is hidden (.name) is left out; links to files are followed, links to folders are not.
        Memory follows the largest folder: its names, or on other machines its whole listing.

        pattern: with *, **, ? and [], for the path below the folder.
        unreadable: called with each folder that cannot be listed; without it the error is raised.
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
                            size = info["size"] or 0
                            yield Found(self._named(info["name"]), path, size, _stamp(info))
                    elif not info.get("islink") and path.count("/") < deepest:
                        folders.append(info["name"])
            except OSError as error:
                if unreadable is None:
                    raise
                unreadable(self._named(folder), error)

    def read(self, source: str) -> bytes:
        """All bytes of a file that files() named. Raises OSError if it cannot be read."""
        data: bytes = self._fs.cat_file(source)
        return data

    def write(self, path: str, data: bytes) -> None:
        """Writes a file, which appears whole or not at all. Raises OSError if that fails."""
        with self.writing(path) as file:
            file.write(data)

    @contextmanager
    def writing(self, path: str) -> Iterator[BinaryIO]:
        """The same for a file that is written piece by piece.

        A local file is renamed in the end; on an object store an upload ends.
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
        """A file below the folder, to read. Raises FileNotFoundError if it is not there."""
        file: BinaryIO = self._fs.open(f"{self.root}/{path}", "rb")
        return file

    def _listing(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Path below this folder and description of what is in one; what is hidden is left out."""
        if self.local:  # names alone first: a description of each would take a kilobyte
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
        except OSError:  # a link to nothing: who reads it will say so
            return {"name": name, "type": "file", "size": 0}
        return info

    def _named(self, path: str) -> str:
        return path if self.local else str(self._fs.unstrip_protocol(path))


def split_pattern(url: str) -> tuple[str, str | None]:
    """The folder of a path or URL, and the pattern that follows it if there is one."""
    parts = url.split("/")
    wild = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), None)
    if wild is None or Place(url).exists():
        return url, None
    return "/".join(parts[:wild]) or ("/" if url.startswith("/") else "."), "/".join(parts[wild:])


def _stamp(info: dict[str, Any]) -> str:
    return next((str(info[name]) for name in STAMPS if info.get(name)), "")
