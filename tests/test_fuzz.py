"""Damaged files under AddressSanitizer and UBSan: the fuzz targets, replayed on mutants.

ABLC_FUZZ_RUNS is the number of mutants, 20000 unless set.
"""

import os
from pathlib import Path

import numpy as np
import pytest

import native_builds
from ablc._core import pack_mask, pack_tensor
from native_builds import run

ROOT = Path(__file__).parent.parent
OK = ROOT / "tests" / "golden" / "ok"
LARGE = OK / "tiles-large.ablc"
RUNS = int(os.environ.get("ABLC_FUZZ_RUNS", "20000"))


@pytest.fixture(scope="module")
def build() -> Path:
    """The folder of the replay drivers, built with sanitizers."""
    return native_builds.build("fuzz", "-DABLC_FUZZ=ON", "-DCMAKE_CXX_FLAGS_RELEASE=-O1")


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
