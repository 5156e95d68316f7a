"""Results on disk, found by what decides them, so that nothing is measured twice.

A result is a JSON object with files beside it. It appears whole or not at all, and may be written
by several processes at once.
"""

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ablc
from ablc import _core, files

Row = dict[str, Any]  # what json can hold


@dataclass(frozen=True, slots=True)
class Result:
    """What was found out."""

    row: Row
    files: Mapping[str, bytes] = field(default_factory=dict)  # by name with suffix


def default_folder() -> Path:
    """Where results are kept unless said otherwise: ablc/eval in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ablc" / "eval"


def key_of(*parts: str | int | float | bool | None) -> str:
    """Key of a result, from all that decides it; the order counts."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@functools.cache
def ablc_fingerprint(*modules: str) -> str:
    """Changes when anything of ablc does that may change a stream or a decoded picture.

    modules: names of files in ablc/eval that have a say as well.
    """
    root = Path(ablc.__file__).parent
    from ablc import runtime  # an editable install has it elsewhere

    parts = [Path(_core.__file__), *root.glob("*.py"), *(root / "eval" / name for name in modules)]
    parts += [path for path in Path(runtime.__file__).parent.rglob("*") if path.is_file()]
    total = hashlib.sha256()
    for path in sorted(path for path in parts if "__pycache__" not in path.parts):
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


class Store:
    """A folder of results."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Row | None:
        """The row of a result; None if it is not there, or damaged."""
        try:
            row = json.loads((self._home(key) / "row.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return row if isinstance(row, dict) else None

    def file(self, key: str, name: str) -> Path:
        """Where a file of a result is, if it is there."""
        return self._home(key) / name

    def put(self, key: str, result: Result) -> None:
        """Keeps a result. The row is written last: with it the result is there."""
        home = self._home(key)
        home.mkdir(parents=True, exist_ok=True)
        for name, data in result.files.items():
            files.write(str(home / name), data)
        files.write(str(home / "row.json"), json.dumps(result.row).encode())

    def _home(self, key: str) -> Path:
        return self._folder / key[:2] / key
