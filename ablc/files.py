"""Reading and writing of files, which appear complete or not at all; "-" is a standard stream."""

import os
import secrets
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PIPE = "-"


def read(name: str) -> bytes:
    """Return all bytes of a file. Raises OSError if it cannot be read."""
    return sys.stdin.buffer.read() if name == PIPE else Path(name).read_bytes()


def write(name: str, data: bytes) -> None:
    """Write data under a temporary name in the same folder, then rename the file.

    Links are followed; anything but a regular file (a pipe, a device) is written in place.
    Raises OSError if the file cannot be written; an existing file of that name is then unchanged.
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
    path = Path(os.path.realpath(name))
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):
        with path.open("wb") as file:
            yield file
        return
    temporary = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        file = temporary.open("xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from error
    try:
        with file:
            yield file
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
