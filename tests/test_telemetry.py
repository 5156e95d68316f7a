"""Networks run without telemetry: nothing is sent, and no file is left."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ablc
import fresh
from ablc import telemetry
from scenes import scene

KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT")  # variables that a child needs
DECODE = (
    "import sys, ablc\n"
    "ablc.decode(open(sys.argv[1], 'rb').read(), fill='net')\n"
    "assert 'onnxruntime' in sys.modules\n"
)
COMMAND = (
    "import sys, ablc.cli.main\n"
    "sys.argv[1:] = ['decode', '--fill', 'net', sys.argv[1], sys.argv[1] + '.png']\n"
    "ablc.cli.main.main()\n"
)
ASSIST = (
    "import ablc, numpy as np\nablc.encode(np.zeros((64, 64, 3), np.uint8), assist=('style',))\n"
)
BATCH = (
    "import os, sys, ablc.cli.main\n"
    "source = os.path.dirname(sys.argv[1])\n"
    "sys.argv[1:] = ['batch', source, source + '-decoded', '--to', 'png']\n"
    "if __name__ == '__main__':\n"
    "    ablc.cli.main.main()\n"
)
USES = {"decode": DECODE, "command": COMMAND, "batch": BATCH, "assist": ASSIST}


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "streams" / "picture.ablc"
    path.parent.mkdir()
    path.write_bytes(ablc.encode(scene(64, 96), bpp=0.3))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def variables(**more: str) -> dict[str, str]:
    """Return an environment in which no variable, as those of CI systems, silences telemetry."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return kept | {"PYTHONDONTWRITEBYTECODE": "1"} | more


def run(command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=variables(**more),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("use", USES)
def test_networks_leave_no_file_in_a_new_home(
    networks: None, stream: Path, home: Path, use: str
) -> None:
    done = run([sys.executable, "-c", USES[use], str(stream)], HOME=str(home))
    assert (done.returncode, done.stderr) == (0, "")
    assert [*home.rglob("*")] == []


def test_networks_do_not_complain_of_a_missing_home(networks: None, stream: Path) -> None:
    done = run([sys.executable, "-c", DECODE, str(stream)])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_networks_open_no_connection_and_create_no_file(
    networks: None, stream: Path, home: Path, tmp_path: Path
) -> None:
    strace = shutil.which("strace")
    if strace is None or run([strace, "-o", os.devnull, "true"]).returncode:
        pytest.skip("strace is not installed, or may not trace here")
    log = tmp_path / "calls"
    calls = "trace=network,openat,open,creat,mkdir,mkdirat,rename,renameat,renameat2"
    trace = [strace, "-f", "-e", calls, "-o", str(log)]
    done = run([*trace, sys.executable, "-c", DECODE, str(stream)], HOME=str(home))
    assert done.returncode == 0, done.stderr
    lines = log.read_text().splitlines()
    assert any("onnxruntime" in line for line in lines)
    assert [line for line in lines if "AF_INET" in line] == []
    made = ("O_CREAT", "mkdir", "creat(", "rename")
    assert [line for line in lines if any(sign in line for sign in made)] == []


def test_an_onnx_runtime_that_the_program_imported_sends_no_more(networks: None) -> None:
    code = (
        "import onnxruntime\n"
        "from ablc.runtime import session\n"
        "onnxruntime.disable_telemetry_events = lambda: print('off')\n"
        "session.onnxruntime()\n"
    )
    assert fresh.result(code) == "off\n"


def test_clusters_of_ray_are_started_without_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    try:
        from ray._common.usage import usage_lib as usage
    except ModuleNotFoundError:  # in earlier versions
        from ray._private.usage import usage_lib as usage
    for name in telemetry.OFF:
        monkeypatch.setenv(name, "")
    telemetry.switch_off()
    assert not usage.usage_stats_enabled()
