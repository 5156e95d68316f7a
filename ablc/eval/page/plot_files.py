"""Plots as files: CSV, and PNG where matplotlib is installed."""

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ablc import files
from ablc.eval.page import table1
from ablc.eval.page.plots import LIGHT, Plot
from ablc.eval.store import JsonObject

MARKS = "os^Dvp*X"
REFERENCE = "#6b7280"  # colour of figures that others published
DPI = 120


def write(folder: Path, plots: Sequence[Plot], measured: JsonObject | None) -> None:
    """Write NAME.csv and NAME.png of each plot, and table1.png.

    measured: the content of table1.json; None: there is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for plot in plots:
        files.write(str(folder / f"{plot.name}.csv"), plot.to_csv().encode("utf-8", "replace"))
    if find_spec("matplotlib") is None:
        return
    for plot in plots:
        files.write(str(folder / f"{plot.name}.png"), _lines(plot))
    if measured:
        files.write(str(folder / "table1.png"), _table(measured["rows"]))


def _lines(plot: Plot) -> bytes:
    figure, axes = _figure(10, 5.5)
    for line in plot.lines:
        x, y = zip(*line.points, strict=True) if line.points else ((), ())
        looks: dict[str, Any] = {"marker": MARKS[line.mark % len(MARKS)], "markersize": 4}
        if line.colour is None:
            looks |= {"color": REFERENCE, "markerfacecolor": "white", "linestyle": ":"}
        else:
            looks |= {"color": LIGHT[line.colour], "linestyle": "--" if line.dashed else "-"}
            looks["linewidth"] = 2.5 if line.colour == 0 else 1.4
        published = ", published" if line.colour is None else ""
        axes.plot(x, y, label=_plain(line.name + published), **looks)
    if plot.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlabel=_plain(plot.x), ylabel=_plain(plot.y), title=_plain(plot.title))
    axes.grid(alpha=0.25)
    if plot.lines:
        figure.legend(fontsize=8, frameon=False, loc="outside right upper")
    return _png(figure)


def _table(rows: Sequence[JsonObject]) -> bytes:
    """Return a chart with a line for each row of the paper's table: its figure and ours."""
    shown = [row for group in table1.GROUPS for row in rows if row["group"] == group][::-1]
    figure, axes = _figure(8, 1.2 + 0.28 * len(shown))
    for i, row in enumerate(shown):
        if None not in (row["paper"], row["ssim"]):
            axes.plot((row["paper"], row["ssim"]), (i, i), color=REFERENCE, linewidth=2, zorder=1)
    for key, colour, face, name in (
        ("paper", REFERENCE, "white", "the paper"),
        ("ssim", LIGHT[0], LIGHT[0], "measured here"),
    ):
        known = [(row[key], i) for i, row in enumerate(shown) if row[key] is not None]
        x, y = zip(*known, strict=True) if known else ((), ())
        axes.scatter(x, y, s=36, color=colour, facecolor=face, label=name, zorder=2)
    axes.set_yticks(range(len(shown)), [_plain(row["name"]) for row in shown], fontsize=8)
    axes.set(xlim=(0, 1), xlabel="SSIM", title="The paper's table")
    axes.grid(axis="x", alpha=0.25)
    axes.legend(fontsize=8, frameon=False, loc="lower right")
    return _png(figure)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    """Return a matplotlib figure without a window, and its axes. Sides are in inches."""
    from matplotlib.figure import Figure  # late: slow to import, and an extra

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _plain(text: str) -> str:
    """Return text of printable characters in which matplotlib finds no formulas."""
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown.replace("$", r"\$")
