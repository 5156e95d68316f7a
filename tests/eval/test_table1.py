"""The paper's table 1 on two tiny pictures, every row through real bytes."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import ablc
from ablc.cli.main import app
from ablc.eval.folder import Folder, scan
from ablc.eval.paper import protocols, table1, table1_systems
from ablc.eval.store import Store
from scenes import scene

pytest.importorskip("cv2", reason="OpenCV is not installed")

SIDE = 64
NETWORKS = {"structure", "stage-2", "photorealism", "context-encoder"}  # and those of the paper


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("pictures")
    for i in (1, 2):
        Image.fromarray(scene(80, 96, seed=i)).save(place / f"{i}.png")
    return place


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce pictures to SIDE pixels under the protocol kodak-227."""
    monkeypatch.setattr(
        protocols,
        "PROTOCOLS",
        {"kodak-227": lambda pixels: protocols._resized(pixels, SIDE, SIDE)},
    )
    monkeypatch.setattr(table1, "PROTOCOLS", protocols.PROTOCOLS)


def measured(folder: Folder, store: Path, **plan: Any) -> dict[str, Any]:
    return table1.measure(folder, table1.TableSettings(**plan), Store(store), 1)


@pytest.mark.usefixtures("small", "networks")
def test_every_row_is_measured_once(pictures: Path, tmp_path: Path) -> None:
    labels: list[str] = []
    folder = scan(pictures)
    table = table1.measure(
        folder, table1.TableSettings(), Store(tmp_path / "store"), 1, labels.append
    )
    rows = {row["id"]: row for row in table["rows"]}
    assert len(labels) == 2 * len(rows) == table1.count(folder, table1.TableSettings())
    for row in rows.values():
        assert not row["failed"]
        assert sorted(row["each"]) == ["1", "2"]
        assert row["ssim"] == np.mean([figures["ssim"] for figures in row["each"].values()])
        assert 0 < row["ssim"] < 1
        assert row["bytes"] > 30
    for quality in (1, 5, 25, 50):
        for name, figures in rows[f"ablc-{quality}"]["each"].items():
            jpeg = rows[f"jpeg-{quality}"]["each"][name]["bytes"]
            assert 0.97 * jpeg <= figures["bytes"] <= jpeg
    for kind in ("pixels", "random"):
        for loss in ("style", "content", "edge"):
            assert rows[f"{kind}+{loss}"]["bytes"] > rows[kind]["bytes"]
    paper = [row["paper"] for row in table["rows"] if row["paper"]]
    assert paper[:4] == [0.438, 0.555, 0.797, 0.864]
    assert paper[4:] == [0.126, 0.149, 0.156, 0.154, 0.366, 0.389, 0.398, 0.403, 0.399]

    def again(*_: object) -> None:
        raise AssertionError("measured twice")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table1, "measure_one", again)
        resumed = table1.measure(folder, table1.TableSettings(), Store(tmp_path / "store"), 1)
    assert resumed["rows"] == table["rows"]


@pytest.mark.usefixtures("small")
def test_without_networks_their_rows_say_so(pictures: Path, tmp_path: Path, shipped: Path) -> None:
    table = measured(scan(pictures, limit=1), tmp_path)
    for row in table["rows"]:
        wanting = row["group"] == "paper" or row["id"] in NETWORKS
        assert (row["ssim"] is None) == wanting == bool(row["failed"])
        if wanting:
            assert "Error: " in row["failed"][0]["reason"]
    holds = {check["text"]: check["holds"] for check in table["checks"]}
    assert not holds["every system of the paper has at least the paper's SSIM"]
    assert holds["ablc at the bytes of JPEG 5 % has a higher SSIM by at least 0.10"]


@pytest.mark.usefixtures("networks")
def test_the_reference_form_is_that_of_the_papers_runs() -> None:
    rates = table1_systems.REFERENCE.rates(200, -1, 1)
    assert rates[0] == 1  # to the last of its updates
    assert table1_systems.REFERENCE.iterations == 200
    how = {system.id: system.how for system in table1_systems.all_systems(reference_form=True)}
    assert "200 latent updates (reference form)" in how["pixels"]


def test_checks_are_of_the_figures() -> None:
    def row(id_: str, ssim: float | None, paper: float | None = None) -> dict[str, Any]:
        group = "paper" if paper else "other"
        return {"id": id_, "name": id_, "group": group, "ssim": ssim, "paper": paper}

    rows = [row("pixels", 0.3, 0.1), row("blocks", 0.4, 0.5), row("random", 0.35)]
    rows += [row("jpeg-1", 0.4), row("ablc-1", 0.49), row("jpeg-25", 0.4), row("ablc-25", 0.41)]
    by_text = {check.text: check for check in table1.checks({row["id"]: row for row in rows})}
    first = by_text["every system of the paper has at least the paper's SSIM"]
    assert not first.holds
    assert first.detail == "1 of 2 rows; not blocks"
    assert not by_text["pixels, blocks, blocks + random, in rising order"].holds
    assert not by_text["ablc at the bytes of JPEG 1 % has a higher SSIM by at least 0.10"].holds
    assert by_text["ablc at the bytes of JPEG 25 % has a higher SSIM"].holds
    assert by_text["ablc at the bytes of JPEG 50 % has a higher SSIM"].detail == "not measured"


def test_protocols_make_squares() -> None:
    assert protocols.kodak_227(scene(60, 90)).shape == (227, 227, 3)
    middle = protocols.imagenet_256(scene(300, 512))
    assert middle.shape == (256, 256, 3)
    flat = np.full((40, 90, 3), 77, np.uint8)
    assert (protocols.imagenet_256(flat) == 77).all()


@pytest.mark.usefixtures("small", "shipped")
def test_the_command_writes_the_table_and_lists_what_is_broken(
    pictures: Path, tmp_path: Path
) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for path in pictures.iterdir():
        (mixed / path.name).write_bytes(path.read_bytes())
    (mixed / "0.png").write_bytes(b"broken")
    options = ["--out", str(tmp_path / "out"), "--cache", str(tmp_path), "--jobs", "1"]
    ran = CliRunner().invoke(app, ["reproduce", "table1", str(mixed), "--limit", "1", *options])
    assert ran.exit_code == 0, ran.output
    assert "0.png: not a picture" in ran.stderr
    table = json.loads((tmp_path / "out" / "table1.json").read_text())
    assert table["ablc"] == ablc.__version__
    assert table["broken"][0]["name"] == "0.png"
    with (tmp_path / "out" / "table1.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == [row["id"] for row in table["rows"]]
    assert float(lines[0]["ssim"]) == table["rows"][0]["ssim"]


def test_another_protocol_is_refused(pictures: Path) -> None:
    with pytest.raises(
        ValueError, match="protocol must be one of kodak-227, imagenet-256, not 'x'"
    ):
        table1.TableSettings(protocol="x")
