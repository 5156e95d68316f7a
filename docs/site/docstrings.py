"""Docstrings as the API reference shows them.

A docstring of ablc is plain text. Its list of arguments, "name: what it is" with the rest of an
entry indented, becomes a list of Markdown. What the fields of a class are stands in comments behind
them; these become a list too, in the docstring of the class.
"""

import re
from collections.abc import Iterator
from typing import Any

import griffe

ENTRY = re.compile(r"(\w+(?:, \w+)*): (?=\S)")  # "icc, exif, xmp: "
COMMENT = re.compile(r".*?\s{2}# (.+)")


class Docstrings(griffe.Extension):
    """Rewrites what griffe has found in a package."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        for described in _below(pkg):
            if described.docstring is not None:
                paragraphs = described.docstring.value.split("\n\n")
                described.docstring.value = "\n\n".join(map(_listed, paragraphs))
        classes = [found for found in _below(pkg) if isinstance(found, griffe.Class)]
        for described in classes:
            if described.docstring is not None and (fields := _fields(described)):
                described.docstring.value += "\n\n" + "\n".join(map(_told, fields))
        for described in classes:  # the page needs no sections for what is in the list, nor for
            for field in _fields(described):  # methods that a reader calls by another name
                if not field.inherited:
                    described.del_member(field.name)
            for name in [name for name in described.members if name.startswith("_")]:
                if name not in ("__init__", "__call__"):
                    described.del_member(name)


def _below(package: griffe.Object) -> Iterator[griffe.Object]:
    """Everything that is defined in a package, at any depth."""
    for member in package.members.values():
        if isinstance(member, griffe.Object):
            yield member
            yield from _below(member)


def _listed(paragraph: str) -> str:
    """A paragraph of a docstring in which entries are items of a list, and sessions are code."""
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
    """Its public attributes, those of its bases first."""
    return [
        member
        for name, member in {**described.inherited_members, **described.members}.items()
        if member.is_attribute and "property" not in member.labels and not name.startswith("_")
    ]


def _told(field: griffe.Object | griffe.Alias) -> str:
    """An item of a list that says what a field is."""
    words = " ".join(found[1] for found in map(COMMENT.fullmatch, field.lines) if found)
    if field.docstring is not None:
        words = " ".join(field.docstring.value.split())
    kinds = [f"`{field.annotation}`"] if field.annotation else []
    default = field.module.members.get(str(field.value))  # a constant, which says nothing
    if default is not None:
        kinds.append(f"default `{default.value}`")
    kind = f" ({', '.join(kinds)})" if kinds else ""
    return f"- `{field.name}`{kind}" + (f": {words}" if words else "")
