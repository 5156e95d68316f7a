"""Folders on any filesystem that fsspec supports: local, s3://, gs://, memory://.

A source has a full name (/photos/a.png, s3://bucket/photos/a.png), a target a path below its
folder, with / between the parts.
"""

import errno
import math
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes

from fsspec import available_protocols
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem
from fsspec.utils import glob_translate

from ablc import files

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

TAKEN = "another batch writes to {}: wait for its end, or choose another folder"
STAMPS = (
    "ETag",
    "etag",
    "mtime",
    "LastModified",
    "updated",
    "created",
)  # keys, in order of preference

FileId = tuple[int, int]  # device and inode
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
        url = _plain(url)
        if _is_path(url):
            self._fs: Any = LocalFileSystem()
            self.root = self._fs._strip_protocol(url)
        else:
            try:
                self._fs, self.root = url_to_fs(url)
            except (ImportError, ValueError) as error:
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
        """Return True if the folder exists; on an object store, if it holds anything.

        Raises OSError if the store cannot be accessed.
        """
        if self.local:
            return os.path.isdir(self.root)
        with self._naming(self.root):
            try:  # isdir() takes every error for a folder that does not exist
                return bool(self._fs.info(self.root)["type"] == "directory")
            except FileNotFoundError:
                return False

    def files(
        self, pattern: str | None = None, unreadable: Unreadable | None = None
    ) -> Iterator[ListedFile]:
        """Iterate over all files below the folder, sorted by name within each folder.

        Hidden files and folders (.name) are left out; links to files are followed, links to folders
        are not. At most one folder's listing is in memory: on this machine only its names.

        pattern: matched against the path below the folder; may contain *, **, ? and [].
        unreadable: called for each folder that cannot be listed, or whose name cannot be part of a
            path, such as one between two slashes; without it the error is raised.
        """
        self._fs.invalidate_cache()
        fits = re.compile(glob_translate(pattern or "**")).match
        deepest = math.inf if pattern is None or "**" in pattern else pattern.count("/")
        folders = [self.root]
        while folders:
            folder = folders.pop()
            try:
                for path, info in self._listing(folder):
                    if not path:
                        self._refuse(info["name"], unreadable)
                    elif info["type"] != "directory":
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
        """Return all bytes of a source. Raises OSError if it cannot be read.

        Pipes and devices, from which reading may never end, are refused.
        """
        if self.local:
            _check_regular(source)
        with self._naming(source):
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
            if os.path.exists(whole):
                _check_regular(whole)
            with files.replacing(whole) as file:
                yield file
        else:
            in_block = False
            try:
                with self._fs.transaction, self._fs.open(whole, "wb") as file:
                    in_block = True
                    yield file
                    in_block = False
            except Exception:
                if in_block:
                    raise
                with self._naming(whole):
                    raise

    def linked(self, path: str) -> FileId | None:
        """Return the identity of a file below the folder that may have further names, else None.

        Such a file is a link, or has several hard links. None on object stores, which have neither.
        """
        whole = f"{self.root}/{path}"
        if not self.local or not os.path.exists(whole):
            return None
        shared = os.path.islink(whole) or os.stat(whole).st_nlink > 1
        return self.identity(whole) if shared else None

    def identity(self, source: str) -> FileId | None:
        """Return what a file on this machine has in common with all its other names."""
        try:
            found = os.stat(source)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def reading(self, path: str) -> BinaryIO:
        """Open a file below the folder for reading. Raises FileNotFoundError if there is none."""
        whole = f"{self.root}/{path}"
        if self.local:
            _check_regular(whole)
        with self._naming(whole):
            file: BinaryIO = self._fs.open(whole, "rb")
        return file

    def lock(self) -> "FolderLock":
        """Return a lock on the folder, which is made if it does not exist.

        Raises ValueError if another run holds it. Object stores have no locks.
        """
        if self.local:
            self._fs.makedirs(self.root, exist_ok=True)
        return FolderLock(self.root if self.local else None)

    def stamp(self, path: str) -> str:
        """Return a text that changes when a file below the folder does; empty if there is none."""
        self._fs.invalidate_cache()
        with self._naming(f"{self.root}/{path}"):
            try:
                return _stamp(self._fs.info(f"{self.root}/{path}"))
            except FileNotFoundError:
                return ""

    def _refuse(self, name: str, unreadable: Unreadable | None) -> None:
        """Report, or raise, that a name has an empty part."""
        full = f"{self._named(name).rstrip('/')}//"
        error = OSError(errno.EINVAL, "names with // are not converted", full)
        if unreadable is None:
            raise error
        unreadable(full, error)

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Raise every error of the filesystem, whatever its library raises, as OSError with a name.

        Errors of local files have a name already.
        """
        try:
            yield
        except Exception as error:
            if self.local or getattr(error, "filename", None) is not None:
                raise
            named = name if "://" in name else self._named(name)
            if isinstance(error, FileNotFoundError):
                reason = str(error) or "no such file, folder or bucket"
                raise FileNotFoundError(errno.ENOENT, reason, named) from error
            if isinstance(error, OSError):
                raise OSError(error.errno, str(error) or repr(error), named) from error
            reason = f"{type(error).__name__}: {error}"
            raise OSError(errno.EIO, reason, named) from error

    def _listing(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Iterate over the path and the description of each item in a folder, unless hidden.

        The path is empty if the name has an empty part, as in a//b, which no path can have.
        """
        if self.local:  # names first: a description of each would take a kilobyte
            names = sorted(self._fs.ls(folder, detail=False))
            infos: Iterable[dict[str, Any]] = map(self._look, names)
        else:
            with self._naming(folder):
                infos = sorted(self._fs.ls(folder, detail=True), key=itemgetter("name"))
        for info in infos:
            name = info["name"]
            path = name.rstrip("/").removeprefix(self.root).lstrip("/")
            if self._has_empty_part(info, folder):
                yield "", info
            elif name.endswith("/") and info["type"] == "file":  # S3's marker of a folder
                continue
            elif path and not PurePosixPath(path).name.startswith("."):
                yield path, info

    def _has_empty_part(self, info: dict[str, Any], folder: str) -> bool:
        """Return True for a//b, and for a/, a folder in a whose listing would be that of a."""
        name = info["name"]
        within = name.rstrip("/").removeprefix(self.root.rstrip("/"))
        itself = name.rstrip("/") == folder.rstrip("/")
        return not self.local and ("//" in within or (itself and info["type"] == "directory"))

    def _look(self, name: str) -> dict[str, Any]:
        try:
            info: dict[str, Any] = self._fs.info(name)
        except OSError:  # a dangling link: reading it will raise the error
            return {"name": name, "type": "file", "size": 0}
        return info

    def _named(self, path: str) -> str:
        return path if self.local else str(self._fs.unstrip_protocol(path))


class FolderLock:
    """An exclusive lock on a local folder, which the system releases when the process ends."""

    def __init__(self, folder: str | None) -> None:
        """folder: None locks nothing, as do filesystems without locks.

        Raises ValueError if another process, or another lock of this one, holds the folder.
        """
        self._descriptor: int | None = None
        if folder is None or fcntl is None:
            return
        self._descriptor = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise ValueError(TAKEN.format(folder)) from None
        except OSError:  # some network filesystems have no locks
            pass

    def close(self) -> None:
        """Release the lock."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def split_pattern(url: str) -> tuple[str, str | None]:
    """Split a path or URL into a folder and the pattern that follows it, None if there is none."""
    url = _plain(url)
    parts = url.split("/")
    wild = next((i for i, part in enumerate(parts) if re.search(r"[*?\[]", part)), None)
    if wild is None or StorageFolder(url).exists():
        return url, None
    return "/".join(parts[:wild]) or ("/" if url.startswith("/") else "."), "/".join(parts[wild:])


def _plain(url: str) -> str:
    """Return a file:// URL as a path, with its %20 and the like decoded; any other as it is.

    A path that exists as it stands is not decoded.
    """
    scheme, separator, path = url.partition("://")
    if not separator or scheme.lower() != "file":
        return url
    if os.name == "nt":
        return url
    path = path.removeprefix("localhost") or "/"
    return path if os.path.exists(path) else os.fsdecode(unquote_to_bytes(os.fsencode(path)))


def _is_path(url: str) -> bool:
    """Return True for a path on this machine, False for a URL or a chain of them ("zip::...")."""
    if os.path.lexists(url):
        return True
    protocol = re.split("::|://", url, maxsplit=1)[0]
    return protocol == url or ("::" in url and protocol not in available_protocols())


def _check_regular(name: str) -> None:
    """Raise OSError for a pipe, a device or a socket, and for a file that does not exist."""
    mode = os.stat(name).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise OSError(errno.EINVAL, "not a regular file", name)


def _stamp(info: dict[str, Any]) -> str:
    return next((str(info[name]) for name in STAMPS if info.get(name)), "")
