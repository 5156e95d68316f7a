"""Native test programs: built by CMake in a folder of their own, which is kept."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def tool(name: str) -> str | None:
    """Return the path of a program beside this Python, or on the path; None if there is none."""
    return shutil.which(name, path=os.path.dirname(sys.executable)) or shutil.which(name)


def run(*command: str | Path) -> str:
    """Return what a command prints. Fails with all of it if the command does."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
    return done.stdout


def build(name: str, *options: str, target: str = "all") -> Path:
    """Return the folder of a build with those options of CMake. Skips where it cannot be built."""
    cmake, ninja = tool("cmake"), tool("ninja")
    if sys.platform == "win32":
        pytest.skip("native test programs need POSIX and GCC or Clang")
    if cmake is None:
        pytest.skip("no cmake to build native test programs with")
    if tool(os.environ.get("CXX", "c++")) is None:
        pytest.skip("no C++ compiler to build native test programs with")
    folder = ROOT / "build" / name
    generator = []
    if ninja is not None and not (folder / "CMakeCache.txt").exists():
        generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    run(cmake, "-S", ROOT, "-B", folder, "-DABLC_PYTHON=OFF", *options, *generator)
    jobs = str(os.cpu_count())
    run(cmake, "--build", folder, "--parallel", jobs, "--target", target)
    return folder
