"""Results on disk under a key of all their inputs, so that nothing is measured twice.

A result is a JSON object, perhaps with files. It appears whole or not at all, and several processes
may write at once.
"""

import ast
import functools
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ablc import _core, files

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The figures of a measurement, and files that belong to them."""

    row: JsonObject
    files: Mapping[str, bytes] = field(default_factory=dict)  # contents by file name


def default_folder() -> Path:
    """Return the default folder of results: ablc/eval in the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ablc" / "eval"


def key_of(*parts: str | int | float | bool | None) -> str:
    """Return the key of a result from all values that determine it, in a fixed order."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


@functools.cache
def ablc_fingerprint(*modules: str) -> str:
    """Return a text that changes with all parts of ablc that may change a result.

    It covers the compiled codec, the networks, and the source of every module of the package that
    `ablc` and `modules` (dotted names) import, directly or through others.
    """
    models = resources.files("ablc.runtime").joinpath("models")
    total = hashlib.sha256(Path(_core.__file__).read_bytes())
    for source in sorted(sources_of("ablc", *modules)):
        total.update(hashlib.sha256(source.read_bytes()).digest())
    for model in sorted(models.iterdir(), key=lambda file: file.name):
        total.update(hashlib.sha256(model.read_bytes()).digest())
    return total.hexdigest()


def sources_of(*modules: str) -> set[Path]:
    """Return the source files of modules and of all modules of the package that they import."""
    seen: set[str] = set()
    sources: set[Path] = set()
    waiting = [*modules]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        source = _source(name)
        if source is not None:
            sources.add(source)
            waiting += [n for n in _imports(source) if n.split(".")[0] == "ablc"]
    return sources


def _source(module: str) -> Path | None:
    """Return the source file of a module; None for a compiled one or a name that is no module."""
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:  # a name inside a module that is not a package
        return None
    return Path(spec.origin) if spec and spec.origin and spec.origin.endswith(".py") else None


def _imports(source: Path) -> Iterator[str]:
    """Yield all dotted names that a file imports, including `module.name` of each `from` import."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


class Store:
    """A folder of results."""

    def __init__(self, folder: Path, *, fresh: bool = False) -> None:
        """fresh: results are stored, and those that are there are replaced but never returned."""
        self._folder = folder
        self._fresh = fresh

    def get(self, key: str) -> JsonObject | None:
        """Return the JSON object of a result; None if it is missing or damaged, or all is fresh."""
        if self._fresh:
            return None
        try:
            row = json.loads((self._home(key) / "row.json").read_text())
        except (FileNotFoundError, ValueError):
            return None
        return row if isinstance(row, dict) else None

    def file(self, key: str, name: str) -> Path:
        """Return the path of a file of a result, whether or not it exists."""
        return self._home(key) / name

    def put(self, key: str, result: TaskResult) -> None:
        """Store a result. Its JSON object is written last: it marks the result as complete."""
        home = self._home(key)
        home.mkdir(parents=True, exist_ok=True)
        for name, data in result.files.items():
            files.write(str(home / name), data)
        files.write(str(home / "row.json"), json.dumps(result.row).encode())

    def _home(self, key: str) -> Path:
        return self._folder / key[:2] / key
