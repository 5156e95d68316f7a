"""Files that commands write, and which existing files they leave alone.

A command that writes a file first calls check(), before any work is done. It refuses, unless the
user insists with --force, a name that is an input (by any path or link), a name with the extension
of another format, and an existing file with contents of another format. Pipes and devices are fine.
"""

import os
from collections.abc import Iterable
from pathlib import Path, PurePath
from typing import Annotated

import typer
from PIL import Image

from ablc import files, pictures

STREAM, EXTENSION = "ABLC", ".ablc"
MAGIC = b"ABL"  # first bytes of every stream (docs/FORMAT.md, Header)
FORCED = "--force writes it anyway"
ALIASES = {"MPO": "JPEG", "APNG": "PNG"}  # formats that begin like others
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Write files even if they are inputs or hold something of another format.",
    ),
]


def write(name: str, data: bytes) -> None:
    """Write a file, or standard output."""
    files.write(name, data)


def check(name: str, chosen: str, inputs: Iterable[str] = (), *, force: bool = False) -> None:
    """Raise ValueError for a file that must not be written, or for a terminal.

    chosen: the format of what will be written, by Pillow's name, STREAM, or "" for a text.
    inputs: the files that the command reads. force: allow everything but terminals and folders.

    Raises IsADirectoryError for a folder.
    """
    number = 1 if name == files.PIPE else files.descriptor(name)
    if number is not None:
        if os.isatty(number):
            raise ValueError(
                "standard output is a terminal: name a file, or pipe the output elsewhere"
            )
        return
    if os.path.isdir(name):
        raise IsADirectoryError(21, "Is a directory", name)
    exists = os.path.exists(name)
    if force or (exists and not files.is_regular(name)):
        return
    for source in inputs:
        if exists and os.path.exists(source) and os.path.samefile(source, name):
            raise ValueError(f"{name} is the same file as the input {source}: {FORCED}")
    if chosen == STREAM and PurePath(name).suffix.lower() not in ("", EXTENSION):
        raise ValueError(f"{name} has not the extension {EXTENSION} of streams: {FORCED}")
    if exists:
        _check_contents(name, chosen)


def drawing_format(name: str) -> str:
    """Return Pillow's format for a drawing, whose command prints text as well.

    Raises ValueError for standard output, which is for the text, and for unknown extensions.
    """
    if name == files.PIPE:
        raise ValueError("--map needs a file name: standard output is for the text")
    return pictures.format_of(name)


def _check_contents(name: str, chosen: str) -> None:
    """Raise ValueError if an existing file holds something of another format."""
    try:
        with Path(name).open("rb") as file:
            start = file.read(pictures.PREFIX)
    except PermissionError:  # it may be written, but not read
        return
    held = _formats(start)
    if not start or ALIASES.get(chosen, chosen) in held:
        return
    if held:
        kind = "an .ablc stream" if STREAM in held else f"a picture ({' or '.join(sorted(held))})"
        raise ValueError(f"{name} exists and holds {kind}: {FORCED}")
    if chosen and not PurePath(name).suffix:  # the name says nothing about the contents
        raise ValueError(f"{name} exists and holds something else: {FORCED}")


def _formats(start: bytes) -> set[str]:
    """Return the formats that a file may have, by its first bytes."""
    if start.startswith(MAGIC):
        return {STREAM}
    Image.init()
    held = set()
    for name in Image.ID:
        _, accept = Image.OPEN[name]
        try:
            verdict = accept is not None and accept(start)
        except pictures.REFUSALS:
            continue
        if verdict and not isinstance(verdict, str):
            held.add(name)
    return held
