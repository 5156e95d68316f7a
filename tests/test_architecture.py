"""The arrows between packages are those of docs/ARCHITECTURE.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = {"ablc": "ablc", "ablc.runtime": "runtime", "ablc.export": "export"}  # package: folder
NAME = re.compile(r"`(ablc[\w.]*)`")


def modules() -> dict[str, Path]:
    """Return the file of every module, by its dotted name."""
    named = {}
    for package, folder in SOURCES.items():
        for path in (ROOT / folder).rglob("*.py"):
            parts = path.relative_to(ROOT / folder).with_suffix("").parts
            if parts[0] not in {"runtime", "export"}:  # links to the folders beside ablc/
                name = ".".join([package, *(part for part in parts if part != "__init__")])
                named[name] = path
    return named


def allowed() -> dict[str, set[str]]:
    """Return the packages that each package may import, from the table of the document."""
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text()
    table = text.split("## Who may import whom")[1]
    arrows: dict[str, set[str]] = {}
    for line in table.splitlines():
        if line.startswith("| `"):
            package, imported = line.strip("| ").split(" | ")
            name = package.strip("`")
            everything = imported == "all of the above"
            arrows[name] = set(arrows) if everything else set(NAME.findall(imported))
    return arrows


MODULES, ALLOWED = modules(), allowed()


def package_of(module: str) -> str:
    """Return the package of the table that a module belongs to."""
    parts = module.split(".")
    candidates = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next(name for name in candidates if name in ALLOWED)


def imported(module: str) -> Iterator[str]:
    """Yield the modules of the project that a module imports anywhere."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            inside = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in MODULES else node.module for name in inside]
        else:
            continue
        yield from (name for name in names if name in MODULES)


def test_every_package_is_in_the_table() -> None:
    folders = {path.parent.name for path in (ROOT / "ablc").glob("*/__init__.py")}
    folders |= {f"eval.{path.parent.name}" for path in (ROOT / "ablc/eval").glob("*/__init__.py")}
    assert {f"ablc.{name}" for name in folders} <= set(ALLOWED)
    assert {"ablc", "ablc.runtime", "ablc.export"} <= set(ALLOWED)


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_what_the_table_allows(package: str) -> None:
    wrong = {
        f"{module} imports {other}"
        for module in MODULES
        if package_of(module) == package
        for other in imported(module)
        if package_of(other) not in {package, *ALLOWED[package]}
    }
    assert not wrong


def test_python_is_included_by_the_bindings_alone() -> None:
    sources = [*(ROOT / "csrc").glob("*.cpp"), *(ROOT / "csrc").glob("*.h")]
    names = {path.name for path in sources if "pybind11" in path.read_text()}
    assert names
    assert all(name.startswith("bind") for name in names)
