"""The section with the paper's table: SSIM of every row beside the paper's, and its bytes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ablc.eval.page import numbers
from ablc.eval.page.markup import Markup, element, fill, join
from ablc.eval.store import JsonObject

GROUPS = {
    "JPEG": "JPEG",
    "paper": "The systems of the paper",
    "ablc": "ablc, each picture in at most the bytes of its JPEG",
    "systems": "Systems that the paper builds on or tried",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A dot on a scale of SSIM."""

    kind: str  # class of the style sheet
    value: float | None  # SSIM
    name: str


def section(results: JsonObject) -> Markup:
    """Return the section's HTML."""
    groups = [
        element(
            "tbody",
            element("tr", element("th", title, colspan="6", scope="rowgroup"), class_="group"),
            *(_line(row) for row in results["rows"] if row["group"] == group),
        )
        for group, title in GROUPS.items()
        if any(row["group"] == group for row in results["rows"])
    ]
    return fill(
        "table1.html",
        checks=join(_check(check) for check in results["checks"]),
        pairs=_pairs(results["rows"]),
        rows=join(groups),
    )


def pairs(rows: Iterable[JsonObject]) -> list[tuple[JsonObject, JsonObject]]:
    """Return ablc's rows, each with the JPEG row whose bytes it got, where both were measured."""
    by_id = {row["id"]: row for row in rows if row["ssim"] is not None}
    return [
        (row, by_id[peer])
        for name, row in by_id.items()
        if name.startswith("ablc-") and (peer := name.replace("ablc-", "jpeg-")) in by_id
    ]


def _pairs(rows: Sequence[JsonObject]) -> Markup:
    """Return rows that compare ablc and JPEG, one for each of JPEG's qualities."""
    lines = []
    for own, peer in pairs(rows):
        lead = numbers.signed(own["ssim"] - peer["ssim"], 3)
        marks = [Mark("peer", peer["ssim"], "JPEG"), Mark("own", own["ssim"], "ablc")]
        lines.append(
            element(
                "tr",
                element("th", _named(peer["name"], marks), scope="row"),
                *_cells(numbers.fixed(peer["ssim"], 3), numbers.fixed(own["ssim"], 3), lead),
                *_cells(numbers.whole(peer["bytes"]), numbers.whole(own["bytes"])),
            )
        )
    return join(lines)


def _line(row: JsonObject) -> Markup:
    """Return a row of the table, with its scale."""
    marks = [Mark("paper", row["paper"], "the paper"), Mark("own", row["ssim"], "here")]
    both = row["paper"] is not None and row["ssim"] is not None
    lead = numbers.signed(row["ssim"] - row["paper"], 3) if both else numbers.NONE
    failed = join(element("li", f"{fault['name']}: {fault['reason']}") for fault in row["failed"])
    below = [element("small", row["how"])]
    if failed:
        below.append(element("ul", failed, class_="failed"))
    return element(
        "tr",
        element("th", _named(row["name"], marks), *below, scope="row"),
        *_cells(numbers.fixed(row["ssim"], 3), numbers.fixed(row["paper"], 3), lead),
        element("td", numbers.fixed(row["psnr"], 2), class_="extra"),
        *_cells(numbers.whole(row["bytes"])),
    )


def _named(name: str, marks: Sequence[Mark]) -> Markup:
    """Return a row's name and its scale, side by side where there is room."""
    return element("span", element("span", name, class_="name"), _scale(marks), class_="scaled")


def _scale(marks: Sequence[Mark]) -> Markup:
    """Return a line for SSIM 0..1 with dots and, between two of them, a bar."""
    shown = [mark for mark in marks if mark.value is not None]
    places = {mark.kind: f"{100 * min(max(mark.value or 0, 0), 1):.2f}%" for mark in shown}
    words = ", ".join(f"{mark.name} {numbers.fixed(mark.value, 3)}" for mark in shown)
    dots = [
        element("i", class_=f"dot {kind}", style=f"left:{place}") for kind, place in places.items()
    ]
    if len(shown) == 2:
        low, high = sorted(places.values(), key=lambda place: float(place[:-1]))
        span = f"left:{low};right:calc(100% - {high})"
        dots.insert(0, element("i", class_="span", style=span))
    return element("span", *dots, class_="scale", role="img", aria_label=f"SSIM: {words or 'none'}")


def _cells(*texts: str) -> list[Markup]:
    return [element("td", text) for text in texts]


def _check(check: JsonObject) -> Markup:
    verdict = "holds" if check["holds"] else "does not hold"
    return element(
        "li",
        element("strong", verdict, class_="yes" if check["holds"] else "no"),
        f" {check['text']}",
        element("small", check["detail"]),
    )
