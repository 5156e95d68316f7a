"""The command line: files, messages, exit codes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import typer
from PIL import Image

import ablc
from ablc import _core
from ablc.cli.main import app, main

RUN = [sys.executable, "-c", "from ablc.cli.main import main; main()"]


@pytest.fixture
def folder(tmp_path: Path, photo: npt.NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with photo.png and photo.ablc."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(photo).save("photo.png")
    Path("photo.ablc").write_bytes(ablc.encode(photo, quality=40))
    return tmp_path


def run(*arguments: str) -> int:
    """Return the exit code of ablc."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0)


def pixels(name: str) -> npt.NDArray[np.uint8]:
    with Image.open(name) as image:
        return np.array(image)


def test_a_picture_goes_there_and_back(
    folder: Path, photo: npt.NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("encode", "photo.png", "out.ablc", "-q", "40") == 0
    assert run("decode", "out.ablc", "out.png") == 0
    assert (pixels("out.png") == ablc.decode(ablc.encode(photo, quality=40))).all()
    assert capfd.readouterr() == ("", "")


def test_options_reach_the_encoder(folder: Path, photo: npt.NDArray[np.uint8]) -> None:
    assert run("encode", "photo.png", "a", "--bytes", "3000", "--effort", "2") == 0
    assert 0.98 * 3000 <= Path("a").stat().st_size <= 3000
    assert run("encode", "photo.png", "a", "--bpp", "1") == 0
    assert 0.98 <= 8 * Path("a").stat().st_size / 33_000 <= 1
    assert run("encode", "photo.png", "a", "--lossless") == 0
    assert (ablc.decode(Path("a").read_bytes()) == photo).all()
    assert run("encode", "photo.png", "a", "--subsampling", "4:4:4", "--tune", "psnr") == 0
    assert ablc.inspect(Path("a").read_bytes()).subsampling == "4:4:4"


def test_metadata_is_carried_unless_stripped(folder: Path) -> None:
    tags = Image.Exif()
    tags[0x013B] = "Ada"
    with Image.open("photo.png") as image:
        image.save("tagged.jpg", exif=tags)
    for strip, artist in [([], "Ada"), (["--strip"], None)]:
        assert run("encode", "tagged.jpg", "a.ablc", *strip) == 0
        assert run("decode", "a.ablc", "a.jpg") == 0
        with Image.open("a.jpg") as image:
            assert image.getexif().get(0x013B) == artist
    assert run("encode", "tagged.jpg", "a.ablc") == 0
    assert run("decode", "a.ablc", "a.png", "--strip") == 0
    with Image.open("a.png") as image:
        assert not image.getexif()


def test_regions_of_interest_change_the_stream(
    folder: Path, photo: npt.NDArray[np.uint8], capfd: pytest.CaptureFixture[str]
) -> None:
    white = np.zeros(photo.shape[:2], np.uint8)
    white[:80, :100] = 255
    Image.fromarray(white).save("mask.png")
    assert run("encode", "photo.png", "mask.ablc", "--roi", "mask.png:5") == 0
    assert run("encode", "photo.png", "box.ablc", "--roi", "0,0,100,80:5") == 0
    assert Path("mask.ablc").read_bytes() == Path("box.ablc").read_bytes()
    importance = ablc.Roi(white, 5)
    assert Path("box.ablc").read_bytes() == ablc.encode(photo, importance=importance)
    twice = ["--roi", "0,0,100,80", "--roi", "0,0,50,80:0"]
    assert run("encode", "photo.png", "twice.ablc", *twice) == 0
    assert run("encode", "photo.png", "a.ablc", "--roi", "0,0,500,80") == 2
    assert "not inside the picture of 220x150" in capfd.readouterr().err


def test_a_region_is_decoded(folder: Path) -> None:
    assert run("decode", "photo.ablc", "part.png", "--region", "10,20,64,32") == 0
    whole = ablc.decode(Path("photo.ablc").read_bytes())
    assert (pixels("part.png") == whole[20:52, 10:74]).all()


def test_damage_is_an_error_or_with_partial_a_warning(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = Path("photo.ablc").read_bytes()
    Path("cut.ablc").write_bytes(data[: len(data) * 3 // 4])
    assert run("decode", "cut.ablc", "a.png") == 1
    assert capfd.readouterr().err.startswith("ablc: cut.ablc: ")
    assert not Path("a.png").exists()
    assert run("decode", "cut.ablc", "a.png", "--partial") == 0
    assert pixels("a.png").shape == (150, 220, 3)
    said = capfd.readouterr().err
    assert said.startswith("ablc: warning: cut.ablc: damaged stream, lost: ")
    assert said.count("\n") == 1


def test_inspect_shows_every_section(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("inspect", "photo.ablc") == 0
    said = capfd.readouterr().out
    info = ablc.inspect(Path("photo.ablc").read_bytes())
    assert "220x150 RGB" in said
    for section in info.sections:
        assert f"{section.name}" in said
        assert f"{section.length:,}" in said
    assert run("inspect", "photo.ablc", "--json") == 0
    assert json.loads(capfd.readouterr().out) == json.loads(info.to_json())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"fill-small" + bytes(range(8)), "fill-small@0001020304050607"),
        (b"fill-small\xbc" + bytes(range(8)), "fill-small@0001020304050607:0.6"),
        (b"Not an id" + bytes(8), (b"Not an id" + bytes(8)).hex()),
    ],
)
def test_inspect_names_the_network(
    folder: Path, capfd: pytest.CaptureFixture[str], name: bytes, shown: str
) -> None:
    data = _core.Stream(Path("photo.ablc").read_bytes()).with_sections(
        {"MODL": name, "CLSS": b"\1"}
    )
    Path("named.ablc").write_bytes(data)
    assert run("inspect", "named.ablc") == 0
    said = capfd.readouterr().out
    assert shown in said
    assert "CLSS" in said
    assert run("inspect", "named.ablc", "--json") == 0
    assert json.loads(capfd.readouterr().out)["model"] == name.hex()


def test_a_painter_is_named_and_missed(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source = "photo.png"
    assert run("encode", source, "named.ablc", "--paint", "fill-small:0.6") == 0
    assert run("inspect", "named.ablc") == 0
    assert re.search("networks +fill-small@[0-9a-f]{16}:0.6\n", capfd.readouterr().out)
    assert run("decode", "named.ablc", "shown.png") == 0  # without ONNX Runtime
    said = capfd.readouterr().err
    assert "named.ablc: painted without a network: networks run in ONNX Runtime" in said
    data = Path("named.ablc").read_bytes()
    assert (pixels("shown.png") == ablc.decode(data, fill="classical")).all()
    assert run("encode", source, "other.ablc", "--paint", "fill-small:1.6") == 2
    assert "a number in 0..1, not '1.6'" in capfd.readouterr().err
    assert run("encode", source, "other.ablc", "--paint", "fill-none") == 2
    assert run("encode", source, "other.ablc", "--paint", "fill-small", "--lossless") == 2
    assert not Path("other.ablc").exists()


def test_inspect_draws_where_the_bits_went(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("inspect", "photo.ablc") == 0
    text = capfd.readouterr().out
    assert run("inspect", "photo.ablc", "--map", "map.png") == 0
    assert capfd.readouterr() == (text, "")
    assert pixels("map.png").shape[1] > 2 * 220
    assert run("inspect", "photo.ablc", "--map", "map.jpg", "--json") == 0
    assert json.loads(capfd.readouterr().out)["width"] == 220
    assert Path("map.jpg").read_bytes().startswith(b"\xff\xd8")
    assert run("encode", "photo.png", "exact.ablc", "--lossless") == 0
    assert run("inspect", "exact.ablc", "--map", "exact.png") == 0
    assert pixels("exact.png").shape[0] < pixels("map.png").shape[0]


def test_no_map_is_drawn_of_a_damaged_stream(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(Path("photo.ablc").read_bytes())
    data[-1] ^= 1
    Path("bad.ablc").write_bytes(data)
    assert run("inspect", "bad.ablc", "--map", "map.png") == 1
    assert capfd.readouterr().err.startswith("ablc: bad.ablc: ")
    assert not Path("map.png").exists()


def test_compare_measures_pictures_and_streams(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("compare", "photo.png", "photo.ablc", "--out", "side.png") == 0
    said = capfd.readouterr().out
    whole = ablc.compare(pixels("photo.png"), ablc.decode(Path("photo.ablc").read_bytes()))
    assert f"{whole.psnr:.2f} dB" in said
    assert f"{whole.ssim:.4f}" in said
    assert pixels("side.png").shape[1] > 2 * 220
    assert run("compare", "photo.ablc", "photo.png", "--out", "turned.png") == 0
    assert pixels("turned.png").shape == pixels("side.png").shape
    capfd.readouterr()
    assert run("compare", "photo.png", "photo.png") == 0
    assert "inf dB" in capfd.readouterr().out


def test_compare_prints_json(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("compare", "photo.png", "photo.ablc", "--json") == 0
    said = json.loads(capfd.readouterr().out)
    whole = ablc.compare(pixels("photo.png"), ablc.decode(Path("photo.ablc").read_bytes()))
    assert (said["psnr"], said["ssim"], said["width"], said["height"]) == pytest.approx(
        (whole.psnr, whole.ssim, 220, 150)
    )
    assert said["pictures"][1]["bytes"] == len(Path("photo.ablc").read_bytes())
    assert said["ms_ssim"] is None
    assert said["missing"]["ms_ssim"] == "none: under 176 pixels"
    assert said["region"] is None
    assert (said["ssimulacra2"] is None) == ("ssimulacra2" in said["missing"])
    assert not said["equal"]
    assert run("compare", "photo.png", "photo.png", "--json") == 0
    said = json.loads(capfd.readouterr().out)
    assert said["equal"]
    assert said["psnr"] is None


def test_compare_measures_inside_and_outside_of_regions(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    picture = pixels("photo.png")
    harmed = picture.copy()
    harmed[20:60, 30:100] ^= 16
    Image.fromarray(harmed).save("harmed.png")
    white = np.zeros((150, 220), np.uint8)
    white[20:60, 30:100] = 255
    Image.fromarray(white).save("white.png")
    shares = []
    for where in ("30,20,70,40", "white.png:4", "30,20,70,40:0.5"):
        assert run("compare", "photo.png", "harmed.png", "--roi", where, "--json") == 0
        region = json.loads(capfd.readouterr().out)["region"]
        assert region["psnr_in"] == pytest.approx(10 * np.log10(255**2 / 16**2))
        assert region["psnr_out"] is None  # nothing differs
        assert region["ssim_in"] < region["ssim_out"] < 1
        shares.append(region["share"])
    assert shares == [pytest.approx(70 * 40 / (220 * 150))] * 3
    halves = ("--roi", "30,20,35,40", "--roi", "65,20,35,40")
    assert run("compare", "photo.png", "harmed.png", *halves) == 0
    said = capfd.readouterr().out
    assert "8.5% of the pixels" in said
    assert "24.05 dB, SSIM" in said
    assert "inf dB, SSIM" in said


def test_pictures_of_different_sizes_are_not_compared(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(pixels("photo.png")[:100]).save("low.png")
    assert run("compare", "photo.ablc", "low.png", "--out", "side.png") == 2
    said = capfd.readouterr()
    assert "the pictures differ in size: 220x150 and 220x100 pixels" in said.err
    assert said.out == ""
    assert not Path("side.png").exists()


def test_demo_leaves_three_files(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("demo", "photo.png", "--out", "shown") == 0
    assert sorted(os.listdir("shown")) == ["demo-side-by-side.png", "demo.ablc", "demo.png"]
    assert "JPEG" in capfd.readouterr().out
    decoded = ablc.decode(Path("shown/demo.ablc").read_bytes())
    assert (pixels("shown/demo.png") == decoded).all()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("", 2, ""),
        ("frob", 2, "No such command 'frob'"),
        ("encode photo.png", 2, "Missing argument 'OUT'"),
        ("encode nowhere.png a", 2, "nowhere.png: No such file"),
        ("encode photo.png nowhere/a", 2, "nowhere/a: No such file"),
        ("encode . a", 2, ".: Is a directory"),
        ("encode photo.png a -q 101", 2, "quality must be a number in 1..100, not 101.0"),
        ("encode photo.png a -q high", 2, "'-q' / '--quality'"),
        (
            "encode photo.png a --bytes 0",
            2,
            "'--bytes': must be at least 1, not '0'",
        ),
        ("encode photo.png a --mask canny", 2, "'--mask': 'canny' is not one of 'rdo', 'centre'"),
        ("encode photo.png a --bpp x", 2, "'--bpp': must be a number, not 'x'"),
        ("encode photo.png a --effort 1.5", 2, "'--effort': must be a whole number, not '1.5'"),
        ("serve --port 99999", 2, "'--port': must be at most 65535, not '99999'"),
        ("encode photo.png a --bytes 5", 2, "the smallest stream of this picture has"),
        ("encode photo.png a -q 5 --lossless", 2, "quality and lossless exclude each other"),
        ("encode photo.png a --effort 0", 2, "--effort"),
        ("encode photo.png a --roi 1,2,3", 2, "a region is X,Y,W,H in whole pixels, not '1,2,3'"),
        ("encode photo.png a --roi m.png:2", 2, "--roi m.png:2: a region is X,Y,W,H"),
        (
            "encode photo.png a --roi 1,2,3,4:-1",
            2,
            "must be at least 0, at most 1e+30 or",
        ),
        ("encode photo.ablc a", 1, "photo.ablc: not a picture"),
        ("encode photo.png a --max-pixels 99", 1, "photo.png: 220x150 pixels are more than the 99"),
        ("decode photo.png a.png", 1, "photo.png: "),
        ("decode photo.ablc a.png --max-pixels 99", 1, "99"),
        ("decode photo.ablc a.xyz", 2, "Pillow writes no pictures with the extension .xyz"),
        ("decode photo.ablc a.png --region 0,0,1", 2, "a region is X,Y,W,H"),
        ("decode photo.ablc a.png --region 0,0,999,1", 2, "not inside the picture of 220x150"),
        ("decode photo.ablc a.png --fill magic", 2, "--fill"),
        ("decode photo.ablc a.png --fill net", 2, "pip install"),
        ("inspect photo.png", 1, "photo.png: "),
        ("inspect photo.ablc --map -", 2, "--map needs a file name"),
        ("inspect photo.ablc --map a.xyz", 2, "Pillow writes no pictures with the extension .xyz"),
        ("compare photo.png other.png", 2, "other.png: No such file"),
        ("compare photo.png photo.png --roi 1,2,3", 2, "a region is X,Y,W,H in whole pixels"),
        ("compare photo.png photo.png --roi 0,0,220,150", 2, "the region covers the whole picture"),
        ("compare photo.png photo.png --roi 0,0,999,1", 2, "not inside the picture of 220x150"),
        ("demo nowhere.png", 2, "nowhere.png: No such file"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: str, code: int, message: str
) -> None:
    before = sorted(os.listdir())
    assert run(*arguments.split()) == code
    said = capfd.readouterr().err
    assert message in said
    assert "Traceback" not in said
    assert said.count("\n") == (1 if message else 0)
    assert sorted(os.listdir()) == before


def test_version_and_help(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capfd.readouterr().out == f"ablc {ablc.__version__}\n"
    for command in ("encode", "decode", "inspect", "compare", "demo"):
        assert run(command, "--help") == 0
        assert "Usage: ablc " + command in capfd.readouterr().out


def test_pipes_carry_data_and_nothing_else(folder: Path, photo: npt.NDArray[np.uint8]) -> None:
    picture = Path("photo.png").read_bytes()
    coded = subprocess.run(
        [*RUN, "encode", "-", "-", "-q", "40"], input=picture, capture_output=True, check=True
    )
    assert coded.stdout == Path("photo.ablc").read_bytes()
    shown = subprocess.run(
        [*RUN, "decode", "-", "-", "--fill", "classical"],
        input=coded.stdout,
        capture_output=True,
        check=True,
    )
    assert coded.stderr + shown.stderr == b""
    Path("out.png").write_bytes(shown.stdout)
    assert (pixels("out.png") == ablc.decode(coded.stdout)).all()


def test_bad_data_in_a_pipe_ends_with_one(folder: Path) -> None:
    ended = subprocess.run(
        [*RUN, "decode", "-", "-"], input=b"nothing", capture_output=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stdout == b""
    assert ended.stderr.startswith(b"ablc: -: ")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal, the user's end first."""
    ends = pytest.importorskip("pty", reason="needs pseudo-terminals").openpty()
    yield ends
    for end in ends:
        os.close(end)


def test_progress_is_shown_on_a_terminal(folder: Path, terminal: tuple[int, int]) -> None:
    user, program = terminal
    environment = {**os.environ, "TERM": "xterm"}
    command = [*RUN, "encode", "photo.png", "out.ablc"]
    subprocess.run(command, stderr=program, check=True, env=environment)
    said = os.read(user, 65536).decode()
    assert "encoding photo.png" in said
    assert f"out.ablc: {Path('out.ablc').stat().st_size:,} bytes" in said


def test_a_terminal_is_spared_a_stream(folder: Path, terminal: tuple[int, int]) -> None:
    _, program = terminal
    command = [*RUN, "encode", "photo.png", "-"]
    ended = subprocess.run(command, stdout=program, stderr=subprocess.PIPE, check=False)
    assert ended.returncode == 2
    assert b"standard output is a terminal" in ended.stderr


def test_every_command_and_option_has_its_help() -> None:
    def walk(name: str, command: Any) -> Iterator[str]:
        yield from (f"{name} {p.name}" for p in command.params if not getattr(p, "help", None))
        if not command.help:
            yield name
        for inner, of_it in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {inner}", of_it)

    assert list(walk("ablc", typer.main.get_command(app))) == []


@pytest.mark.parametrize("line", [("ablc enc", "encode"), ("ablc decode --fi", "--fill")])
def test_a_shell_completes_commands_and_options(line: tuple[str, str]) -> None:
    typed, completion = line
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
    asked = {**os.environ, **words, "_ABLC_COMPLETE": "complete_bash"}
    done = subprocess.run(RUN, env=asked, cwd="/", capture_output=True, text=True, check=True)
    assert completion in done.stdout.split()


def test_python_runs_the_package_as_the_command(folder: Path) -> None:
    command = [sys.executable, "-m", "ablc", "encode", "photo.png", "out.ablc", "-q", "40"]
    subprocess.run(command, check=True)
    assert Path("out.ablc").read_bytes() == Path("photo.ablc").read_bytes()
    ended = subprocess.run([sys.executable, "-m", "ablc"], capture_output=True, check=False)
    assert ended.returncode == 2
    assert b"Usage: ablc " in ended.stdout


@pytest.fixture
def full(folder: Path) -> Path:
    """The working folder, with files that commands must not destroy."""
    with Image.open("photo.png") as image:
        image.save("photo.jpg")
    Path("mask.png").write_bytes(Path("photo.png").read_bytes())
    Path("png.ablc").write_bytes(Path("photo.png").read_bytes())
    Path("stream.png").write_bytes(Path("photo.ablc").read_bytes())
    Path("jpeg.png").write_bytes(Path("photo.jpg").read_bytes())
    Path("README").write_text("words")
    Path("link.png").symlink_to("photo.png")
    os.link("photo.png", "hard.ablc")
    Path("sub").mkdir()
    Path("demo.png").write_bytes(Path("photo.png").read_bytes())
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        "encode photo.png mask.png",
        "encode photo.jpg photo.jpg",
        "encode photo.jpg new.webp",
        "encode photo.png sub/../photo.png",
        "encode photo.png ./link.png",
        "encode photo.png hard.ablc",
        "encode photo.jpg png.ablc",
        "encode photo.png README",
        "encode photo.jpg hard.ablc --roi photo.png:3",
        "decode stream.png stream.png",
        "decode photo.ablc stream.png",
        "decode photo.ablc jpeg.png",
        "decode photo.ablc README",
        "compare photo.png mask.png --out photo.png",
        "compare photo.png mask.png --out link.png",
        "compare photo.png mask.png --out stream.png",
        "inspect photo.ablc --map jpeg.png",
        "demo demo.png --out .",
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="links")
def test_inputs_and_other_formats_are_overwritten_by_force_alone(
    full: Path, capfd: pytest.CaptureFixture[str], arguments: str
) -> None:
    before = {path: path.read_bytes() for path in full.rglob("*") if path.is_file()}
    assert run(*arguments.split()) == 2
    assert "--force writes it anyway" in capfd.readouterr().err
    assert {path: path.read_bytes() for path in full.rglob("*") if path.is_file()} == before
    assert run(*arguments.split(), "--force") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        "encode photo.png photo.ablc",
        "encode photo.png PHOTO.ABLC",
        "encode photo.png name",
        "encode photo.png empty",
        "encode photo.png /dev/null",
        "decode photo.ablc photo.png",
        "decode photo.ablc photo.jpg",
        "decode photo.ablc /dev/null",
        "decode photo.ablc new",
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="devices")
def test_results_of_the_same_format_are_replaced(full: Path, arguments: str) -> None:
    Path("empty").touch()
    for _ in range(2):
        assert run(*arguments.split()) == 0


def test_a_folder_as_output_is_refused_before_any_work(
    full: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run("encode", "photo.png", "sub") == 2
    assert "sub: Is a directory" in capfd.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="POSIX descriptors")
def test_streams_go_to_names_of_descriptors(folder: Path) -> None:
    command = [*RUN, "encode", "photo.png", "/dev/stdout", "-q", "40"]
    piped = subprocess.run(command, capture_output=True, check=True)
    assert piped.stdout == Path("photo.ablc").read_bytes()
    assert piped.stderr == b""


def test_a_folder_with_the_name_of_a_finder_is_no_mask(folder: Path) -> None:
    assert run("encode", "photo.png", "a.ablc", "--roi", "auto") == 0
    Path("auto").mkdir()
    Path("saliency").mkdir()
    assert run("encode", "photo.png", "b.ablc", "--roi", "auto") == 0
    assert run("encode", "photo.png", "c.ablc", "--roi", "auto:16") == 0
    assert Path("a.ablc").read_bytes() == Path("b.ablc").read_bytes()
    assert Path("a.ablc").read_bytes() == Path("c.ablc").read_bytes()


def test_transparent_parts_of_a_mask_are_outside_the_region(
    folder: Path, photo: npt.NDArray[np.uint8]
) -> None:
    painted = np.full((*photo.shape[:2], 4), 255, np.uint8)
    painted[:, 80:, 3] = 0
    Image.fromarray(painted).save("painted.png")
    assert run("encode", "photo.png", "mask.ablc", "--roi", "painted.png:5") == 0
    assert run("encode", "photo.png", "box.ablc", "--roi", "0,0,80,150:5") == 0
    assert Path("mask.ablc").read_bytes() == Path("box.ablc").read_bytes()


@pytest.mark.parametrize("name", ["[red]x", "a[/b]", "[bold", "\u5199"])
def test_names_that_look_like_markup_are_shown_as_they_are(
    folder: Path, terminal: tuple[int, int], name: str
) -> None:
    user, program = terminal
    environment = {**os.environ, "TERM": "xterm"}
    name = name.replace("/", ":")
    Path("photo.png").rename(name)
    command = [*RUN, "encode", name, "out.ablc"]
    subprocess.run(command, stderr=program, check=True, env=environment)
    assert f"encoding {name}" in os.read(user, 65536).decode()


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict", "latin-1:strict"])
def test_names_of_any_bytes_are_shown(folder: Path, encoding: str) -> None:
    name = os.fsdecode(b"b\xff\xe5\x86\x99.png")
    Path(name).write_bytes(Path("photo.png").read_bytes())
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    for arguments, code in [
        (["compare", "photo.png", name], 0),
        (["compare", name, "photo.ablc", "--out", "sheet.png"], 0),
        (["encode", name, name + ".ablc"], 0),
        (["inspect", name + ".ablc", "--map", "map.png"], 0),
        (["decode", name, "a.png"], 1),
        (["encode", "photo.png", name], 2),
        (["encode", name + ".jpg", "a.ablc"], 2),
    ]:
        ended = subprocess.run(
            [*RUN, *arguments], env=environment, capture_output=True, check=False
        )
        assert ended.returncode == code
        assert b"Traceback" not in ended.stderr
        if code:
            assert b"b\\xff" in ended.stderr.replace(b"\\udcff", b"\\xff")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        ("frob", "ablc"),
        ("encode photo.png", "ablc encode"),
        ("encode photo.png a -q 101", "ablc encode"),
        ("encode photo.png a --frob", "ablc encode"),
        ("models show", "ablc models show"),
        ("models frob", "ablc models"),
        ("batch photo.png", "ablc batch"),
    ],
)
def test_a_wrong_command_line_is_told_where_to_read_on(
    folder: Path, capfd: pytest.CaptureFixture[str], arguments: str, hint: str
) -> None:
    assert run(*arguments.split()) == 2
    assert capfd.readouterr().err.endswith(f" (try '{hint} --help')\n")


def test_errors_of_filesystems_without_names_have_their_reason(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> bytes:
        raise FileNotFoundError("the bucket does not exist")

    monkeypatch.setattr("ablc.files.read", fail)
    assert run("decode", "photo.ablc", "a.png") == 2
    assert capfd.readouterr().err == "ablc: the bucket does not exist\n"


def test_a_reader_that_leaves_ends_the_command_silently(folder: Path) -> None:
    for command in ("inspect photo.ablc", "encode photo.png -", "encode photo.png /dev/stdout"):
        reading, writing = os.pipe()
        os.close(reading)
        ended = subprocess.run(
            [*RUN, *command.split()], stdout=writing, stderr=subprocess.PIPE, check=False
        )
        os.close(writing)
        assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_lossless_region_in_which_nothing_is_found_is_named(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (64, 48), (90, 120, 150)).save("flat.png")
    assert run("encode", "flat.png", "a.ablc", "--roi", "text", "--lossless-roi") == 0
    said = "ablc: warning: flat.png: the lossless region text is empty: it makes no pixel exact\n"
    assert capfd.readouterr().err == said
