"""What the command line says: results on standard output, all else on standard error."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from ablc.errors import PictureError, StreamError


@contextmanager
def busy(what: str) -> Iterator[None]:
    """A spinner while something takes its time; nothing where no terminal would show it."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(what, spinner="dots"):
        yield


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Puts the file's name before the message of what is raised about its contents."""
    try:
        yield
    except (StreamError, PictureError) as error:
        raise type(error)(f"{name}: {error}") from error


def remark(text: str) -> None:
    """A line that only somebody who watches wants to read."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        console.print(text, markup=False, soft_wrap=True)


def report(text: str) -> None:
    """One line on standard error, of what goes on."""
    _line("", f"ablc: {text}")


def warn(text: str) -> None:
    """One line on standard error."""
    _line("yellow", f"ablc: warning: {text}")


def fail(text: str, code: int) -> NoReturn:
    """One line on standard error, and the end of the process."""
    _line("red", f"ablc: {text}")
    sys.exit(code)


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values in two columns, on standard output."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        _result(Text.assemble((name.ljust(width), "bold"), "  ", value))


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table, first column to the left, the others to the right, on standard output."""
    widths = [max(len(row[i]) for row in (headings, *rows)) for i in range(len(headings))]
    for row in (headings, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        line = "  ".join([row[0].ljust(widths[0]), *cells])
        _result(Text(line, "bold" if row is headings else ""))


def _result(text: Text) -> None:
    Console(highlight=False).print(text, soft_wrap=True)


def _line(style: str, text: str) -> None:
    console = Console(stderr=True, highlight=False)
    console.print(" ".join(text.split()), style=style, markup=False, soft_wrap=True)
