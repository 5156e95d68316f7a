"""Batches on a Ray cluster: a node is lost during the run, and a picture kills its process."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import ablc

pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'ablc[batch]'")

from batches import lines, picture, written
from plugins import plugins

__all__ = ["plugins"]  # a fixture

CLUSTER = Path(__file__).with_name("ray_cluster.py")
PATIENCE = 600  # seconds; on a core of its own it takes 40


needs_ray = pytest.mark.skipif(
    find_spec("ray") is None or find_spec("pyarrow") is None,
    reason="Ray Data is not installed: pip install 'ablc[ray]'",
)


@needs_ray
@pytest.mark.skipif(sys.platform == "win32", reason="test clusters of Ray need POSIX")
def test_a_cluster_that_loses_a_node_codes_every_file_once(tmp_path: Path, plugins: Path) -> None:
    photos, coded, decoded = (tmp_path / name for name in ("photos", "coded", "decoded"))
    for number in range(24):
        picture(photos / f"{number % 3}/{number:02}.png", seed=number)
    picture(photos / "lethal.png", first=255)
    (photos / "broken.png").write_bytes(b"no picture")
    report = tmp_path / "told.json"
    paths = [str(path) for path in (photos, coded, decoded, report)]
    program = subprocess.run(
        [sys.executable, str(CLUSTER), *paths, "--lose", "6", "--finder", "lethal"],
        cwd="/",
        env={**os.environ, "RAY_worker_niceness": "0"},  # else 15: on busy machines they starve
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert program.returncode == 0, program.stderr
    result = json.loads(report.read_text())
    assert result["lost"] == 1
    assert len(result["ended"]) == len(set(result["ended"])) == 26
    entries = lines(coded)
    assert len(entries) == 26
    failed = {name: line["error"] for name, line in entries.items() if line["status"] != "done"}
    assert failed == {"broken.png": "PictureError", "lethal.png": "ProcessDied"}
    streams = {f"{number % 3}/{number:02}.ablc" for number in range(24)}
    assert streams == {path for path in written(coded) if not path.endswith(".tmp")}
    assert all(ablc.inspect((coded / path).read_bytes()).checksum_ok for path in streams)
    assert result["decoded"]["done"] == 24
    pictures = {f"{number % 3}/{number:02}.png" for number in range(24)}
    by_data = {f"data/0/{number:02}.ablc.png" for number in range(0, 24, 3)}
    assert written(decoded) == pictures | by_data
    assert len(result["rows"]) == 8
    assert {row["error"] for row in result["rows"]} == {""}
