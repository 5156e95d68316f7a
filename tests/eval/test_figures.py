"""The paper's figures and the survey, on two tiny pictures."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from ablc.cli.main import app
from ablc.eval.folder import Folder, scan
from ablc.eval.paper import experiments, figures, protocols, sampling, survey
from ablc.eval.paper.experiments import Experiment, run_all
from ablc.eval.running import Failed
from ablc.eval.store import Store
from ablc.runtime.latent import WEIGHTS, UpdateSettings
from ablc.schemes import Scheme
from scenes import scene

pytest.importorskip("cv2", reason="OpenCV is not installed")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    place = tmp_path_factory.mktemp("pictures")
    for i in (1, 2):
        Image.fromarray(scene(80, 96, seed=i)).save(place / f"{i}.png")
    return scan(place)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reduce pictures to 64 pixels and updates to a few."""
    tiny = {"kodak-227": lambda pixels: protocols._resized(pixels, 64, 64)}
    monkeypatch.setattr(experiments, "PROTOCOLS", tiny)
    monkeypatch.setattr(survey, "SURVEYED", 1)
    monkeypatch.setattr(survey, "STAGES", (1, 2, 3))
    monkeypatch.setattr(sampling, "PRODUCT", UpdateSettings(iterations=1))
    monkeypatch.setattr(sampling, "REFERENCE", replace(sampling.REFERENCE, iterations=1))


@pytest.mark.usefixtures("small", "networks")
def test_every_figure_is_drawn_and_nothing_is_run_twice(
    pictures: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, store, seen = figures.plan(pictures, quick=True), Store(tmp_path / "store"), []
    drawn = figures.draw(pictures, plan, store, tmp_path, 1, seen.append)
    assert len(seen) == plan.count < len(plan.pairs)
    written = json.loads((tmp_path / "figures.json").read_text())
    assert written == json.loads(json.dumps(drawn))
    assert [figure["id"] for figure in drawn["figures"]] == [
        *("figure-2", "figure-4", "figure-7", "figure-8", "figure-9", "survey"),
    ]
    for figure in drawn["figures"]:
        assert figure["images"] or figure["tables"]
        for image in figure["images"]:
            with Image.open(tmp_path / image["file"]) as sheet:
                assert sheet.width > 1000
    assert not [reason for reason in drawn["failed"] if "stage2" not in reason]
    levels, losses, study = drawn["figures"][3:]
    for line in levels["plots"][0]["lines"]:
        shares = [x for x, _ in line["points"]]
        assert shares == sorted(shares)
    for line in losses["plots"][0]["lines"]:
        assert line["points"][0] == [0, 1]
    assert all(row[1] != "-" for table in study["tables"] for row in table["rows"])

    monkeypatch.setattr(experiments, "run_one", lambda *_: pytest.fail("run twice"))
    assert figures.draw(pictures, plan, store, tmp_path / "again", 1) == drawn


@pytest.mark.usefixtures("small", "shipped")
def test_without_networks_the_rest_is_drawn(pictures: Folder, tmp_path: Path) -> None:
    drawable = [figure for figure in figures.plan(pictures, quick=True).figures if figure.sheet]
    plan = replace(figures.plan(pictures, quick=True), figures=tuple(drawable[:3]))
    drawn = figures.draw(pictures, plan, Store(tmp_path), tmp_path, 1)
    assert any("no network" in reason for reason in drawn["failed"])
    assert [len(figure["images"]) for figure in drawn["figures"]] == [1, 1, 1]


@pytest.mark.usefixtures("small", "networks")
def test_an_experiment_is_its_settings(pictures: Folder, tmp_path: Path) -> None:
    (photo, _) = pictures.photos
    some = [
        Experiment(Scheme("centre"), paint="classical"),
        Experiment("hole", paint="classical"),
        Experiment(Scheme("edge-blocks"), updates=UpdateSettings(iterations=1)),
        Experiment(
            Scheme("edge-blocks"),
            updates=UpdateSettings(iterations=1, weights={**WEIGHTS, "seam": 9}),
        ),
        Experiment(Scheme("edge-blocks"), ("content",), updates=UpdateSettings(iterations=1)),
    ]
    results = run_all([(experiment, photo) for experiment in [*some, some[0]]], Store(tmp_path), 1)
    rows = [results.row(experiment, photo) for experiment in some]
    assert len({experiment.key(photo) for experiment in some}) == len(some)
    assert rows[1]["bytes"] < rows[0]["bytes"]  # 64 pixels are all hole
    assert rows[2]["loss"] != rows[3]["loss"]
    assert rows[4]["bytes"] > rows[2]["bytes"] == rows[3]["bytes"]
    assert results.picture(some[0], photo).shape == (64, 64, 3)
    assert results.mean(some[0], [photo], "loss") is None


def test_an_experiment_that_fails_says_why(pictures: Folder, tmp_path: Path) -> None:
    experiment = Experiment(system="none such")
    results = run_all([(experiment, pictures.photos[0])], Store(tmp_path), 1)
    assert isinstance(results.row(experiment, pictures.photos[0]), Failed)
    assert results.each(experiment, pictures.photos[:1], "ssim") == []
    assert len(results.failures()) == 1


def test_the_hole_is_in_the_middle() -> None:
    kept = experiments.hole(227, 227)
    assert kept.shape == (29, 29)
    dropped = np.argwhere(~kept)
    assert (dropped.min(0) == 8).all()
    assert (dropped.max(0) == 20).all()
    assert experiments.hole(16, 16).sum() == 0


@pytest.mark.usefixtures("small", "networks")
def test_the_command_lists_what_is_broken(pictures: Folder, tmp_path: Path) -> None:
    place = tmp_path / "pictures"
    place.mkdir()
    (place / "good.png").write_bytes(pictures.photos[0].path.read_bytes())
    (place / "bad.png").write_bytes(b"bad")
    options = ["--quick", "--jobs", "1", "--cache", str(tmp_path), "--out", str(tmp_path / "out")]
    ran = CliRunner().invoke(app, ["reproduce", "figures", str(place), *options])
    assert ran.exit_code == 0, ran.output
    assert "bad.png: not a picture" in ran.stderr
    content = json.loads((tmp_path / "out" / "figures.json").read_text())
    assert content["broken"][0]["name"] == "bad.png"
    assert content["pictures"] == ["good"]
