"""The worked example of docs/FORMAT.md is what the codec does."""

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_example_in_the_format_is_current() -> None:
    block = runpy.run_path(str(DOCS / "format_example.py"))["example"]()
    assert block in (DOCS / "FORMAT.md").read_text(encoding="utf-8")
