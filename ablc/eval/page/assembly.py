"""The page, joined from its sections, and the files of its plots."""

import base64
import errno
import hashlib
from pathlib import Path

from ablc import files
from ablc.eval.page import (
    figures,
    gallery,
    headline_cards,
    numbers,
    plot_files,
    plots,
    rate_distortion,
    table1,
)
from ablc.eval.page.markup import Markup, data, element, fill, join, resource, table
from ablc.eval.page.plots import Plot
from ablc.eval.page.results import Results, read
from ablc.eval.store import JsonObject

PAGE = "index.html"
MARK = b"<title>ablc, measured</title>"  # of every page, near its beginning
MARK_WITHIN = 4096  # bytes
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


def check(out: Path) -> None:
    """Raise FileExistsError if a folder has an index.html that is not a page of write()."""
    page = out / PAGE
    if not page.exists():
        return
    with page.open("rb") as file:
        start = file.read(MARK_WITHIN)
    if start and MARK not in start:
        reason = "not a page of ablc: choose another folder (--out), or remove the file"
        raise FileExistsError(errno.EEXIST, reason, str(page))


def write(out: Path) -> Path:
    """Make index.html of all results in a folder, and return its path.

    The page needs no other file. Beside it, plots/ gets each plot as CSV and, where matplotlib is
    installed, as PNG.
    Raises FileExistsError as check() does; ResultsError, naming the file, if one does not hold
    results; OSError if a file cannot be read or written.
    """
    check(out)
    results = read(out)
    plots_of_figures = figures.plots(results.figures) if results.figures else {}
    plots_of_rates = rate_distortion.plots(results.rd) if results.rd else []
    all_plots = [*(plot for each in plots_of_figures.values() for plot in each), *plots_of_rates]
    sections = []
    if results.table1:
        sections.append(table1.section(results.table1))
    if results.rd:
        sections.append(rate_distortion.section(results.rd, plots_of_rates))
    if results.gallery:
        sections.append(gallery.section(results.gallery, out))
    if results.figures:
        sections.append(figures.section(results.figures, out, plots_of_figures))
    page = _page(results, sections, all_plots)
    plot_files.write(out / "plots", all_plots, results.table1)
    files.write(str(out / PAGE), page.encode("utf-8", "replace"))  # names may hold lone surrogates
    return out / PAGE


def _page(results: Results, sections: list[Markup], all_plots: list[Plot]) -> Markup:
    script = "\n".join(resource(name) for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    kinds = [part["kind"] for part in results.parts]
    links = [element("a", TITLES[kind], href=f"#{kind}") for kind in _in_order(kinds)]
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
        cards=headline_cards.cards(results),
        measured=_measured(results),
        missing=_missing(results),
        sections=join(sections),
        absent=join(_absent(kind) for kind in TITLES if kind not in kinds),
        data=data("plots", {plot.name: plot.to_dict() for plot in all_plots}),
    )


def _in_order(kinds: list[str]) -> list[str]:
    """Return kinds of results in the order of their sections."""
    return [kind for kind in ("table1", "rd", "gallery", "figures") if kind in kinds]


def _palette() -> str:
    """Return the colours of lines as variables of a style sheet."""
    light, dark = (
        "".join(f"--line-{i}:{colour};" for i, colour in enumerate(colours))
        for colours in (plots.LIGHT, plots.DARK)
    )
    return (
        f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"
        f":root[data-theme=light]{{{light}}}:root[data-theme=dark]{{{dark}}}\n"
    )


def _measured(results: Results) -> Markup:
    """Return a table of the results: pictures, settings, version."""
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


def _settings(part: JsonObject) -> str:
    if part["kind"] == "table1":
        form = "the paper's settings" if part["reference_form"] else "the usual settings"
        quick = ", quick: fewer pictures than the full run" if part["quick"] else ""
        time = f"{part['seconds']:,.0f} s, {part['jobs']} at a time"
        return f"protocol {part['protocol']}, {form}{quick}; {time}"
    if part["kind"] == "rd":
        names = ", ".join(each["name"] for each in part["codecs"] if each["curve"])
        return f"{names}; settings and versions are with their figures"
    return str(part["goal"]) if part["kind"] == "gallery" else ""


def _missing(results: Results) -> Markup:
    """Return tables of the files and codecs that were not measured, with the reasons."""
    broken = {(file["name"], file["reason"]) for part in results.parts for file in part["broken"]}
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
    """Return a hint how to measure results that the folder lacks."""
    return element(
        "p", f"{TITLES[kind]}: not measured here; ", element("code", COMMANDS[kind]), " adds it.",
        class_="hint",
    )  # fmt: skip
