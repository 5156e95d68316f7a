"""The section of rate and distortion: curves, BD-rates, speed."""

from collections.abc import Sequence

from ablc.eval.page import numbers
from ablc.eval.page.figures import place
from ablc.eval.page.markup import Markup, element, escape, fill, join, table
from ablc.eval.page.plots import Line, Plot, looks_of
from ablc.eval.page.results import Row


def plots(found: Row) -> list[Plot]:
    """A plot for each measure: all codecs, and what others published."""
    return [_plot(found, key) for key in found["measures"]]


def section(found: Row, drawn: Sequence[Plot]) -> Markup:
    """The section's HTML."""
    codecs = [(codec["name"], codec) for codec in found["codecs"] if codec["curve"]]
    return fill(
        "rates.html",
        plots=join(place(plot) for plot in drawn),
        bd_rates=_bd_rates(found),
        speed=_speed(found),
        curves=join(_curve(name, codec, found["measures"]) for name, codec in codecs),
        published=_published(found),
    )


def _plot(found: Row, key: str) -> Plot:
    measure = found["measures"][key]
    looks = looks_of([codec["name"] for codec in found["codecs"]])
    lines = [
        Line(codec["name"], points, *looks[codec["name"]])
        for codec in found["codecs"]
        if (points := _points(codec["curve"], key))
    ]
    others = sorted({one["codec"] for one in found["published"]})
    lines += [
        Line(
            one["codec"],
            tuple((x, y) for x, y in one["points"]),
            None,
            others.index(one["codec"]),
            source=one["source"],
        )
        for one in found["published"]
        if one["measure"] == key and one["points"]
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


def _points(curve: Sequence[Row], key: str) -> tuple[tuple[float, float], ...]:
    """Rate and measure where both were measured, the rate rising."""
    found = [(row.get("bpp"), row.get(key)) for row in curve]
    return tuple(sorted((x, y) for x, y in found if x is not None and y is not None and x > 0))


def _bd_rates(found: Row) -> Markup:
    measures = found["measures"]
    low, high = found["bd_range"]
    rows = [
        [f"{tested} against {name}", *(_rate(rates.get(key)) for key in measures)]
        for tested, against in found["bd_rates"].items()
        for name, rates in against.items()
    ]
    caption = (
        f"Bits that ablc needs at equal quality (BD-rate, {low:g} to {high:g} bits per pixel): mean"
        " over the pictures, median, and how many pictures have both curves at common qualities"
    )
    return table(caption, ["", *(each["name"] for each in measures.values())], rows)


def _rate(rate: Row | None) -> Markup:
    if rate is None:
        return escape(numbers.NONE)
    better = "better" if rate["mean"] < 0 else "worse"
    rest = f"median {numbers.percent(rate['median'])}, {rate['count']:,}"
    return join(
        [element("strong", numbers.percent(rate["mean"]), class_=better), element("small", rest)]
    )


def _speed(found: Row) -> Markup:
    rows = [
        [
            row["codec"],
            numbers.fixed(row["bpp"], 2),
            numbers.fixed(row["encode"], 1),
            numbers.fixed(row["decode"], 1),
        ]
        for row in found["speed"]
    ]
    caption = "Speed in one thread, megapixels per second"
    return table(caption, ["codec", "at bits per pixel", "encode", "decode"], rows)


def _curve(name: str, codec: Row, measures: Row) -> Markup:
    """What the plots show of one codec, in figures."""
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


def _published(found: Row) -> Markup:
    rows = [
        [
            one["codec"],
            found["measures"][one["measure"]]["name"],
            ", ".join(f"{value:g} at {bpp:g}" for bpp, value in one["points"]),
            one["source"],
        ]
        for one in found["published"]
        if one["measure"] in found["measures"]
    ]
    return table(
        "As others published them", ["codec", "measure", "at bits per pixel", "source"], rows
    )
