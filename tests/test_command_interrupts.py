"""Ctrl-C ends every command at once, with exit code 130 and no temporary files."""

import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from plugins import plugins
from scenes import scene

__all__ = ["plugins"]  # a fixture

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")

PATIENCE = 60.0  # seconds for what takes one
RUN = [sys.executable, "-m", "ablc"]
COMPUTE = "hashlib.pbkdf2_hmac('sha256', b'', b'', 10**9)"  # for minutes, in one call of C
# A program that says when it computes, which takes longer than PATIENCE.
STUCK = f"""
import hashlib
from ablc import {{module}}
from ablc.cli.main import main

def begin(*_, **__):
    print("begun", flush=True)
    {COMPUTE}

{{module}}.{{place}} = begin
main()
"""


def interrupt(program: "subprocess.Popen[str]") -> str:
    """Send Ctrl-C, and return what was said on standard error."""
    program.send_signal(signal.SIGINT)
    try:
        _, errors = program.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        program.kill()  # else the end of its block would wait for it
        raise
    return errors


def begun(program: "subprocess.Popen[str]") -> None:
    assert program.stdout is not None
    assert program.stdout.readline() == "begun\n"


def check_ended(folder: Path, code: str, *arguments: str) -> None:
    """Ctrl-C ends a program that says when it has begun, with one line and the exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        begun(program)
        assert interrupt(program) == "ablc: interrupted\n"
    assert program.returncode == 130


def save_picture_and_stream(folder: Path) -> None:
    """Save a.png, and a.ablc encoded from it."""
    Image.fromarray(scene(64, 64)).save(folder / "a.png")
    subprocess.run([*RUN, "encode", "a.png", "a.ablc"], cwd=folder, check=True)


@pytest.mark.parametrize(
    ("module", "place", "arguments"),
    [
        ("encoder", "Encoder.encode_noting", ["encode", "a.png", "new.ablc"]),
        ("decoder", "Decoder.decode", ["decode", "a.ablc", "new.png"]),
        ("metrics", "compare", ["compare", "a.png", "a.png"]),
    ],
)
def test_a_computation_that_never_returns_is_ended(
    tmp_path: Path, module: str, place: str, arguments: list[str]
) -> None:
    save_picture_and_stream(tmp_path)
    code = STUCK.format(module=module, place=place)
    check_ended(tmp_path, code, *arguments)
    assert sorted(os.listdir(tmp_path)) == ["a.ablc", "a.png"]


# As Pillow computes when it writes JPEG 2000: no other thread of Python runs meanwhile.
HOLD = "sum(range(10**12))"


def test_a_library_that_keeps_all_threads_waiting_is_ended(tmp_path: Path) -> None:
    code = f"""
from ablc import files, pictures
from ablc.cli.main import main

def begin(*_, **__):
    with files.replacing("half"):
        print("begun", flush=True)
        {HOLD}

pictures.pack_noting = begin
main()
"""
    save_picture_and_stream(tmp_path)
    check_ended(tmp_path, code, "decode", "a.ablc", "new.png")
    assert sorted(os.listdir(tmp_path)) == ["a.ablc", "a.png"]


def test_a_worker_that_keeps_its_threads_waiting_ends_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "held.py").write_text(f"""
import os

def begin():
    return hold

def hold(file):
    os.write(file, b"%d\\n" % os.getpid())
    {HOLD}
""")
    code = """
import held
from ablc import processes

def main():
    for _ in processes.mapped(held.begin, iter([1]), 1):
        pass

if __name__ == "__main__":
    main()
"""
    (tmp_path / "parent.py").write_text(code)
    with subprocess.Popen(
        [sys.executable, "parent.py"], cwd=tmp_path, text=True, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        worker = int(program.stdout.readline())
        try:
            program.kill()
            # The other end of the pipe closes when the worker has ended.
            assert select.select([program.stdout], [], [], PATIENCE)[0]
            assert program.stdout.read() == ""
        finally:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


def test_workers_that_still_start_are_ended_in_silence(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        """
import os, time

def begin():
    return print

if os.environ.get("IN_WORKER"):
    os.write(1, b"begun\\n")
    time.sleep(10**4)
"""
    )
    code = """
import os
from ablc import processes
from ablc.cli import interrupts

def main():
    import slow  # workers load it with their work, not with this file
    os.environ["IN_WORKER"] = "1"
    with interrupts.prompt(), interrupts.patient(10**4):
        try:
            list(processes.mapped(slow.begin, iter([1, 2]), 2))
        except KeyboardInterrupt:
            raise SystemExit(interrupts.CODE)

if __name__ == "__main__":
    main()
"""
    (tmp_path / "parent.py").write_text(code)
    with subprocess.Popen(
        [sys.executable, "parent.py"],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as program:
        begun(program)
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does
        try:
            said, errors = program.communicate(timeout=PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
    assert (program.returncode, errors) == (130, "ablc: interrupted\n")
    assert said in ("", "begun\n")


def test_an_encode_in_the_codec_is_ended(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3000, 3000, 3)).astype(np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.png", compress_level=0)
    with subprocess.Popen(
        [*RUN, "encode", "a.png", "a.ablc", "--effort", "9", "--threads", "1"],
        cwd=tmp_path,
        text=True,
        stderr=subprocess.PIPE,
    ) as program:
        time.sleep(2)  # it is somewhere on the way: wherever that is, it ends
        assert program.poll() is None
        assert interrupt(program) == "ablc: interrupted\n"
    assert program.returncode == 130
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_half_written_file_is_removed(tmp_path: Path) -> None:
    code = f"""
import hashlib
from ablc import files
from ablc.cli.main import main

def write(name, data):
    with files.replacing(name) as file:
        file.write(b"half")
        print("begun", flush=True)
        {COMPUTE}

files.write = write
main()
"""
    Image.fromarray(scene(64, 64)).save(tmp_path / "a.png")
    with subprocess.Popen(
        [sys.executable, "-c", code, "encode", "a.png", "a.ablc"],
        cwd=tmp_path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        begun(program)
        assert len(os.listdir(tmp_path)) == 2
        interrupt(program)
    assert program.returncode == 130
    assert os.listdir(tmp_path) == ["a.png"]


def test_a_batch_ends_its_processes_in_the_middle_of_a_file(tmp_path: Path) -> None:
    pytest.importorskip("fsspec", reason="fsspec is not installed: pip install 'ablc[batch]'")
    noise = np.random.default_rng(0).integers(0, 256, (2000, 2000, 3)).astype(np.uint8)
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        Image.fromarray(noise).save(tmp_path / "in" / f"{name}.png", compress_level=0)
    out = tmp_path / "out"
    command = [*RUN, "batch", "in", "out", "--effort", "9", "--jobs", "2"]
    with subprocess.Popen(
        command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        end = time.monotonic() + PATIENCE
        while not (out / "manifest.jsonl").exists() and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(1)
        program.send_signal(signal.SIGINT)
        said, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    assert "ablc: interrupted\n" in errors
    assert re.search(r"left +3; run the same command again", said)
    assert os.listdir(out) == ["manifest.jsonl"]


@pytest.mark.parametrize("command", ["report", "reproduce rd"])
def test_an_evaluation_ends_its_processes(tmp_path: Path, command: str) -> None:
    for name in ("imagecodecs", "matplotlib", "scipy"):
        pytest.importorskip(name, reason="needs the extra 'eval'")
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        Image.fromarray(scene(2000, 2000)).save(tmp_path / "in" / f"{name}.png", compress_level=0)
    cache = tmp_path / "cache"
    arguments = [*command.split(), "in", "--out", "out", "--cache", str(cache), "--jobs", "2"]
    with subprocess.Popen(
        [*RUN, *arguments], cwd=tmp_path, text=True, stderr=subprocess.PIPE
    ) as program:
        time.sleep(6)
        assert program.poll() is None
        assert "ablc: interrupted\n" in interrupt(program)
    assert program.returncode == 130
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".tmp")]


def test_a_command_that_still_starts_ends_like_any_other(tmp_path: Path) -> None:
    code = """
import sys

class Slow:  # finds modules
    def find_spec(self, name, path, target=None):
        if name == "ablc.cli.console":
            import time
            print("begun", flush=True)
            time.sleep(1000)

sys.meta_path.insert(0, Slow())
import runpy
runpy.run_module("ablc", run_name="__main__")
"""
    check_ended(tmp_path, code, "--help")
