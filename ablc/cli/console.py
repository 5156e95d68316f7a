"""Results of the command line on standard output, and its end in failure."""

import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ablc import terminal
from ablc.errors import PictureError, StreamError

WIDE = 10_000  # characters: tables are never wrapped, since programs may read them


@contextmanager
def blaming(name: str) -> Iterator[None]:
    """Put a file's name before the message of an error that its contents raise."""
    try:
        yield
    except (StreamError, PictureError) as error:
        raise type(error)(f"{name}: {error}") from error


def escape_undecodable() -> None:
    """Print characters that an output cannot encode as escapes: names of files hold anything."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fail(text: str, code: int) -> NoReturn:
    """Print one line on standard error, unless the text is empty, and end the process."""
    if text:
        terminal.line("red", f"ablc: {text}")
    sys.exit(code)


def pairs(rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns on standard output."""
    width = max(len(name) for name, _ in rows)
    console = Console(highlight=False)
    for name, value in rows:
        line = Text.assemble((name.ljust(width), "bold"), "  ", value)
        console.print(line, soft_wrap=True)


def columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table on standard output, first column to the left, the others to the right."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, heading in enumerate(headings):
        table.add_column(Text(heading), justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False, width=WIDE).print(table)
