"""Rate against distortion on two tiny pictures, from a folder to the files that are left."""

import csv
import importlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from ablc.cli.main import app
from ablc.eval.folder import scan
from ablc.eval.measures.measure_set import missing_measures
from ablc.eval.rd import published, study
from ablc.eval.store import Store
from ablc.peers.ablc_codec import QUALITIES
from ablc.peers.libraries import peer
from scenes import scene

PEERS = "JPEG,JPEG baseline"
# Too small for MS-SSIM, and no weights.
MEASURED = {"psnr", "ssim", "ssimulacra2"} - set(missing_measures())
NETWORKS = {"ablc + fill-small", "ablc + fill-small-perceptual"}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, size in ((1, (48, 80)), (2, (67, 33))):
        Image.fromarray(scene(*size, seed=i)).save(folder / f"{i}.png")
    return folder


@pytest.fixture
def tmp_out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def reproduce(pictures: Path, out: Path, *options: str) -> Result:
    """Run the command in this process, with a cache beside out."""
    fixed = ["--out", str(out), "--cache", str(out.parent / "cache"), "--jobs", "1"]
    return CliRunner().invoke(app, ["reproduce", "rd", str(pictures), *fixed, *options])


def document(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "rd.json").read_text())
    return content


def each(content: dict[str, Any]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return rows by codec and picture, for the codecs that were measured."""
    return {codec["name"]: codec["each"] for codec in content["codecs"] if not codec["missing"]}


def rows_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return all rows."""
    return [row for of in each(content).values() for curve in of.values() for row in curve]


def test_rows_are_those_of_whole_files(pictures: Path, tmp_out: Path) -> None:
    ended = reproduce(pictures, tmp_out, "--peers", PEERS)
    assert ended.exit_code == 0, ended.output
    content = document(tmp_out)
    codecs = {codec["name"]: codec["missing"] for codec in content["codecs"]}
    assert [name for name in codecs if not codecs[name]] == ["ablc", "JPEG", "JPEG baseline"]
    missing = {name: why for name, why in codecs.items() if why}
    assert missing == dict.fromkeys(NETWORKS, "pip install 'ablc[cpu]'")
    assert set(content["measures"]) == MEASURED
    jpeg = peer("JPEG")
    rows = each(content)["JPEG"]["2"]
    assert [row["quality"] for row in rows] == list(jpeg.qualities)
    for row in rows:
        data = jpeg.encode(scene(67, 33, seed=2), row["quality"])
        assert row["bytes"] == len(data)
        assert row["bpp"] == pytest.approx(8 * len(data) / (67 * 33), abs=1e-6)
    assert {(entry["codec"], entry["rate"]) for entry in content["speed"]} >= {("ablc", 1.0)}
    assert all(entry["encode"] > 0 < entry["decode"] for entry in content["speed"])
    assert all(2 / 3 < entry["bpp"] / entry["rate"] < 3 / 2 for entry in content["speed"])
    with (tmp_out / "rd.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(rows_of(content))
    assert lines[0]["psnr"] == str(rows_of(content)[0]["psnr"])


def test_bd_rates_are_those_of_the_pictures(pictures: Path, tmp_out: Path) -> None:
    pytest.importorskip("bjontegaard", reason="needs the extra [eval]")
    ended = reproduce(pictures, tmp_out, "--peers", "WebP m6")
    against = document(tmp_out)["bd_rates"]["ablc"]["WebP m6"]
    assert against["ssim"] is None or against["ssim"]["count"] <= 2
    assert "ablc against WebP m6" in ended.stdout


def test_files_of_compressai_hold_means_by_rising_rate(pictures: Path, tmp_out: Path) -> None:
    reproduce(pictures, tmp_out, "--peers", PEERS)
    rows = each(document(tmp_out))
    names = sorted(path.name for path in (tmp_out / "compressai").iterdir())
    assert names == ["ablc.json", "jpeg-baseline.json", "jpeg.json"]
    layout = json.loads((tmp_out / "compressai" / "jpeg-baseline.json").read_text())
    assert list(layout) == ["name", "description", "results"]
    assert layout["name"] == "JPEG baseline"
    results = layout["results"]
    assert set(results) == {"bpp", "psnr-rgb", *MEASURED} - {"psnr"}
    assert results["bpp"] == sorted(results["bpp"])
    quality = peer("JPEG baseline").qualities[-1]
    curves = rows[layout["name"]].values()
    best = [row["psnr"] for curve in curves for row in curve if row["quality"] == quality]
    assert results["psnr-rgb"][-1] == pytest.approx(np.mean(best), abs=1e-5)


def test_looks_are_judged_with_networks_alone(
    networks: None, pictures: Path, tmp_out: Path
) -> None:
    reproduce(pictures, tmp_out, "--peers", "JPEG")
    assert set(document(tmp_out)["left_out"]) >= {"lpips", "texture"}
    pytest.importorskip("onnx", reason="making networks needs the [train] extra")
    import made_metrics

    weights = made_metrics.write(pictures.parent)
    ended = reproduce(pictures, tmp_out, "--peers", "JPEG", "--weights", str(weights))
    assert ended.exit_code == 0, ended.output
    content = document(tmp_out)
    assert not {"lpips", "texture"} & set(content["left_out"])
    assert content["measures"]["lpips"]["better"] == "lower"
    assert all(row["lpips"] > 0 < row["texture"] for row in rows_of(content))


def test_weights_that_are_missing_are_refused(pictures: Path, tmp_out: Path) -> None:
    ended = reproduce(pictures, tmp_out, "--weights", str(pictures))
    assert isinstance(ended.exception, FileNotFoundError)


# --- what cannot be measured ----------------------------------------------------------------------


def test_a_missing_library_costs_its_codec_alone(
    pictures: Path, tmp_out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(name: str) -> object:
        if name in sys.modules:
            return sys.modules[name]
        raise ImportError(name)

    for name in ("imagecodecs", "pillow_heif"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    importlib.import_module("ablc.eval.page")
    monkeypatch.setattr("ablc.peers.writers.importlib.import_module", without)
    ended = reproduce(pictures, tmp_out, "--peers", "HEIC,JPEG")
    assert ended.exit_code == 0, ended.output
    content = document(tmp_out)
    missing = {codec["name"]: codec["missing"] for codec in content["codecs"]}
    assert missing["HEIC"] == "pip install pillow-heif"
    assert set(each(content)) == {"ablc", "JPEG"}
    assert "HEIC: not measured: pip install pillow-heif" in ended.stderr


def test_an_unknown_peer_is_refused(pictures: Path, tmp_out: Path) -> None:
    ended = reproduce(pictures, tmp_out, "--peers", "BPG")
    assert isinstance(ended.exception, ValueError)
    assert "unknown codec 'BPG'" in str(ended.exception)


def test_a_broken_picture_is_listed_and_the_rest_goes_on(pictures: Path, tmp_out: Path) -> None:
    (pictures / "0.png").write_bytes(b"\x89PNG\r\n\x1a\nand no more")
    Image.fromarray(scene(32, 40)[:, :, 0]).save(pictures / "3.png")
    ended = reproduce(pictures, tmp_out, "--peers", "JPEG")
    content = document(tmp_out)
    assert [file["name"] for file in content["broken"]] == ["0.png"]
    assert content["pictures"] == ["1", "2", "3"]
    assert content["notes"]["3"] == ["grey became RGB"]
    assert all(set(of) == {"1", "2", "3"} for of in each(content).values())
    assert "0.png" in ended.stderr


def test_of_a_large_picture_the_middle_is_coded(
    pictures: Path, tmp_out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "PIXELS_MOST", 3000)
    reproduce(pictures, tmp_out, "--peers", "JPEG")
    notes = list(document(tmp_out)["notes"].values())
    assert notes == [["only the middle 71x42 pixels were encoded: the picture is too large"], []]


def test_a_codec_that_fails_on_a_picture_is_listed(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(picture: np.ndarray, quality: float) -> bytes:
        if picture.shape[0] == 67:
            raise OSError("odd sides")
        return peer("JPEG").encode(picture, quality)

    codec = replace(peer("JPEG"), encode=picky)
    monkeypatch.setattr(
        study, "_codec", lambda name: codec if name == "JPEG" else study.codec_of(name)
    )
    measured = study.study(scan(pictures), Store(tmp_path / "store"), ["JPEG"], quick=True)
    assert measured.failures == [study.Failure("JPEG", "2", "OSError: odd sides")]
    assert list(measured.curves["JPEG"]) == ["1"]
    assert list(measured.curves["ablc"]) == ["1", "2"]


# --- runs that go on ------------------------------------------------------------------------------


def test_an_interrupted_run_goes_on_and_a_second_one_has_nothing_to_do(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    measure_file, stop = study.measure_file, 7

    def counting(photo: Any, name: str, *others: Any) -> Any:
        if len(calls) == stop:
            raise KeyboardInterrupt
        calls.append(name)
        return measure_file(photo, name, *others)

    monkeypatch.setattr(study, "measure_file", counting)
    folder, store = scan(pictures), Store(tmp_path / "store")
    with pytest.raises(KeyboardInterrupt):
        study.study(folder, store, ["JPEG"])
    stop = 1000
    first = study.study(folder, store, ["JPEG"])
    rows = sum(len(curve) for of in first.curves.values() for curve in of.values())
    assert len(calls) == rows == 2 * (len(QUALITIES) + len(peer("JPEG").qualities))
    monkeypatch.setattr(study, "measure_speeds", None)
    second = study.study(folder, store, ["JPEG"])
    assert len(calls) == rows
    assert second.curves == first.curves
    assert second.speeds == first.speeds


def test_a_second_run_makes_no_file_of_another_codec(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, store = scan(pictures), Store(tmp_path / "store")
    first = study.study(folder, store, ["JPEG"], quick=True)
    codec = replace(peer("JPEG"), encode=None)
    monkeypatch.setattr(
        study, "_codec", lambda name: codec if name == "JPEG" else study.codec_of(name)
    )
    monkeypatch.setattr(study, "PIXELS_MOST", 1 << 23)  # in the key of what was measured
    second = study.study(folder, store, ["JPEG"], quick=True)
    assert second.curves["JPEG"] == first.curves["JPEG"]
    assert not second.failures


def test_a_quick_run_has_few_pictures_and_files(pictures: Path, tmp_path: Path) -> None:
    for i in range(3, 12):
        Image.fromarray(scene(24, 32, seed=i)).save(pictures / f"{i}.png")
    store = Store(tmp_path / "store")
    measured = study.study(scan(pictures), store, ["JPEG"], quick=True)
    assert set(measured.codecs) == {"ablc", "JPEG"}
    assert measured.left_out["speed"] == "a quick run"
    for by_picture in measured.curves.values():
        assert len(by_picture) == study.QUICK_PICTURES
        assert {len(curve) for curve in by_picture.values()} == {study.QUICK_QUALITIES}


def test_a_quick_sweep_spans_the_lower_rates() -> None:
    assert study.quick_sweep(range(20)) == (0, 3, 6, 8, 11, 14)
    assert study.quick_sweep((5, 3)) == (5, 3)
    assert study.quick_sweep((5,)) == (5,)


# --- published figures ----------------------------------------------------------------------------


def test_published_points_are_shown_when_asked_for(pictures: Path, tmp_out: Path) -> None:
    table = pictures.parent / "points.csv"
    table.write_text("metric,codec,bpp,value,source\nlpips_alex,X,.1,.2,a paper\n")
    reproduce(pictures, tmp_out, "--peers", "JPEG")
    assert document(tmp_out)["published"] == []
    reproduce(pictures, tmp_out, "--peers", "JPEG", "--published", str(table))
    assert document(tmp_out)["published"] == [
        {"codec": "X", "measure": "lpips", "points": [[0.1, 0.2]], "source": "a paper"}
    ]


def test_every_shipped_point_has_a_source() -> None:
    points = published.shipped()
    assert all(point.source for point in points)
    assert {
        "VTM (VVC intra)",
        "ELIC",
        "HPCM-Large",
        "HiFiC",
        "MS-ILLM",
        "Toderici et al. 2017",
    } <= {point.codec for point in points}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metric,codec,bpp,value\n", "has no column source"),
        ("metric,codec,bpp,value,source\npsnr,X,0,30,\n", "line 2: .* bpp above 0"),
        ("metric,codec,bpp,value,source\npsnr,X,.1,good,\n", "line 2: .* must be numbers"),
        ("metric,codec,bpp,value,source\npsnr,X,.1\n", "line 2: .* must be numbers"),
        ("metric,codec,bpp,value,source\nvmaf,X,.1,90,\n", "unknown metric 'vmaf'"),
        ("", "has no column bpp, codec"),
    ],
)
def test_tables_of_another_form_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        published.parse(text, "a.csv")


def test_only_the_kodak_set_is_the_kodak_set(pictures: Path, kodak: Path) -> None:
    assert not published.is_kodak(scan(pictures))
    assert published.is_kodak(scan(kodak))
    assert not published.is_kodak(scan(kodak, limit=23))
