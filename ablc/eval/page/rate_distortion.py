"""The section on rate and distortion: curves, BD-rates, speed."""

from collections.abc import Sequence

from ablc.eval.page import numbers
from ablc.eval.page.figures import place
from ablc.eval.page.markup import Markup, element, escape, fill, join, table
from ablc.eval.page.plots import Line, Plot, looks_of
from ablc.eval.store import JsonObject


def plots(results: JsonObject) -> list[Plot]:
    """Return a plot for each measure, of all codecs and of published figures."""
    return [_plot(results, key) for key in results["measures"]]


def section(results: JsonObject, drawn: Sequence[Plot]) -> Markup:
    """Return the section's HTML. drawn: what plots() returned."""
    codecs = [(codec["name"], codec) for codec in results["codecs"] if codec["curve"]]
    return fill(
        "rate_distortion.html",
        plots=join(place(plot) for plot in drawn),
        bd_rates=_bd_rates(results),
        speed=_speed(results),
        curves=join(_curve(name, codec, results["measures"]) for name, codec in codecs),
        published=_published(results),
    )


def _plot(results: JsonObject, key: str) -> Plot:
    measure = results["measures"][key]
    looks = looks_of([codec["name"] for codec in results["codecs"]])
    lines = [
        Line(codec["name"], points, *looks[codec["name"]])
        for codec in results["codecs"]
        if (points := _points(codec["curve"], key))
    ]
    others = sorted({line["codec"] for line in results["published"]})
    lines += [
        Line(
            line["codec"],
            tuple((x, y) for x, y in line["points"]),
            None,
            others.index(line["codec"]),
            source=line["source"],
        )
        for line in results["published"]
        if line["measure"] == key and line["points"]
    ]
    better = "higher is better" if measure["better"] == "higher" else "lower is better"
    return Plot(
        f"rd-{key}",
        f"{measure['name']} ({better})",
        "bits per pixel",
        measure["name"],
        tuple(lines),
        logarithmic=True,
    )


def _points(curve: Sequence[JsonObject], key: str) -> tuple[tuple[float, float], ...]:
    """Return (rate, measure) of the files for which both exist, the rate rising."""
    points = [(row.get("bpp"), row.get(key)) for row in curve]
    return tuple(sorted((x, y) for x, y in points if x is not None and y is not None and x > 0))


def _bd_rates(results: JsonObject) -> Markup:
    measures = results["measures"]
    low, high = results["bd_range"]
    rows = [
        [f"{tested} against {name}", *(_rate(rates.get(key)) for key in measures)]
        for tested, against in results["bd_rates"].items()
        for name, rates in against.items()
    ]
    caption = (
        f"Bits that ablc needs at equal quality (BD-rate, {low:g} to {high:g} bits per pixel): mean"
        " over the pictures, median, and number of pictures on which both curves overlap"
    )
    return table(caption, ["", *(each["name"] for each in measures.values())], rows)


def _rate(rate: JsonObject | None) -> Markup:
    if rate is None:
        return escape(numbers.NONE)
    better = "better" if rate["mean"] < 0 else "worse"
    rest = f"median {numbers.percent(rate['median'])}, {rate['count']:,}"
    return join(
        [element("strong", numbers.percent(rate["mean"]), class_=better), element("small", rest)]
    )


def _speed(results: JsonObject) -> Markup:
    rows = [
        [
            row["codec"],
            numbers.fixed(row["bpp"], 2),
            numbers.fixed(row["encode"], 1),
            numbers.fixed(row["decode"], 1),
        ]
        for row in results["speed"]
    ]
    caption = "Speed in one thread, megapixels per second"
    return table(caption, ["codec", "at bits per pixel", "encode", "decode"], rows)


def _curve(name: str, codec: JsonObject, measures: JsonObject) -> Markup:
    """Return the figures behind the curve of one codec."""
    rows = [
        [
            f"{row['quality']:g}" if row.get("quality") is not None else numbers.NONE,
            numbers.fixed(row.get("bpp"), 4),
            numbers.whole(row.get("bytes")),
            *(numbers.fixed(row.get(key), 4) for key in measures),
        ]
        for row in codec["curve"]
    ]
    head = ["quality", "bits per pixel", "bytes", *(each["name"] for each in measures.values())]
    return element(
        "details",
        element("summary", f"{name}: {codec['settings']} ({codec['library']})"),
        table(f"{name}, means over the pictures", head, rows),
    )


def _published(results: JsonObject) -> Markup:
    rows = [
        [
            line["codec"],
            results["measures"][line["measure"]]["name"],
            ", ".join(f"{value:g} at {bpp:g}" for bpp, value in line["points"]),
            line["source"],
        ]
        for line in results["published"]
        if line["measure"] in results["measures"]
    ]
    return table(
        "Figures that others published", ["codec", "measure", "at bits per pixel", "source"], rows
    )
