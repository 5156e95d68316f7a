"""The cards at the top of the page: a few figures about one subject each."""

from dataclasses import dataclass

from ablc.eval.page import gallery, numbers, table1
from ablc.eval.page.markup import Markup, element, join
from ablc.eval.page.plots import is_ablc
from ablc.eval.page.results import Results
from ablc.eval.store import JsonObject

ABLC = "ablc"  # the codec, without networks, whose bits are compared
LEAD = "ssim"  # the measure at which bits are compared


@dataclass(frozen=True, slots=True)
class HeadlineCard:
    """A few figures about one subject."""

    title: str
    lines: list[tuple[str, str]]  # name and value
    note: str
    target: str  # id of the section with all figures


def cards(results: Results) -> Markup:
    """Return all cards for which there are results."""
    made: list[HeadlineCard] = []
    if results.table1:
        made += [_paper(results.table1), _jpeg(results.table1)]
    if results.rd:
        made.append(_bits(results.rd))
    if results.gallery:
        made += [_equal_bytes(results.gallery), _regions(results.gallery)]
    return join(_card(card) for card in made if card.lines)


def _paper(results: JsonObject) -> HeadlineCard:
    rows = [row for row in results["rows"] if row["group"] == "paper"]
    compared = [row for row in rows if None not in (row["paper"], row["ssim"])]
    reached = sum(row["ssim"] >= row["paper"] for row in compared)
    lines = [("systems at or above the paper's SSIM", f"{reached} of {len(compared)}")]
    checks = results["checks"]
    if checks:
        held = sum(check["holds"] for check in checks)
        lines.append(("checks that hold", f"{held} of {len(checks)}"))
    return HeadlineCard("The paper's table", lines, results["protocol"], "table1")


def _jpeg(results: JsonObject) -> HeadlineCard:
    lines = [
        (peer["name"], numbers.signed(own["ssim"] - peer["ssim"], 3))
        for own, peer in table1.pairs(results["rows"])
    ]
    pictures = numbers.counted(len(results["pictures"]), "picture")
    note = f"difference in SSIM, mean over {pictures}"
    return HeadlineCard("ablc over JPEG, at JPEG's bytes", lines, note, "table1")


def _bits(results: JsonObject) -> HeadlineCard:
    lines = [
        (name, numbers.percent(rates[LEAD]["mean"]))
        for name, rates in results["bd_rates"].get(ABLC, {}).items()
        if rates.get(LEAD) and not is_ablc(name)
    ]
    low, high = results["bd_range"]
    note = f"BD-rate by SSIM, {low:g} to {high:g} bpp; negative: ablc needs fewer bits"
    return HeadlineCard("Bits that ablc needs at equal SSIM", lines, note, "rd")


def _equal_bytes(results: JsonObject) -> HeadlineCard:
    means = gallery.means(results["pictures"])
    lines = [(name, numbers.fixed(row["ssim"], 3)) for name, row in means.items()]
    pictures = numbers.counted(len(results["pictures"]), "picture")
    note = f"mean SSIM, {results['goal']}, {pictures}"
    return HeadlineCard("Pictures, at equal bytes", lines, note, "gallery")


def _regions(results: JsonObject) -> HeadlineCard:
    means = gallery.means(results["pictures"])
    lines = [
        (name, f"{numbers.fixed(row['inside'], 1)} dB")
        for name, row in means.items()
        if row["inside"] is not None
    ]
    return HeadlineCard("Inside the region, at equal bytes", lines, "mean PSNR", "gallery")


def _card(card: HeadlineCard) -> Markup:
    lines = [
        element("div", element("dt", name), element("dd", value)) for name, value in card.lines
    ]
    return element(
        "article",
        element("h3", element("a", card.title, href=f"#{card.target}")),
        element("dl", *lines),
        element("p", card.note),
        class_="card",
    )
