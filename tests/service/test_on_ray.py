"""`ablc serve --engine ray`: the same answers from a replica on Ray Serve, and an orderly stop."""

import asyncio
import io
import os
import pickle
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import ablc

pytest.importorskip("starlette", reason="no Starlette: pip install 'ablc[serve]'")

from starlette.types import Message, Receive, Scope, Send

from serving import Service

PATIENCE = 500.0  # seconds; on a core of its own it takes 20
COMMAND = [
    sys.executable,
    "-c",
    "from ablc.cli.main import main; main()",
    "serve",
    "--engine",
    "ray",
]
ENVIRONMENT = {
    "RAY_ADDRESS": "local",  # never a cluster that happens to run here
    "RAY_worker_niceness": "0",  # 15 otherwise, and the next two are short: on busy machines Ray
    "RAY_raylet_start_wait_time_s": "200",  # does not come up
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "200",
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_answers_travel_by_pickle() -> None:
    pytest.importorskip("ray.serve", reason="no Ray Serve: pip install 'ablc[ray]'")
    from ablc.service.on_ray import CopiedBodies

    async def viewing(_: Scope, __: Receive, send: Send) -> None:
        await send({"type": "http.response.body", "body": memoryview(b"pixels")})

    async def sent() -> list[Message]:
        messages: list[Message] = []

        async def keep(message: Message) -> None:
            messages.append(message)

        async def nothing() -> Message:
            return {"type": "http.disconnect"}

        await CopiedBodies(viewing)({"type": "http"}, nothing, keep)
        return messages

    (message,) = pickle.loads(pickle.dumps(asyncio.run(sent())))
    assert message["body"] == b"pixels"


@pytest.mark.skipif(find_spec("ray") is None, reason="no Ray: pip install 'ablc[ray]'")
@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_a_replica_answers_as_the_service_does(
    tmp_path: Path, photo: npt.NDArray[np.uint8]
) -> None:
    port = free_port()
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "--port", str(port), "--workers", "1", "--replicas", "2"],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env={**os.environ, **ENVIRONMENT},
        )
    service = Service(process, port)
    try:
        wait_until_ready(service, log)
        data = ablc.encode(photo, quality=40)
        answer = service.post("/decode", data, accept="image/png")
        assert answer.status == 200, answer.body
        with Image.open(io.BytesIO(answer.body)) as image:
            assert (np.array(image) == ablc.decode(data, fill="classical")).all()
        assert 400 <= service.post("/decode", b"no stream").status < 500
        assert service.stop() == 130
    finally:
        process.kill()
        process.wait()


def wait_until_ready(service: Service, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and service.process.poll() is None:
        try:
            if service.get("/readyz").status == 200:
                return
        except OSError:  # the port is not open yet
            pass
        time.sleep(0.3)
    raise AssertionError(f"the service is not ready; its log: {log.read_text()[-2000:]}")
