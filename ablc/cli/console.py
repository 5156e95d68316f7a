"""Results of the command line on standard output, and how it ends in failure."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console
from rich.text import Text

from ablc import terminal
from ablc.errors import PictureError, StreamError


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Puts the file's name before the message of what is raised about its contents."""
    try:
        yield
    except (StreamError, PictureError) as error:
        raise type(error)(f"{name}: {error}") from error


def fail(text: str, code: int) -> NoReturn:
    """One line on standard error, and the end of the process."""
    terminal.line("red", f"ablc: {text}")
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
