"""The figures at the top of the page, computed from the results."""

from dataclasses import dataclass

from ablc.eval.page import gallery, numbers, table1
from ablc.eval.page.markup import Markup, element, join
from ablc.eval.page.plots import is_ablc
from ablc.eval.page.results import Results, Row

OWN = "ablc"  # the codec whose bits are named, without networks
LEAD = "ssim"  # the measure of which bits at equal quality are named first


@dataclass(frozen=True, slots=True)
class Card:
    """A few figures about one thing."""

    title: str
    lines: list[tuple[str, str]]  # name and value
    note: str
    target: str  # id of the section with the rest


def cards(results: Results) -> Markup:
    """All that the results give."""
    made: list[Card] = []
    if results.table1:
        made += [_paper(results.table1), _jpeg(results.table1)]
    if results.rd:
        made.append(_bits(results.rd))
    if results.gallery:
        made += [_equal_bytes(results.gallery), _regions(results.gallery)]
    return join(_card(card) for card in made if card.lines)


def _paper(found: Row) -> Card:
    own = [row for row in found["rows"] if row["group"] == "paper"]
    compared = [row for row in own if None not in (row["paper"], row["ssim"])]
    reached = sum(row["ssim"] >= row["paper"] for row in compared)
    lines = [("systems at or above the paper's SSIM", f"{reached} of {len(compared)}")]
    checks = found["checks"]
    if checks:
        held = sum(check["holds"] for check in checks)
        lines.append(("checks that hold", f"{held} of {len(checks)}"))
    return Card("The paper's table", lines, found["protocol"], "table1")


def _jpeg(found: Row) -> Card:
    lines = [
        (peer["name"], numbers.signed(own["ssim"] - peer["ssim"], 3))
        for own, peer in table1.pairs(found["rows"])
    ]
    note = f"difference of SSIM, mean over {numbers.counted(len(found['pictures']), 'picture')}"
    return Card("ablc over JPEG, at JPEG's bytes", lines, note, "table1")


def _bits(found: Row) -> Card:
    lines = [
        (name, numbers.percent(rates[LEAD]["mean"]))
        for name, rates in found["bd_rates"].get(OWN, {}).items()
        if rates.get(LEAD) and not is_ablc(name)
    ]
    low, high = found["bd_range"]
    note = f"BD-rate by SSIM, {low:g} to {high:g} bpp; below zero, ablc needs fewer bits"
    return Card("Bits that ablc needs at equal SSIM", lines, note, "rd")


def _equal_bytes(found: Row) -> Card:
    means = gallery.means(found["pictures"])
    lines = [(name, numbers.fixed(row["ssim"], 3)) for name, row in means.items()]
    note = f"mean SSIM, {found['goal']}, {numbers.counted(len(found['pictures']), 'picture')}"
    return Card("Pictures, at equal bytes", lines, note, "gallery")


def _regions(found: Row) -> Card:
    means = gallery.means(found["pictures"])
    lines = [
        (name, f"{numbers.fixed(row['inside'], 1)} dB")
        for name, row in means.items()
        if row["inside"] is not None
    ]
    return Card("Inside the region, at equal bytes", lines, "mean PSNR", "gallery")


def _card(card: Card) -> Markup:
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
