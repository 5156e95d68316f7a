"""Ctrl-C ends what the core is doing, not only what comes after it."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from ablc import _core

LIMIT = 25  # seconds that a process may take to end; the whole encode would take minutes

# A signal from another thread, as a terminal sends it while the main thread is in the core.
PRESS = """
import os, signal, threading
import numpy as np
from ablc import _core
def press_soon(seconds):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.daemon = True
    timer.start()
def noise(height, width):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PRESS + code],
        cwd="/",  # outside the checkout
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )


@posix
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("options", ["effort=9", "effort=9, tile=32768", "lossless=True"])
def test_an_interrupt_ends_an_encode(options: str, threads: int) -> None:
    ended = run(f"""
picture = noise(4000, 6000)
press_soon(0.3)
_core.encode(picture, {options}, threads={threads})
""")
    assert ended.returncode == -2
    assert "KeyboardInterrupt" in ended.stderr


@posix
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("lossless", [False, True])
def test_an_interrupt_ends_a_decode_before_its_pixels_are_there(
    lossless: bool, threads: int
) -> None:
    ended = run(f"""
stream = _core.encode(noise(1000, 2000), step=16, lossless={lossless}, tile=32768, effort=1)
pixels = np.zeros((1000, 2000, 3), np.uint8)
press_soon(0.02)
try:
    _core.Stream(stream).decode(out=pixels, threads={threads})
except KeyboardInterrupt:
    print("rows", np.count_nonzero(pixels.any(axis=(1, 2))))
""")
    assert ended.stdout == "rows 0\n", ended.stderr


@posix
def test_an_interrupt_ends_the_command_line_with_130_and_leaves_no_file(tmp_path: Path) -> None:
    picture, stream = tmp_path / "noise.ppm", tmp_path / "noise.ablc"
    ended = run(f"""
from PIL import Image
from ablc.cli.main import main
Image.fromarray(noise(4000, 6000)).save({str(picture)!r})
press_soon(3)
main(["encode", "--effort", "9", {str(picture)!r}, {str(stream)!r}])
""")
    assert (ended.returncode, ended.stderr) == (130, "ablc: interrupted\n")
    assert list(tmp_path.iterdir()) == [picture]


@posix
def test_the_exception_of_any_signal_handler_ends_an_encode() -> None:
    ended = run("""
def give_up(number, frame):
    raise TimeoutError("too long")
signal.signal(signal.SIGALRM, give_up)
picture = noise(3000, 4000)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    _core.encode(picture, effort=9)
except TimeoutError as error:
    print(error)
assert len(_core.encode(picture[:64, :64].copy())) > 0
""")
    assert ended.stdout == "too long\n", ended.stderr


@posix
def test_a_handler_that_raises_nothing_runs_and_the_encode_goes_on() -> None:
    ended = run("""
import time
handled = []
signal.signal(signal.SIGALRM, lambda number, frame: handled.append(time.monotonic()))
picture = noise(1200, 1600)
signal.setitimer(signal.ITIMER_REAL, 0.01)
stream = _core.encode(picture, effort=7, tile=32768)
encoded = time.monotonic()
print(handled[0] < encoded, _core.Stream(stream).header.width)
""")
    assert ended.stdout == "True 1600\n", ended.stderr


def test_cancel_running_ends_the_calls_of_other_threads() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (3000, 4000, 3), dtype=np.uint8)
    began, outcome = threading.Event(), list[str]()

    def encode() -> None:
        began.set()
        try:
            _core.encode(picture, effort=9)
            outcome.append("encoded")
        except KeyboardInterrupt as error:
            outcome.append(str(error))

    thread = threading.Thread(target=encode, daemon=True)
    thread.start()
    began.wait()
    while thread.is_alive() and not outcome:
        _core.cancel_running()
        thread.join(0.2)
    assert outcome == ["the call was cancelled"]
    assert _core.encode(picture[:64, :64].copy())
