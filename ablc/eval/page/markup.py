"""HTML in which all text is escaped unless it is Markup."""

import html
import json
from collections.abc import Iterable, Sequence
from importlib.resources import files
from string import Template

SLIDER = "ablc.drawing"  # the package with slider.css, slider.html and slider.js
VOID = ("img", "input", "meta")  # elements without an end tag


class Markup(str):
    """HTML that goes into the page as it is; all other text is escaped first."""

    __slots__ = ()


def escape(text: str) -> Markup:
    """Return Markup unchanged, any other text with the special characters of HTML escaped."""
    return text if isinstance(text, Markup) else Markup(html.escape(text))


def join(parts: Iterable[str]) -> Markup:
    """Return the parts, escaped, one after another."""
    return Markup("".join(escape(part) for part in parts))


def element(tag: str, *children: str, **attributes: str | bool) -> Markup:
    """Return an element.

    Names of attributes lose a final underscore; other underscores become hyphens. The value True
    makes an attribute without a value, False leaves it out.
    """
    written = "".join(
        f" {name.rstrip('_').replace('_', '-')}"
        + ("" if value is True else f'="{html.escape(value)}"')
        for name, value in attributes.items()
        if value is not False
    )
    if tag in VOID:
        return Markup(f"<{tag}{written}>")
    return Markup(f"<{tag}{written}>{join(children)}</{tag}>")


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table whose first column names the rows; it scrolls where it is too wide."""
    body = [
        element(
            "tr", element("th", row[0], scope="row"), *(element("td", cell) for cell in row[1:])
        )
        for row in rows
    ]
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *(element("th", name, scope="col") for name in head))),
        element("tbody", *body),
    )
    return element("div", whole, class_="scroll", tabindex="0", role="region", aria_label=caption)


def data(name: str, value: object) -> Markup:
    """Return JSON for the page's scripts in an element with that id; its text cannot end it."""
    text = json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")
    return element("script", Markup(text), type="application/json", id=name)


def resource(name: str) -> str:
    """Return the text of a file beside this module, or of the slider that all pages share."""
    package = SLIDER if name.startswith("slider.") else __package__
    return files(package).joinpath(name).read_text("utf-8")


def fill(template: str, /, **slots: str) -> Markup:
    """Return a template with its $slots filled in."""
    filled = {slot: escape(text) for slot, text in slots.items()}
    return Markup(Template(resource(template)).substitute(filled))
