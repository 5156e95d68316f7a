"""Reading and writing of files, which appear complete or not at all; "-" is a standard stream.

Some files cannot be replaced: pipes and devices, a single file that is mounted into a container, a
file in a folder that is read-only. These are written in place, once all bytes are there.
"""

import errno
import os
import re
import secrets
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from ablc import _core

PIPE = "-"
STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|thread-self|\d+))/fd/(\d+)")
LINKS_MOST = 40  # as in Linux
NAME_BYTES = 100  # of a file's name that its temporary one repeats; filesystems allow 143 or more
NO_TEMPORARY = {errno.EACCES, errno.EPERM, errno.EROFS}  # the folder takes no new file
NO_RENAME = {*NO_TEMPORARY, errno.EBUSY, errno.EXDEV}  # a mounted file, another's sticky folder


def read(name: str) -> bytes:
    """Return all bytes of a file. Raises OSError if it cannot be read."""
    return sys.stdin.buffer.read() if name == PIPE else Path(name).read_bytes()


def write(name: str, data: bytes) -> None:
    """Write data under a temporary name in the same folder, then rename the file.

    Links are followed; anything but a regular file (a pipe, a device) is written in place.
    Raises OSError if the file cannot be written; an existing file of that name is then unchanged,
    unless its folder or a mount forbids replacing it and the disk is full.
    """
    if name == PIPE:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(name) as file:
        file.write(data)


@contextmanager
def replacing(name: str) -> Iterator[BinaryIO]:
    """Open a file that takes the name when the block ends, in the way of write()."""
    number = descriptor(name)
    if number is not None:
        sys.stdout.flush()  # what was printed before comes first
        with os.fdopen(os.dup(number), "wb") as file:
            yield file
        return
    path = Path(os.path.realpath(name))
    if path.exists() and not is_regular(path):
        with path.open("wb") as file:
            yield file
        return
    temporary = path.with_name(f".{_cut(path.name)}.{secrets.token_hex(4)}.tmp")
    _core.note_temporary(os.fsencode(temporary))
    try:
        try:
            file = temporary.open("xb")
        except OSError as error:
            if error.errno not in NO_TEMPORARY or not os.access(path, os.W_OK):
                raise OSError(error.errno, error.strerror, name) from error
            with tempfile.TemporaryFile() as elsewhere:
                yield cast(BinaryIO, elsewhere)
                _copy_into(path, cast(BinaryIO, elsewhere))
            return
        with file:
            yield file
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        _rename(temporary, path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        _core.forget_temporary(os.fsencode(temporary))


def descriptor(name: str) -> int | None:
    """Return the number of an open descriptor that a name stands for, such as /dev/stdout.

    Opening such a name would truncate, and replacing it would unlink, the file behind it. None for
    all other names. Links are followed.
    """
    path = os.path.abspath(name)
    for _ in range(LINKS_MOST):
        if path in STANDARD and os.name == "posix":
            return STANDARD[path]
        if match := DESCRIPTOR.fullmatch(path):
            owner = path.split("/")[2]
            return int(match[1]) if owner in ("fd", "self", str(os.getpid())) else None
        if not os.path.islink(path):
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
    return None


def is_regular(name: str | Path) -> bool:
    """Return True for a regular file, or a link to one. Raises OSError if it does not exist."""
    return stat.S_ISREG(os.stat(name).st_mode)


def _cut(name: str) -> str:
    """Return a name of at most NAME_BYTES bytes, valid on filesystems that insist on UTF-8."""
    return os.fsencode(name)[:NAME_BYTES].decode(errors="ignore")


def _rename(temporary: Path, path: Path) -> None:
    """Give a complete file its name; if the name cannot be replaced, the bytes of the file."""
    try:
        temporary.replace(path)
    except OSError as error:
        if error.errno not in NO_RENAME or not os.access(path, os.W_OK):
            raise
        with temporary.open("rb") as file:
            _copy_into(path, file)


def _copy_into(path: Path, file: BinaryIO) -> None:
    """Write the bytes of a file into an existing one, and cut off what remains of that."""
    file.seek(0)
    with path.open("r+b") as target:
        shutil.copyfileobj(file, target)
        target.truncate()
