"""A real server in a process of its own, and requests to it."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CODE = """
from ablc.service import server
from ablc.service.settings import ServiceSettings
server.run(ServiceSettings(**{settings!r}), "127.0.0.1", 0)
"""
STREAM, OCTETS = "image/x-ablc", "application/octet-stream"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Service:
    process: subprocess.Popen[str]
    port: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)  # of the log
    changed: threading.Condition = field(default_factory=threading.Condition)

    def read_log(self) -> None:
        assert self.process.stderr is not None
        for text in self.process.stderr:
            with self.changed:
                self.lines.append(json.loads(text))
                self.changed.notify_all()

    def wait_for(self, event: str, seconds: float = 120, **fields: object) -> dict[str, Any]:
        """Return the first line of the log about an event with these members; wait for it."""

        def first_match() -> dict[str, Any] | None:
            expected = {"event": event, **fields}
            return next((line for line in self.lines if expected.items() <= line.items()), None)

        with self.changed:
            line = self.changed.wait_for(first_match, seconds)
        assert line, f"no line {event} {fields} in {self.lines}"
        return line

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def request(
        self,
        method: str,
        target: str,
        body: object = None,
        kind: str | None = STREAM,
        **headers: str,
    ) -> Answer:
        """Send one request on a connection of its own. In names of headers, _ stands for -."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and kind is not None:
            sent["content-type"] = kind
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, target, body, sent)  # type: ignore[arg-type]
            response = connection.getresponse()
            named = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, named, response.read())
        finally:
            connection.close()

    def post(self, target: str, body: object, kind: str | None = STREAM, **headers: str) -> Answer:
        return self.request("POST", target, body, kind, **headers)

    def get(self, target: str, **headers: str) -> Answer:
        return self.request("GET", target, **headers)

    def metric(self, name: str) -> float:
        """Return the value of a metric; name: with labels as Prometheus writes them."""
        for line in self.get("/metrics").body.decode().splitlines():
            if line.rpartition(" ")[0] == name:
                return float(line.rpartition(" ")[2])
        return 0.0

    def stop(self) -> int:
        """Ask the process to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=120)


@contextmanager
def serving(**settings: object) -> Iterator[Service]:
    """Start a service with these settings, and kill it in the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", CODE.format(settings=settings)],
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )
    service = Service(process)
    reader = threading.Thread(target=service.read_log, daemon=True)
    reader.start()
    try:
        service.port = service.wait_for("listening")["port"]
        service.wait_for("ready")
        yield service
    finally:
        process.kill()
        process.wait()
        reader.join()
        assert process.stderr is not None
        process.stderr.close()
