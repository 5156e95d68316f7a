"""Files that commands write."""

import sys

from ablc import files, pictures


def write(name: str, data: bytes) -> None:
    """Write a file, or standard output. Raises ValueError if that is a terminal."""
    if name == files.PIPE and sys.stdout.isatty():
        raise ValueError("standard output is a terminal: name a file, or pipe the output elsewhere")
    files.write(name, data)


def drawing_format(name: str) -> str:
    """Return Pillow's format for a drawing, whose command prints text as well.

    Raises ValueError for standard output, which is for the text, and for unknown extensions.
    """
    if name == files.PIPE:
        raise ValueError("--map needs a file name: standard output is for the text")
    return pictures.format_of(name)
