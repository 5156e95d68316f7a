"""The package as a whole: exports, cost of the import, layers."""

import re
from importlib.metadata import requires, version
from importlib.resources import files
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import ablc
import fresh

ROOT = Path(__file__).parents[1]


def test_exported_members_exist_and_are_sorted() -> None:
    assert ablc.__all__ == sorted(ablc.__all__)
    assert all(hasattr(ablc, name) for name in ablc.__all__)


def test_whatever_is_public_in_the_package_is_exported() -> None:
    modules = {path.stem for path in (ROOT / "ablc").iterdir()} | {"export", "runtime"}
    public = {name for name in vars(ablc) if not name.startswith("_")} - modules
    assert public <= set(ablc.__all__)


def test_version_is_that_of_the_distribution() -> None:
    assert version("ablc") == ablc.__version__


def test_what_is_installed_with_it_is_light_and_typed() -> None:
    needed = [line for line in requires("ablc") or [] if "extra ==" not in line]
    assert {re.split(r"[>=<~ ]", line)[0] for line in needed} == {
        "numpy",
        "pillow",
        "rich",
        "typer",
    }
    assert (files("ablc") / "py.typed").is_file()


def test_the_constraints_fix_all_that_is_installed_with_it() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    fixed = {canonicalize_name(line.split("==")[0]) for line in lines if "==" in line}
    needed, looked_at = {"ablc"}, set[str]()
    while left := needed - looked_at:
        name = left.pop()
        looked_at.add(name)
        requirements = [Requirement(line) for line in requires(name) or []]
        needed |= {
            canonicalize_name(requirement.name)
            for requirement in requirements
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        }
    assert needed - fixed == {"ablc"}


@pytest.mark.parametrize("module", ["ablc", "ablc.runtime"])
def test_import_is_light(module: str) -> None:
    heavy = "{'torch', 'onnxruntime', 'PIL', 'typer', 'rich', 'cv2', 'ablc.export'}"
    late = "{'numpy.random', 'json', 'concurrent.futures', 'importlib.metadata', 'ablc.pillow'}"
    code = f"import numpy, numpy.typing, sys; before = set(sys.modules); import {module}"
    ended = fresh.run(f"{code}; print(sorted(({heavy} | {late}) & set(sys.modules) - before))")
    assert (ended.stdout.strip(), ended.stderr) == ("[]", "")


IN_ANOTHER_INTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
interpreters.run_string(interpreters.create(), '''
try:
    import MODULE
except ImportError as error:
    print(error, flush=True)
''')
"""


@pytest.mark.parametrize("module", ["ablc", "ablc._core", "ablc.pillow", "ablc.service.app"])
def test_a_sub_interpreter_is_refused_at_once(module: str) -> None:
    output = fresh.result(IN_ANOTHER_INTERPRETER.replace("MODULE", module))
    assert "do not run in a sub-interpreter" in output
    assert "WSGIApplicationGroup %{GLOBAL}" in output


@pytest.mark.parametrize("module", ["runtime", "export"])
def test_inner_packages_refuse_to_be_imported_from_outside(module: str) -> None:
    ended = fresh.run(f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {module}")
    assert ended.returncode == 1
    assert f"this package is ablc.{module}" in ended.stderr


def test_ci_runs_the_test_command_of_the_readme() -> None:
    commands = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(), re.M)
    assert len(commands) == 2
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()
