"""Standard error: progress bars, spinners and messages of one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from rich.progress import Progress


def bar(what: str, field: str, style: str) -> "Progress":
    """Return a progress bar that shows only on a terminal.

    what: label of the bar. field: name of a field of its task, shown at the end in a style of rich.
    """
    from rich.progress import (  # late: most commands show none
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    return Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        TextColumn(f"{{task.fields[{field}]}}", style=style, markup=False),
        console=console,
        disable=not console.is_terminal,
    )


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show a spinner until the block ends, if standard error is a terminal."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(what), spinner="dots"):  # a name may look like markup
        yield


def remark(text: str) -> None:
    """Print a line if standard error is a terminal."""
    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        console.print(text, markup=False, soft_wrap=True)


def report(text: str) -> None:
    """Print a line of progress."""
    line("", f"ablc: {text}")


def warn(text: str) -> None:
    """Print a warning of one line."""
    line("yellow", f"ablc: warning: {text}")


def line(style: str, text: str) -> None:
    """Print one line in a style of rich."""
    console = Console(stderr=True, highlight=False)
    console.print(" ".join(text.split()), style=style, markup=False, soft_wrap=True)
