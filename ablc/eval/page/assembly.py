"""The page from its sections, and the plots beside it as files."""

import base64
import hashlib
from pathlib import Path

from ablc import files
from ablc.eval.page import charts, figures, gallery, headlines, numbers, plots, rates, table1
from ablc.eval.page.markup import Markup, data, element, fill, join, resource, table
from ablc.eval.page.plots import Plot
from ablc.eval.page.results import Results, Row, read

PAGE = "index.html"
STYLES = ("slider.css", "page.css")
SCRIPTS = ("plot.js", "slider.js", "page.js")
TITLES = {
    "table1": "The paper's table",
    "figures": "The paper's figures",
    "rd": "Rate and distortion",
    "gallery": "Pictures",
}
COMMANDS = {
    "table1": "ablc reproduce table1",
    "figures": "ablc reproduce figures",
    "rd": "ablc reproduce rd",
    "gallery": "ablc report FOLDER",
}


def write(out: Path) -> Path:
    """Makes index.html of whatever results a folder holds, and returns its path.

    The page needs no other file. Beside it, plots/ gets each plot as CSV and, where matplotlib is
    installed, as PNG.
    Raises ResultsError, naming the file, for what is no result; OSError if a file cannot be
    read or written.
    """
    results = read(out)
    drawn_figures = figures.plots(results.figures) if results.figures else {}
    drawn_rates = rates.plots(results.rd) if results.rd else []
    drawn = [*(plot for each in drawn_figures.values() for plot in each), *drawn_rates]
    sections = []
    if results.table1:
        sections.append(table1.section(results.table1))
    if results.rd:
        sections.append(rates.section(results.rd, drawn_rates))
    if results.gallery:
        sections.append(gallery.section(results.gallery, out))
    if results.figures:
        sections.append(figures.section(results.figures, out, drawn_figures))
    page = _page(results, sections, drawn)
    charts.write(out / "plots", drawn, results.table1)
    files.write(str(out / PAGE), page.encode("utf-8", "replace"))  # names may hold half a surrogate
    return out / PAGE


def _page(results: Results, sections: list[Markup], drawn: list[Plot]) -> Markup:
    script = "\n".join(resource(name) for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    there = [part["kind"] for part in results.parts]
    links = [element("a", TITLES[kind], href=f"#{kind}") for kind in _order(there)]
    counts = sorted({len(part["pictures"]) for part in results.parts})
    fewer = f"{counts[0]:,} to " if len(counts) > 1 else ""
    return fill(
        "page.html",
        script=Markup(script),
        script_digest=digest,
        style=Markup(_palette() + "\n".join(resource(name) for name in STYLES)),
        links=join(links),
        version=", ".join(sorted({f"ablc {part['ablc']}" for part in results.parts})),
        pictures=fewer + numbers.counted(counts[-1], "picture"),
        cards=headlines.cards(results),
        measured=_measured(results),
        missing=_missing(results),
        sections=join(sections),
        absent=join(_absent(kind) for kind in TITLES if kind not in there),
        data=data("plots", {plot.name: plot.to_dict() for plot in drawn}),
    )


def _order(kinds: list[str]) -> list[str]:
    """As the sections follow each other."""
    return [kind for kind in ("table1", "rd", "gallery", "figures") if kind in kinds]


def _palette() -> str:
    """The colours of lines as variables of the style sheet."""
    light, dark = (
        "".join(f"--line-{i}:{colour};" for i, colour in enumerate(colours))
        for colours in (plots.LIGHT, plots.DARK)
    )
    return (
        f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f":root[data-theme=light]{{{light}}}:root[data-theme=dark]{{{dark}}}\n"
    )


def _measured(results: Results) -> Markup:
    """What was measured, on what, with which settings."""
    rows = []
    for part in results.parts:
        pictures = [each if isinstance(each, str) else each["name"] for each in part["pictures"]]
        names = element(
            "details",
            element("summary", numbers.counted(len(pictures), "picture")),
            ", ".join(pictures),
        )
        rows.append([TITLES[part["kind"]], names, _settings(part), f"ablc {part['ablc']}"])
    return table("What was measured", ["", "pictures", "settings", "version"], rows)


def _settings(part: Row) -> str:
    if part["kind"] == "table1":
        form = "the paper's settings" if part["reference_form"] else "the usual settings"
        quick = ", quick: fewer steps than the full run" if part["quick"] else ""
        time = f"{part['seconds']:,.0f} s, {part['jobs']} at a time"
        return f"protocol {part['protocol']}, {form}{quick}; {time}"
    if part["kind"] == "rd":
        names = ", ".join(each["name"] for each in part["codecs"] if each["curve"])
        return f"{names}; settings and versions are with their figures"
    return str(part["goal"]) if part["kind"] == "gallery" else ""


def _missing(results: Results) -> Markup:
    """Broken pictures and missing peers, each with its reason."""
    broken = {(one["name"], one["reason"]) for part in results.parts for one in part["broken"]}
    lacking = {
        (codec["name"], codec["missing"])
        for part in (results.rd, results.gallery)
        if part
        for codec in part["codecs"]
        if codec["missing"]
    }
    parts = []
    if broken:
        parts.append(table("Files that were not measured", ["file", "reason"], sorted(broken)))
    if lacking:
        parts.append(table("Codecs that are missing here", ["codec", "reason"], sorted(lacking)))
    return join(parts)


def _absent(kind: str) -> Markup:
    return element(
        "p", f"{TITLES[kind]}: not measured here; ", element("code", COMMANDS[kind]), " adds it.",
        class_="hint",
    )  # fmt: skip
