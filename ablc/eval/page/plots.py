"""Plots as data, from which the page, the PNG and the CSV are made."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

LIGHT = ("#2563c9", "#c2410c", "#0f7f6e", "#a3165b", "#8a6a00", "#6d3fc0", "#3f7d16", "#5b6472")
DARK = ("#6ea8ff", "#ff9457", "#3ecfb2", "#ff7eb6", "#e0bd3a", "#b79cff", "#93d35a", "#a9b4c4")
"""Colours of measured lines on white and on black, with a contrast of at least 4.5 : 1."""

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Points joined by a line in their order."""

    name: str
    points: tuple[Point, ...]
    colour: int | None  # index in LIGHT and DARK; None: a published figure, not measured here
    mark: int  # index of the shape of its points
    dashed: bool = False
    source: str = ""  # of a published figure


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines over two axes."""

    name: str  # of its files, without suffix
    title: str
    x: str  # label of the axis
    y: str
    lines: tuple[Line, ...]
    logarithmic: bool = False  # the x axis, at first

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for the page's script."""
        return {
            "title": self.title,
            "x": self.x,
            "y": self.y,
            "log": self.logarithmic,
            "lines": [
                {
                    "name": line.name,
                    "points": line.points,
                    "colour": line.colour,
                    "mark": line.mark,
                    "dashed": line.dashed,
                    "source": line.source,
                }
                for line in self.lines
            ],
        }

    def to_csv(self) -> str:
        """Return a line for each point: line, x, y, source."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["line", self.x, self.y, "source"])
        for line in self.lines:
            writer.writerows([line.name, *point, line.source] for point in line.points)
        return file.getvalue()


def looks_of(names: Sequence[str]) -> dict[str, tuple[int, int, bool]]:
    """Return colour, mark and dash of each line; ablc's share the first colour."""
    own = [name for name in names if is_ablc(name)]
    others = [name for name in names if name not in own]
    looks = {name: (0, i, i > 0) for i, name in enumerate(own)}
    rest = len(LIGHT) - 1
    return looks | {name: (1 + i % rest, i, i >= rest) for i, name in enumerate(others)}


def is_ablc(name: str) -> bool:
    """True if a line or a codec of this name is ablc's."""
    return name == "ablc" or name.startswith(("ablc ", "ablc,"))
