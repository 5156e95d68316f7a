"""What a training run reports: rows of CSV files, a sheet of samples, a progress bar."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from PIL import Image
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor


def add_row(path: Path, row: Mapping[str, str]) -> None:
    """Add a row to a CSV file; the first row is preceded by the names."""
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(row)
        writer.writerow(row.values())


def sheet(columns: Sequence[Tensor]) -> Image.Image:
    """Return a picture of columns of pictures side by side, (B, 3, H, W) in 0..1 each."""
    rows = torch.cat([c.float().clamp(0, 1) for c in columns], 3)  # (B, 3, H, columns W)
    grid = (rows.permute(0, 2, 3, 1).flatten(0, 1) * 255).round().to(torch.uint8)
    return Image.fromarray(grid.cpu().numpy())


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, str], None]]:
    """Show a progress bar, silent in a pipe; yields a function that takes progress and a note.

    progress: 0..1.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, TextColumn("{task.fields[note]}")) as bar:
        line = bar.add_task(title, total=1.0, note="")

        def show(progress: float, note: str) -> None:
            bar.update(line, completed=progress, note=note)

        yield show
