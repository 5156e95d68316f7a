"""Damaged files under AddressSanitizer and UBSan: the fuzz targets, replayed on mutants.

ABLC_FUZZ_RUNS is the number of mutants, 20000 unless set.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ablc._core import pack_mask, pack_tensor

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build" / "fuzz"
OK = ROOT / "tests" / "golden" / "ok"
LARGE = OK / "tiles-large.ablc"
RUNS = int(os.environ.get("ABLC_FUZZ_RUNS", "20000"))


def tool(name: str) -> str | None:
    """A program beside this Python, or on the path."""
    return shutil.which(name, path=os.path.dirname(sys.executable)) or shutil.which(name)


def run(*command: str | Path) -> str:
    """What a command prints. Fails with all of it if the command does."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-8000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def build() -> Path:
    """The folder of the replay drivers, built with sanitizers."""
    cmake = tool("cmake")
    if sys.platform == "win32":
        pytest.skip("the replay driver needs fork()")
    if cmake is None:
        pytest.skip("no cmake to build the fuzz targets with")
    if tool(os.environ.get("CXX", "c++")) is None:
        pytest.skip("no C++ compiler to build the fuzz targets with")
    options = ["-DABLC_FUZZ=ON", "-DABLC_PYTHON=OFF", "-DCMAKE_CXX_FLAGS_RELEASE=-O1"]
    ninja = tool("ninja")
    if ninja is not None and not (BUILD / "CMakeCache.txt").exists():
        options += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    run(cmake, "-S", ROOT, "-B", BUILD, *options)
    run(cmake, "--build", BUILD, "--parallel", str(os.cpu_count()))
    return BUILD


def mutate(driver: Path, runs: int, failures: Path, *files: str | Path) -> None:
    jobs = str(os.cpu_count())
    options = ["--mutate", str(runs), "--jobs", jobs, "--failures", str(failures)]
    printed = run(driver, *options, *files)
    assert f"{runs} passed" in printed
    assert " 0 failed" in printed


def test_golden_files_pass(build: Path) -> None:
    printed = run(build / "replay_decode", "--pixels", str(1 << 21), OK, OK.parent / "bad")
    assert " 0 failed" in printed


def test_mutants_of_small_files_pass(build: Path, tmp_path: Path) -> None:
    files = sorted(path for path in OK.iterdir() if path != LARGE)
    mutate(build / "replay_decode", RUNS, tmp_path, *files)


def test_mutants_of_a_large_file_pass(build: Path, tmp_path: Path) -> None:
    mutate(build / "replay_decode", RUNS // 1000, tmp_path, "--pixels", str(1 << 21), LARGE)


def test_mutants_of_cell_masks_pass(build: Path, tmp_path: Path) -> None:
    masks = tmp_path / "masks"
    masks.mkdir()
    rng = np.random.default_rng(1)
    for rows, columns in [(1, 1), (8, 8), (24, 40), (60, 3)]:
        for share in (0.02, 0.3):
            cells = rng.random((rows, columns)) < share
            code = bytes([rows, columns]) + pack_mask(cells)
            (masks / f"{rows}x{columns}-{share}.mask").write_bytes(code)
    mutate(build / "replay_mask", RUNS // 4, tmp_path, masks)


def test_mutants_of_tensors_pass(build: Path, tmp_path: Path) -> None:
    tensors = tmp_path / "tensors"
    tensors.mkdir()
    rng = np.random.default_rng(1)
    for planes, rows, columns in [(1, 1, 1), (3, 8, 8), (16, 12, 20), (2, 60, 3)]:
        for scale in (0.4, 20):
            coded = rng.random((rows, columns)) < 0.5
            levels = np.rint(rng.laplace(0, scale, (planes, rows, columns))) * coded
            code = pack_tensor(levels.astype(np.int16), coded)
            head = bytes([planes, rows, columns, 1]) + np.packbits(coded).tobytes()
            (tensors / f"{planes}x{rows}x{columns}-{scale}.tensor").write_bytes(head + code)
    mutate(build / "replay_tensor", RUNS // 4, tmp_path, tensors)


def test_pictures_from_any_bytes_come_back(build: Path, tmp_path: Path) -> None:
    files = sorted(path for path in OK.iterdir() if path != LARGE)
    mutate(build / "replay_round_trip", RUNS // 20, tmp_path, *files)
