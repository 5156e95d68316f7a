"""The commands `ablc models`: output, reports of damage, exit codes."""

import json
from pathlib import Path

import pytest

import fresh
from ablc.cli.main import main
from made_networks import WEIGHTS, install


def run(*arguments: str) -> int:
    """Return the exit code of ablc models."""
    with pytest.raises(SystemExit) as ended:
        main(["models", *arguments])
    return int(ended.value.code or 0)


@pytest.mark.parametrize("command", [[], ["list"], ["verify"]])
def test_without_networks_it_says_so(
    shipped: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    assert run(*command) == 0
    said = capfd.readouterr()
    assert said.out == "no networks are installed: dropped blocks get the classical fill\n"
    assert said.err == ""


def test_check_tells_what_runs_where(networks: None, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("check", "fill-small", "generator-small", "--provider", "cpu") == 0
    first, _, headings, *rows = (line.split() for line in capfd.readouterr().out.splitlines())
    assert first[:2] == ["ONNX", "Runtime"]
    assert headings == ["id", "provider", "time", "nodes", "elsewhere"]
    assert [(row[0], row[1], row[-1]) for row in rows] == [
        ("fill-small", "cpu", "nothing"),
        ("generator-small", "cpu", "nothing"),
    ]
    assert all(float(row[2]) > 0 and int(row[4]) > 10 for row in rows)


def test_check_lists_what_fails(
    networks: None, own: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    install(own, "fill-broken")
    assert run("check") == 1
    said = capfd.readouterr()
    assert said.out.splitlines()[-1].split() == ["fill-broken", "-", "-", "-", "FAILED"]
    assert "fill-broken does not start on cpu" in said.err
    assert run("check", "fill-none") == 2


@pytest.mark.parametrize("command", [[], ["list"]])
def test_networks_are_listed_with_their_state(
    own: Path, shipped: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    install(shipped, "fill-small", b"old")
    new = install(own, "fill-small", b"newer")
    install(shipped, "step-small")
    assert run(*command) == 0
    headings, fill, step = (line.split() for line in capfd.readouterr().out.splitlines())
    assert headings[:5] == ["id", "role", "preset", "parameters", "GMAC"]
    assert headings[5:] == ["bytes", "sha256", "from", "state"]
    facts = ["fill", "small", "345,678", "9.75", "5", new.sha256[:8]]
    assert fill == ["fill-small", *facts, "ABLC_MODELS", "ok"]
    assert step[0] == "step-small"
    assert step[-2:] == ["shipped", "ok"]


def test_damage_is_listed_and_ends_with_one(
    shipped: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("a-whole", "b-weights", "c-card", "d-lost"):
        install(shipped, name)
    (shipped / "b-weights.onnx").write_bytes(WEIGHTS[::-1])
    (shipped / "c-card.json").write_bytes(b"{}")
    (shipped / "d-lost.onnx").unlink()
    assert run() == 1
    said = capfd.readouterr()
    rows = [line.split() for line in said.out.splitlines()[1:]]
    assert [(row[0], row[-1]) for row in rows] == [
        ("a-whole", "ok"),
        ("b-weights", "DAMAGED"),
        ("c-card", "DAMAGED"),
        ("d-lost", "DAMAGED"),
    ]
    assert rows[1][1] == "fill"
    assert rows[2][1] == "-"
    warnings = said.err.splitlines()
    assert len(warnings) == 3
    assert all(line.startswith("ablc: warning: ") for line in warnings)
    assert "b-weights.onnx: sha256 is" in warnings[0]
    assert "c-card.json: the card lacks id" in warnings[1]
    assert "d-lost.onnx: no such file" in warnings[2]


def test_networks_are_verified_one_a_line(shipped: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install(shipped, "fill-small")
    install(shipped, "step-small")
    assert run("verify") == 0
    assert capfd.readouterr().out == "fill-small  ok\nstep-small  ok\n"
    (shipped / "step-small.onnx").write_bytes(b"")
    assert run("verify", "fill-small") == 0
    assert capfd.readouterr().out == "fill-small  ok\n"
    assert run("verify", "step-small", "fill-small") == 1
    said = capfd.readouterr()
    damaged, whole = said.out.splitlines()
    assert damaged.startswith("step-small  DAMAGED: ")
    assert "size is 0, its card says 15" in damaged
    assert whole == "fill-small  ok"
    assert said.err == ""


def test_a_card_is_shown_whole(shipped: Path, capfd: pytest.CaptureFixture[str]) -> None:
    card = install(shipped)
    assert run("show", "fill-small") == 0
    said = capfd.readouterr().out
    for line in (
        str(shipped),
        card.sha256,
        "fill, preset small",
        "15 bytes",
        "345,678",
        "9.75 G for 768x512",
        "fp32 arithmetic, fp16 storage, opset 18",
        "mask: (B, 1, H, W) float32, 1 = kept",
        "20,000 steps in 95.5 minutes on 2 cores",
        "Street: 1,200 pictures, CC0; halved",
        "Field: 80 pictures, CC BY 4.0\n",
        "edges: 0.25",
        "PSNR, dB: 27.25",
        "SSIM, 0.25 bpp: 0.8",
        "range: [0, 30.5]",
        "style, conv1: 0.001",
        "ablc 0.1.0",
        *card.architecture,
        *card.limits,
    ):
        assert line in said
    assert said.count("limits") == 1
    assert all(line == line.rstrip() for line in said.splitlines())


def test_a_card_is_printed_as_it_is(shipped: Path, capfd: pytest.CaptureFixture[str]) -> None:
    card = install(shipped)
    assert run("show", "fill-small", "--json") == 0
    said = capfd.readouterr().out
    assert said.encode() == card.pack() == (shipped / "fill-small.json").read_bytes()
    assert json.loads(said)["id"] == "fill-small"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("show", 2, "Missing argument 'ID'"),
        ("show fill", 2, "no network 'fill' is installed; installed: broken, fill-small"),
        ("show ../own", 2, "no network '../own' is installed"),
        ("show broken", 1, "broken.json: Expecting value"),
        ("verify fill-small fill", 2, "no network 'fill' is installed"),
        ("frob", 2, "No such command 'frob'"),
        ("list fill-small", 2, "unexpected extra argument"),
    ],
)
def test_errors_are_one_line_and_an_exit_code(
    shipped: Path, capfd: pytest.CaptureFixture[str], arguments: str, code: int, message: str
) -> None:
    install(shipped)
    (shipped / "broken.json").write_bytes(b"")
    assert run(*arguments.split()) == code
    said = capfd.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize("command", ["list", "verify"])
def test_a_variable_that_names_no_folder_is_bad_usage(
    own: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    own.rmdir()
    assert run(command) == 2
    said = capfd.readouterr().err
    assert said.startswith("ablc: ABLC_MODELS: ")
    assert "is not a folder" in said


def test_help_names_the_variable(capfd: pytest.CaptureFixture[str]) -> None:
    for command in ([], ["list"], ["show"], ["verify"]):
        assert run(*command, "-h") == 0
        assert "Usage: ablc models" in capfd.readouterr().out
    assert run("--help") == 0
    assert "ABLC_MODELS" in capfd.readouterr().out


def test_neither_the_command_line_nor_the_registry_loads_onnxruntime(own: Path) -> None:
    install(own)
    code = (
        "import sys, ablc.cli; early = 'ablc.runtime' in sys.modules\n"
        "from ablc.runtime import registry; cards = registry.models()\n"
        "print(early, len(cards) > 0, sorted({'onnxruntime', 'torch'} & set(sys.modules)))"
    )
    assert fresh.result(code) == "False True []\n"
