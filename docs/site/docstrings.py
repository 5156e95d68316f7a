"""Prepares docstrings for the API reference.

Docstrings of ablc are plain text. A list of arguments, "name: description" with continuation lines
indented, becomes a Markdown list. The fields of a class are described by the options of their
annotations, or by comments behind them; these become a list in the docstring of the class.
"""

import re
from collections.abc import Iterator
from typing import Any

import griffe

from ablc import settings
from ablc.options import Option

ENTRY = re.compile(r"(\w+(?:, \w+)*): (?=\S)")  # "icc, exif, xmp: "
COMMENT = re.compile(r".*?\s{2}# (.+)")
ANNOTATED = re.compile(r"Annotated\[(.+), (\w+)\]")  # a type and the name of an option


class Docstrings(griffe.Extension):
    """Rewrites the docstrings of a package that griffe has read."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        for described in _below(pkg):
            if described.docstring is not None:
                paragraphs = described.docstring.value.split("\n\n")
                described.docstring.value = "\n\n".join(map(_listed, paragraphs))
        classes = [member for member in _below(pkg) if isinstance(member, griffe.Class)]
        for described in classes:
            if described.docstring is not None and (fields := _fields(described)):
                described.docstring.value += "\n\n" + "\n".join(map(_item, fields))
            for parameter in described.parameters:
                if ANNOTATED.fullmatch(str(parameter.annotation)):
                    parameter.annotation = parameter.annotation.slice.elements[0]
        for described in classes:  # no sections for fields in the list and for special methods
            for field in _fields(described):
                if not field.inherited:
                    described.del_member(field.name)
            for name in [name for name in described.members if name.startswith("_")]:
                if name not in ("__init__", "__call__"):
                    described.del_member(name)


def _below(package: griffe.Object) -> Iterator[griffe.Object]:
    """Iterate over all definitions in a package, at any depth."""
    for member in package.members.values():
        if isinstance(member, griffe.Object):
            yield member
            yield from _below(member)


def _listed(paragraph: str) -> str:
    """Return a paragraph with its entries as items of a list, or with its session as code."""
    if paragraph.startswith(">>> "):
        return f"```pycon\n{paragraph}\n```"
    lines = paragraph.split("\n")
    if not any(ENTRY.match(line) for line in lines):
        return paragraph
    items: list[str] = []
    for line in lines:
        if entry := ENTRY.match(line):
            names = ", ".join(f"`{name}`" for name in entry[1].split(", "))
            items.append(f"- {names}: {line[entry.end() :]}")
        else:
            items.append(line if line.startswith(" ") or not items else f"  {line}")
    return "\n".join(items)


def _fields(described: griffe.Class) -> list[griffe.Object | griffe.Alias]:
    """Return the public attributes of a class, those of its bases first."""
    return [
        member
        for name, member in {**described.inherited_members, **described.members}.items()
        if member.is_attribute and "property" not in member.labels and not name.startswith("_")
    ]


def _item(field: griffe.Object | griffe.Alias) -> str:
    """Return the item of a list that describes a field."""
    comments = (match[1] for match in map(COMMENT.fullmatch, field.lines) if match)
    words = "; ".join(comments)
    if field.docstring is not None:
        words = " ".join(field.docstring.value.split())
    kinds = [f"`{field.annotation}`"] if field.annotation else []
    if annotated := ANNOTATED.fullmatch(str(field.annotation)):
        kinds = [f"`{annotated[1]}`"]
        words = " ".join([_description(getattr(settings, annotated[2])), words]).strip()
    default = field.module.members.get(str(field.value))  # a constant, which says nothing
    if default is not None:
        kinds.append(f"default `{default.value}`")
    kind = f" ({', '.join(kinds)})" if kinds else ""
    return f"- `{field.name}`{kind}" + (f": {words}" if words else "")


def _description(option: Option) -> str:
    """Return the help of an option, with the meaning of None."""
    return f"{option.help} Default: {option.unset}." if option.unset else option.help
