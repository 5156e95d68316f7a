"""What figures are made of: sheets of labelled pictures, plots, tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ablc import files, pictures
from ablc.arrays import Pixels
from ablc.drawing import panels
from ablc.drawing.panels import Panel
from ablc.drawing.view import View
from ablc.eval.folder import Photo
from ablc.eval.paper.experiments import Trial, Tried
from ablc.eval.running import Failed

Drawing = dict[str, Any]  # a figure, plot or table, as figures.json has it
Photos = Sequence[Photo]
Line = tuple[str, Sequence[tuple[float, float | None]]]  # name, points (x, y)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: what has to be tried for it, and how it is drawn from that."""

    id: str
    title: str
    caption: str
    sheet: Callable[[Tried, Photo], Sequence[Panel]] | None = None  # of one picture
    columns: int = 4  # panels in a row of the sheet
    shown: tuple[Trial, ...] = ()  # tried on every picture that has a sheet
    measured: tuple[Trial, ...] = ()  # tried on every picture that plots and tables are means of
    plots: Callable[[Tried, Photos], list[Drawing]] = lambda *_: []
    tables: Callable[[Tried, Photos], list[Drawing]] = lambda *_: []

    def draw(self, tried: Tried, shown: Photos, measured: Photos, out: Path) -> Drawing:
        """Its part of figures.json; its sheets are written to out/figures."""
        images = []
        for i, photo in enumerate(shown if self.sheet else ()):
            assert self.sheet
            name = f"figures/{self.id}-{i + 1}.png"
            _write(self.sheet(tried, photo), self.columns, out / name)
            images.append({"file": name, "caption": photo.name})
        return {
            "id": self.id,
            "title": self.title,
            "caption": self.caption,
            "images": images,
            "plots": self.plots(tried, measured),
            "tables": self.tables(tried, measured),
        }


def panel(pixels: Pixels, title: str, detail: str = "") -> Panel:
    """A small picture, enlarged, with its label."""
    return Panel(View.of(*pixels.shape[:2]).picture(pixels), title, detail)


def tried_panel(tried: Tried, trial: Trial, photo: Photo, title: str) -> Panel:
    """What a trial painted, with its bytes and SSIM; if it failed, a grey square that says why."""
    row = tried.row(trial, photo)
    if isinstance(row, Failed):
        return panel(np.full((227, 227, 3), 128, np.uint8), title, row.reason)
    detail = f"{row['bytes']:,} bytes, SSIM {row['ssim']:.3f}"
    return panel(tried.picture(trial, photo), title, detail)


def plot(
    title: str,
    x: str,
    y: str,
    lines: Sequence[Line],
    *,
    log: bool = False,
) -> Drawing:
    """Lines by name; points without a value are left out. log: the axis of x."""
    drawn = [
        {"name": name, "points": [[a, b] for a, b in points if b is not None]}
        for name, points in lines
    ]
    axes = {"x": {"label": x, "log": log}, "y": {"label": y}}
    return {"title": title, **axes, "lines": [line for line in drawn if line["points"]]}


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> Drawing:
    """Rows of text."""
    return {"title": title, "head": list(head), "rows": [list(row) for row in rows]}


def _write(some: Sequence[Panel], columns: int, path: Path) -> None:
    rows = [list(some[i : i + columns]) for i in range(0, len(some), columns)]
    sheet = pictures.Picture(np.asarray(panels.sheet(rows)))
    files.write(str(path), pictures.pack(sheet))


def figure_or_dash(value: float | None, form: str) -> str:
    """Return a number in a format of Python's, a dash for None."""
    return "-" if value is None else format(value, form)
