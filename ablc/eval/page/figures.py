"""The section with the paper's figures and the survey of its hyper-parameters."""

from pathlib import Path

from ablc.eval.page import images
from ablc.eval.page.markup import Markup, element, fill, join, table
from ablc.eval.page.plots import Line, Plot, looks_of
from ablc.eval.store import JsonObject


def plots(results: JsonObject) -> dict[str, list[Plot]]:
    """Return the plots of all figures, by the figure's id."""
    return {
        figure["id"]: [
            _plot(f"figures-{i}-{j}", plot) for j, plot in enumerate(figure["plots"], start=1)
        ]
        for i, figure in enumerate(results["figures"], start=1)
    }


def section(results: JsonObject, folder: Path, drawn: dict[str, list[Plot]]) -> Markup:
    """Return the section's HTML. drawn: what plots() returned."""
    figures = results["figures"]
    return fill(
        "figures.html",
        figures=join(_figure(figure, folder, drawn[figure["id"]]) for figure in figures),
    )


def place(plot: Plot) -> Markup:
    """Return the element into which the page's script draws a plot."""
    return element(
        "figure",
        element("figcaption", plot.title),
        element("div", class_="drawing"),
        element("output", "", class_="readout"),
        class_="plot",
        data_plot=plot.name,
    )


def _figure(figure: JsonObject, folder: Path, drawn: list[Plot]) -> Markup:
    pictures = [
        element(
            "figure",
            images.element_of(folder, image["file"], image["caption"]),
            element("figcaption", image["caption"]),
        )
        for image in figure["images"]
    ]
    tables = [table(each["title"], each["head"], each["rows"]) for each in figure["tables"]]
    return element(
        "article",
        element("h3", figure["title"]),
        element("p", figure["caption"]),
        element("div", *pictures, class_="pictures"),
        element("div", *(place(plot) for plot in drawn), class_="plots"),
        element("div", *tables, class_="tables"),
        class_="paper-figure",
    )


def _plot(name: str, plot: JsonObject) -> Plot:
    looks = looks_of([line["name"] for line in plot["lines"]])
    lines = tuple(
        Line(line["name"], tuple((x, y) for x, y in line["points"]), *looks[line["name"]])
        for line in plot["lines"]
    )
    logarithmic = plot["x"].get("log") is True
    return Plot(name, plot["title"], plot["x"]["label"], plot["y"]["label"], lines, logarithmic)
