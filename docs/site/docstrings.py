"""Docstrings as the API reference shows them.

A docstring of ablc is plain text. Its list of arguments, "name: what it is" with the rest of an entry
indented, becomes a list of Markdown. What a field of a dataclass is stands in a comment behind it,
and becomes its docstring.
"""

import re
from typing import Any

import griffe

ENTRY = re.compile(r"(\w+(?:, \w+)*): (?=\S)")  # "icc, exif, xmp: "
COMMENT = re.compile(r"[^\"'#]*(?:=.*)?\s{2}# (.+)")


class Docstrings(griffe.Extension):
    """Goes through everything that griffe has found in the package."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        if obj.is_attribute and obj.docstring is None and obj.parent and obj.parent.is_class:
            found = [COMMENT.fullmatch(line) for line in obj.lines]
            if words := " ".join(match[1] for match in found if match):
                obj.docstring = griffe.Docstring(words[0].upper() + words[1:] + ".", parent=obj)
        if obj.docstring is not None:
            obj.docstring.value = "\n\n".join(
                as_markdown(part) for part in obj.docstring.value.split("\n\n")
            )


def as_markdown(paragraph: str) -> str:
    """A paragraph of a docstring in which entries are items of a list."""
    lines = paragraph.split("\n")
    if not any(ENTRY.match(line) for line in lines):
        return paragraph
    items: list[str] = []
    for line in lines:
        if match := ENTRY.match(line):
            names = ", ".join(f"`{name}`" for name in match[1].split(", "))
            items.append(f"- {names}: {line[match.end() :]}")
        else:
            items.append(line if line.startswith(" ") or not items else f"  {line}")
    return "\n".join(items)
