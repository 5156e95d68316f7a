"""Output of benchmarks: tables and JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table: first column to the left, figures to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_json(path: Path, result: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n")
