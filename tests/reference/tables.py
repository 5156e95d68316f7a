"""The tables that FORMAT.md leaves in csrc/*.inc, read from there."""

import re
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

CSRC = Path(__file__).parents[2] / "csrc"


@cache
def table(file: str, name: str) -> Any:
    """Return an array of the file as nested lists. Starts {p, n} are one more dimension."""
    text = (CSRC / file).read_text()
    declaration = re.search(rf"(\w+) {name}((?:\[\d+\])+) = (\{{[^;]*\}});", text)
    assert declaration, f"{file} has no table {name}"
    kind, dimensions, body = declaration.groups()
    values = [int(value) for value in re.findall(r"-?\d+", re.sub(r"//.*", "", body))]
    lengths = [int(length) for length in re.findall(r"\d+", dimensions)]
    if kind == "Start":
        lengths.append(2)
    assert len(values) == prod(lengths), f"{name} of {file} is not as large as it says"
    return _nested(values, lengths)


def _nested(values: list[int], lengths: list[int]) -> list[Any]:
    if len(lengths) == 1:
        return values
    stride = len(values) // lengths[0]
    parts = (values[at : at + stride] for at in range(0, len(values), stride))
    return [_nested(part, lengths[1:]) for part in parts]
