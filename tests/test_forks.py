"""Processes that fork after networks were used: children decode, and exit."""

import importlib.util
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import ablc
from scenes import scene

if not hasattr(os, "fork"):
    pytest.skip("this system has no fork", allow_module_level=True)

SECONDS = 60  # for a whole program; a child that hangs would never end
PARENT = """
import gc, os, sys
import ablc
data = open(sys.argv[1], "rb").read()
decoder = ablc.Decoder(threads=2, **{settings})
picture = decoder.decode(data)
shared = ablc.decode(data, fill="net", threads=2)
if (child := os.fork()) == 0:
    {child}
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert (decoder.decode(data) == picture).all()
print("parent decodes")
"""
CHILDREN = {
    "exits": "sys.exit(0)",
    "closes": "decoder.close(); os._exit(0)",
    "collects": "del decoder; gc.collect(); os._exit(0)",
    "closes and exits": "decoder.close(); ablc.decoder._decoder.cache_clear(); sys.exit(0)",
    "decodes": "sys.exit(not (decoder.decode(data) == picture).all())",
    "decodes and closes": "decoder.decode(data); decoder.close(); sys.exit(0)",
    "forks": (
        "ablc.decode(data, fill='net', threads=2); os.fork() or sys.exit(0); "
        "sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))"
    ),
}
KILLED = ("TIMEOUT", "SIGABRT", "SIGKILL", "SIGSEGV")  # as gunicorn writes about workers
FILLS = {"net": {"fill": "net"}, "ppgn": {"fill": "ppgn", "iterations": 1}}


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    path = tmp_path / "picture.ablc"
    path.write_bytes(ablc.encode(scene(64, 96), bpp=0.3))
    return path


def finish(command: list[str]) -> str:
    """Return the output of a program, whose process group is killed if it hangs."""
    program = subprocess.Popen(
        command,
        cwd="/",  # outside the checkout
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        out, err = program.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
        pytest.fail("the program or its child hangs")
    assert program.returncode == 0, err
    return out


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("child", CHILDREN)
def test_a_child_leaves_the_parents_networks_alone(
    networks: None, stream: Path, child: str, fill: str
) -> None:
    code = PARENT.format(settings=FILLS[fill], child=CHILDREN[child])
    assert finish([sys.executable, "-c", code, str(stream)]) == "parent decodes\n"


def test_a_child_decodes_while_the_parent_does(networks: None, stream: Path) -> None:
    code = (
        "import os, sys, threading, ablc\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "decoder = ablc.Decoder(fill='net', threads=2)\n"
        "decoder.warm_up()\n"
        "over = threading.Event()\n"
        "def work():\n"
        "    while not over.is_set():\n"
        "        decoder.decode(data)\n"
        "worker = threading.Thread(target=work)\n"
        "worker.start()\n"
        "for _ in range(8):\n"
        "    if (child := os.fork()) == 0:\n"
        "        decoder.decode(data)\n"
        "        sys.exit(0)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "over.set()\n"
    )
    finish([sys.executable, "-W", "ignore::DeprecationWarning", "-c", code, str(stream)])


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="processes are not forked here"
)
def test_a_pool_of_forked_processes_decodes(networks: None, stream: Path, tmp_path: Path) -> None:
    program = tmp_path / "pool.py"
    program.write_text(
        "import multiprocessing, sys, ablc\n"
        "decoder = ablc.Decoder(fill='net', threads=2)\n"
        "def total(data):\n"
        "    return int(decoder.decode(data).sum())\n"
        "data = open(sys.argv[1], 'rb').read()\n"
        "expected = total(data)\n"
        "with multiprocessing.get_context('fork').Pool(2, maxtasksperchild=2) as pool:\n"
        "    assert pool.map(total, [data] * 8, chunksize=1) == [expected] * 8\n"
        "    pool.close()\n"
        "    pool.join()\n"
        "child = multiprocessing.get_context('fork').Process(target=decoder.close)\n"
        "child.start()\n"
        "child.join()\n"
        "print(child.exitcode)\n"
    )
    options = ["-W", "ignore::DeprecationWarning"]
    assert finish([sys.executable, *options, str(program), str(stream)]) == "0\n"


def test_gunicorn_preloads_networks_and_replaces_workers(
    networks: None, stream: Path, tmp_path: Path
) -> None:
    if importlib.util.find_spec("gunicorn") is None:
        pytest.skip("gunicorn is not installed")
    (tmp_path / "preloaded.py").write_text(
        "import os, ablc\n"
        f"data = open({str(stream)!r}, 'rb').read()\n"
        "decoder = ablc.Decoder(fill='net', threads=2)\n"
        "picture = decoder.decode(data)\n"
        "def app(environ, start_response):\n"
        "    same = (decoder.decode(data) == picture).all()\n"
        "    start_response('200 OK' if same else '500 Wrong', [])\n"
        "    return [str(os.getpid()).encode()]\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    options = ["--preload", "--workers=2", "--max-requests=2", "--graceful-timeout=10"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, f"--bind={address}", "preloaded:app"],
            cwd=tmp_path,
            env=os.environ | {"HOME": str(tmp_path)},  # gunicorn puts a socket there
            stderr=log,
            start_new_session=True,
        )
    try:
        pids = {answer(f"http://{address}/", server) for _ in range(10)}
        server.terminate()
        assert server.wait(SECONDS) == 0
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
    written = (tmp_path / "log").read_text()
    assert len(pids) >= 5, written  # two requests each
    assert not [sign for sign in KILLED if sign in written], written


def answer(url: str, server: "subprocess.Popen[bytes]") -> bytes:
    """Return the body of a response; a server that is starting is asked again."""
    for _ in range(SECONDS * 10):
        assert server.poll() is None, "gunicorn ended"
        try:
            with urllib.request.urlopen(url, timeout=20) as response:
                body: bytes = response.read()
                return body
        except TimeoutError:
            raise
        except OSError:
            time.sleep(0.1)
    pytest.fail("gunicorn does not answer")
