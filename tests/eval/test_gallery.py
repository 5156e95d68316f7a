"""ablc report: pictures at equal bytes, and what becomes of those that cannot be coded."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import made_results
from ablc import metrics
from ablc.cli import report, reproduce
from ablc.cli.main import main
from ablc.drawing import report_maps
from ablc.eval import running
from ablc.eval.folder import scan
from ablc.eval.measures import fidelity
from ablc.eval.measures.measure_set import missing_measures
from ablc.eval.report import gallery
from ablc.eval.report.comparison import PEERS, Goal, ReportSettings
from ablc.eval.store import JsonObject, Store
from ablc.importance import Roi
from ablc.inspection import coding_map
from ablc.peers import equal_bytes
from ablc.peers.codec import Codec, MissingCodecError
from scenes import scene

FLAT = np.zeros((16, 16, 3), np.uint8)
EVERYWHERE = (Roi("auto"),)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with two pictures, one of them grey, and a file that is no picture."""
    home = tmp_path / "pictures"
    home.mkdir()
    Image.fromarray(scene(120, 176)).save(home / "a.png")
    Image.fromarray(scene(96, 64, 1, seed=2)[..., 0]).save(home / "b.png")
    (home / "c.png").write_bytes(b"no picture")
    return home


def made(
    folder: Path,
    out: Path,
    *,
    goal: Goal | None = None,
    rois: Sequence[Roi] = EVERYWHERE,
    shown: int = gallery.SHOWN,
    peers: tuple[str, ...] = PEERS,
) -> JsonObject:
    """Return gallery.json of a run in this process, with a store beside the folder."""
    plan = ReportSettings(goal or Goal(bpp=0.6), tuple(rois), "where it is", peers=peers)
    ended: list[str] = []
    store = Store(folder.parent / "store")
    gallery.make(scan(folder), out, plan, store, shown=shown, advance=ended.append)
    assert ended == ["a", "b"]
    return made_results.read(out, "gallery")


def run(*arguments: str) -> int:
    """Return the exit code of ablc."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


# ---- equal bytes -------------------------------------------------------------------------------
def codec(name: str, tried: list[float]) -> Codec:
    """Return a codec with files of 100 bytes per unit of quality, which adds qualities to tried."""

    def encode(_: npt.NDArray[np.uint8], quality: float) -> bytes:
        tried.append(quality)
        return bytes(round(100 * quality))

    return Codec(name, "", "", encode, lambda _: FLAT, (1, 2, 5, 10, 20))


@pytest.mark.parametrize(("size", "quality"), [(100, 1), (750, 7), (2000, 20), (10**6, 20)])
def test_the_largest_file_that_fits_is_found(size: int, quality: float) -> None:
    tried: list[float] = []
    coded = equal_bytes.largest_within(codec("JPEG", tried), FLAT, size)
    assert (len(coded.data), coded.quality, coded.fits) == (100 * quality, quality, True)
    assert all(isinstance(each, int) for each in tried)


def test_the_smallest_file_is_taken_where_none_fits() -> None:
    coded = equal_bytes.largest_within(codec("JPEG", []), FLAT, 99)
    assert (len(coded.data), coded.fits) == (100, False)


def test_a_fine_knob_comes_nearer() -> None:
    coded = equal_bytes.largest_within(codec("WebP m6", []), FLAT, 790)
    assert 700 < len(coded.data) <= 790


# ---- measures and drawings ---------------------------------------------------------------------
def test_strips_measure_what_the_whole_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fidelity, "STRIP", 100 * 7)
    a, b = scene(60, 100), scene(60, 100, seed=2)
    inside = np.zeros((60, 100), np.bool_)
    inside[10:30, 20:50] = True
    measured, whole = fidelity.fidelity(a, b, inside), metrics.compare(a, b)
    assert measured.psnr == pytest.approx(whole.psnr)
    assert measured.ssim == pytest.approx(whole.ssim)
    assert measured.inside == pytest.approx(metrics.psnr(a[inside], b[inside]))
    assert measured.outside == pytest.approx(metrics.psnr(a[~inside], b[~inside]))


def test_equal_pictures_have_no_psnr() -> None:
    measured = fidelity.fidelity(scene(20, 20), scene(20, 20))
    assert (measured.psnr, measured.inside) == (None, None)
    assert measured.ssim == pytest.approx(1)


def test_a_large_picture_is_shown_around_its_region() -> None:
    inside = np.zeros((2000, 3000), np.bool_)
    inside[1500:1600, 2600:2700] = True
    window = report_maps.window_of(2000, 3000, inside)
    assert window is not None
    assert (window.x % 32, window.y % 32) == (0, 0)
    assert inside[window.check(2000, 3000).slices].sum() == inside.sum()
    assert report_maps.window_of(600, 800, None) is None


def test_maps_of_a_window_are_of_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_maps, "WHOLE_MOST", 700 * 700)
    monkeypatch.setattr(report_maps, "WINDOW", (648, 648))
    window = report_maps.window_of(700, 701, None)
    coding = coding_map(Goal(quality=20).encoder().encode(scene(700, 701)))
    drawn = report_maps.kept_and_bits(coding, window)
    assert [drawing.pixels.shape for drawing in drawn] == [(648, 648, 3)] * 2
    assert drawn[1].ticks


# ---- a folder ----------------------------------------------------------------------------------
def test_every_codec_has_a_file_of_ablc_s_bytes_or_says_that_it_is_larger(
    folder: Path, tmp_path: Path
) -> None:
    content = made(folder, tmp_path / "out")
    assert [picture["name"] for picture in content["pictures"]] == ["a", "b"]
    for picture in content["pictures"]:
        versions = {version["codec"]: version for version in picture["versions"]}
        assert {"original", "ablc", "ablc, region", "JPEG", "WebP m6"} <= set(versions)
        size = versions["ablc"]["bytes"]
        assert size <= 0.6 * picture["width"] * picture["height"] / 8
        for version in picture["versions"][1:]:
            assert version["bytes"] <= size or "larger than ablc's" in version["note"]
            assert (tmp_path / "out" / version["file"]).is_file()
    assert content["pictures"][1]["notes"] == ["grey became RGB"]


def test_a_broken_file_is_listed_and_the_rest_goes_on(folder: Path, tmp_path: Path) -> None:
    (broken,) = made(folder, tmp_path / "out")["broken"]
    assert broken["name"] == "c.png"
    assert "not a picture" in broken["reason"]


def test_a_region_gets_its_bits_from_the_rest(folder: Path, tmp_path: Path) -> None:
    (picture, _) = made(folder, tmp_path / "out", rois=[Roi((16, 16, 48, 48))])["pictures"]
    versions = {version["codec"]: version for version in picture["versions"]}
    assert versions["ablc, region"]["inside"] > versions["ablc"]["inside"]
    assert versions["ablc, region"]["outside"] < versions["ablc"]["outside"]
    assert picture["region"]["share"] == pytest.approx(48 * 48 / (120 * 176))


def test_a_region_that_a_picture_lacks_costs_the_region_alone(folder: Path, tmp_path: Path) -> None:
    first, second = made(folder, tmp_path / "out", rois=[Roi((100, 16, 48, 48))])["pictures"]
    assert first["region"]["missing"] is None
    assert "not inside" in second["region"]["missing"]
    assert "JPEG" in [version["codec"] for version in second["versions"]]


def test_pictures_beyond_those_shown_have_figures_alone(folder: Path, tmp_path: Path) -> None:
    first, second = made(folder, tmp_path / "out", shown=1)["pictures"]
    assert first["versions"][1]["file"]
    assert all(version["file"] is None for version in second["versions"])
    assert second["versions"][1]["ssim"] is not None


def test_what_is_measured_is_not_measured_again(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = made(folder, tmp_path / "out")
    monkeypatch.setattr(gallery, "measure", None)
    assert made(folder, tmp_path / "other")["pictures"] == first["pictures"]
    with pytest.raises(ValueError, match="no picture could be measured"):
        made(folder, tmp_path / "out", goal=Goal(bpp=0.7))


def test_a_codec_that_is_missing_is_listed_and_the_rest_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def peer(name: str) -> Codec:
        if name == "WebP m6":
            raise MissingCodecError("pip install webp")
        return codec(name, [])

    monkeypatch.setattr(gallery.libraries, "peer", peer)
    monkeypatch.setattr("ablc.eval.report.comparison.peer", peer)
    content = made(folder, tmp_path / "out")
    missing = {each["name"]: each["missing"] for each in content["codecs"]}
    assert missing["WebP m6"] == "pip install webp"
    assert missing["JPEG"] is None


def test_the_codecs_can_be_chosen(folder: Path, tmp_path: Path) -> None:
    content = made(folder, tmp_path / "out", peers=("JPEG baseline",))
    assert [each["name"] for each in content["codecs"]] == ["ablc", "JPEG baseline"]
    assert content["pictures"][0]["versions"][-1]["codec"] == "JPEG baseline"
    with pytest.raises(ValueError, match="unknown codec 'BPG'"):
        made(folder, tmp_path / "out", peers=("BPG",))


@pytest.mark.skipif(bool(missing_measures()), reason="needs the extra [eval]")
def test_every_version_has_a_score_of_ssimulacra(folder: Path, tmp_path: Path) -> None:
    for picture in made(folder, tmp_path / "out", peers=("JPEG",))["pictures"]:
        scores = [version["ssimulacra2"] for version in picture["versions"]]
        assert scores[0] is None
        assert all(-100 < score < 100 for score in scores[1:])


def test_a_codec_that_fails_costs_its_own_version_alone(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_16x16 = codec("JPEG", [])
    monkeypatch.setattr("ablc.eval.report.comparison.peer", lambda _: of_16x16)
    for picture in made(folder, tmp_path / "out", peers=("JPEG",))["pictures"]:
        assert any(note.startswith("JPEG failed") for note in picture["notes"])
        assert "JPEG" not in [version["codec"] for version in picture["versions"]]


def test_too_large_a_picture_is_listed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gallery, "PIXELS_MOST", 10_000)
    content = made(folder, tmp_path / "out")
    assert [picture["name"] for picture in content["pictures"]] == ["b"]
    assert "a.png" in [each["name"] for each in content["broken"]]


# ---- the command -------------------------------------------------------------------------------
def test_the_command_makes_a_page_and_a_table(
    folder: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(report, "MODULES", ())
    out, cache = tmp_path / "out", tmp_path / "cache"
    options = (
        "--out",
        str(out),
        "--cache",
        str(cache),
        "--jobs",
        "1",
        "--roi",
        "auto:64",
        "-q",
        "30",
    )
    assert run("report", str(folder), *options) == 0
    said = capfd.readouterr()
    assert "index.html" in said.out
    assert "c.png" in said.err
    assert (out / "index.html").is_file()
    assert (out / "gallery.csv").read_text().startswith("picture,codec,bytes,ssim")


@pytest.mark.parametrize("command", [("report",), ("reproduce", "rd"), ("reproduce", "table1")])
def test_commands_look_for_a_foreign_page_before_they_measure(
    folder: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setattr(report, "MODULES", ())
    monkeypatch.setattr(reproduce, "require_extra", lambda *_: None)
    monkeypatch.setattr(running, "run", None)
    (tmp_path / "index.html").write_text("mine")
    cache = str(tmp_path / "cache")
    assert run(*command, str(folder), "--out", str(tmp_path), "--cache", cache) == 2
    assert "index.html: not a page of ablc: choose another folder" in capfd.readouterr().err
    assert (tmp_path / "index.html").read_text() == "mine"


def test_without_the_extra_the_command_names_it(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MODULES", ("no_such_module",))
    assert run("report", str(folder)) == 2
    said = capfd.readouterr().err
    assert "pip install 'ablc[eval]'" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--bpp", "-1"),
        ("-q", "101"),
        ("--bpp", "1", "-q", "5"),
        ("--roi", "nowhere"),
        ("--weights", "/"),
    ],
)
def test_bad_usage_is_told_before_a_picture_is_read(
    options: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "MODULES", ())
    assert run("report", str(tmp_path / "none"), *options) == 2
