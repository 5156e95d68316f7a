"""What figures are made of: sheets of labelled pictures, plots, tables."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ablc import files, pictures
from ablc.arrays import Pixels
from ablc.drawing import panels
from ablc.drawing.panels import Panel
from ablc.drawing.view import View
from ablc.eval.folder import Photo
from ablc.eval.paper.experiments import Experiment, ExperimentResults
from ablc.eval.running import Failed
from ablc.eval.store import JsonObject

Photos = Sequence[Photo]
NamedPoints = tuple[str, Sequence[tuple[float, float | None]]]  # name of a line, points (x, y)


@dataclass(frozen=True, slots=True)
class PaperFigure:
    """A figure: its experiments, and how it is drawn from their results."""

    id: str
    title: str
    caption: str
    sheet: Callable[[ExperimentResults, Photo], Sequence[Panel]] | None = None  # of one picture
    columns: int = 4  # panels in a row of the sheet
    shown: tuple[Experiment, ...] = ()  # run on every picture that has a sheet
    measured: tuple[Experiment, ...] = ()  # run on every picture of plots and tables
    plots: Callable[[ExperimentResults, Photos], list[JsonObject]] = lambda *_: []
    tables: Callable[[ExperimentResults, Photos], list[JsonObject]] = lambda *_: []

    def draw(
        self, results: ExperimentResults, shown: Photos, measured: Photos, out: Path
    ) -> JsonObject:
        """Write the sheets to out/figures; return the figure as figures.json has it."""
        images = []
        for i, photo in enumerate(shown if self.sheet else ()):
            assert self.sheet
            name = f"figures/{self.id}-{i + 1}.png"
            _write(self.sheet(results, photo), self.columns, out / name)
            images.append({"file": name, "caption": photo.name})
        return {
            "id": self.id,
            "title": self.title,
            "caption": self.caption,
            "images": images,
            "plots": self.plots(results, measured),
            "tables": self.tables(results, measured),
        }


def panel(pixels: Pixels, title: str, detail: str = "") -> Panel:
    """Return a small picture, enlarged, with its label."""
    return Panel(View.of(*pixels.shape[:2]).picture(pixels), title, detail)


def result_panel(
    results: ExperimentResults, experiment: Experiment, photo: Photo, title: str
) -> Panel:
    """Return the painted picture of an experiment with its bytes and SSIM.

    For one that failed: a grey square with the reason.
    """
    row = results.row(experiment, photo)
    if isinstance(row, Failed):
        return panel(np.full((227, 227, 3), 128, np.uint8), title, row.reason)
    detail = f"{row['bytes']:,} bytes, SSIM {row['ssim']:.3f}"
    return panel(results.picture(experiment, photo), title, detail)


def plot(
    title: str,
    x: str,
    y: str,
    lines: Sequence[NamedPoints],
    *,
    log: bool = False,
) -> JsonObject:
    """Return a plot of named lines, without points that have no value. log: x is logarithmic."""
    drawn = [
        {"name": name, "points": [[a, b] for a, b in points if b is not None]}
        for name, points in lines
    ]
    axes = {"x": {"label": x, "log": log}, "y": {"label": y}}
    return {"title": title, **axes, "lines": [line for line in drawn if line["points"]]}


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> JsonObject:
    """Return a table of text."""
    return {"title": title, "head": list(head), "rows": [list(row) for row in rows]}


def _write(some: Sequence[Panel], columns: int, path: Path) -> None:
    rows = [list(some[i : i + columns]) for i in range(0, len(some), columns)]
    sheet = pictures.Picture(np.asarray(panels.sheet(rows)))
    files.write(str(path), pictures.pack(sheet))


def figure_or_dash(value: float | None, form: str) -> str:
    """Return a number in a format of Python's, a dash for None."""
    return "-" if value is None else format(value, form)
