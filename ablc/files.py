"""Files that appear whole or not at all; "-" is standard input or output."""

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
    """All bytes of a file. Raises OSError if it cannot be read."""
    return sys.stdin.buffer.read() if name == PIPE else Path(name).read_bytes()


def write(name: str, data: bytes) -> None:
    """Writes data under a temporary name in the same folder, then renames it.

    Links are followed; what is no regular file (a pipe, a device) is written in place.
    Raises OSError if the file cannot be written; an older file of that name is then untouched.
    """
    if name == PIPE:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    with replacing(name) as file:
        file.write(data)


@contextmanager
def replacing(name: str) -> Iterator[BinaryIO]:
    """A file to write that becomes the one of that name when the block ends, as write() says."""
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
