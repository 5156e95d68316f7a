"""Progress bars on standard error, for work that takes long."""

from typing import TYPE_CHECKING

from rich.console import Console

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
        TextColumn(f"{{task.fields[{field}]}}", style=style),
        console=console,
        disable=not console.is_terminal,
    )
