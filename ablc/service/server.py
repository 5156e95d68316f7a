"""The server process: from a port to the app, and to an orderly end."""

import ctypes
import math
import socket
import sys
from time import monotonic
from types import FrameType

import uvicorn

from ablc.service import app, connections, logs
from ablc.service.logs import note
from ablc.service.settings import Settings
from ablc.service.state import State

BACKLOG = 2048  # connections that the system holds until they are accepted
REFUSE_SECONDS = 1.0  # at the end, in which new requests are sent elsewhere
SWITCH_SECONDS = 0.0005  # for which a worker may have to wait for Python, instead of 0.005
MAPPED_FROM, TRIM_THRESHOLD = (-3, 32 << 20), (-1, 256 << 20)  # of mallopt, malloc.h; bytes
FLUSH_SECONDS = 5  # after it, for answers that are on their way


class Server(uvicorn.Server):
    """A server that, told to stop, finishes what it has begun.

    Meanwhile the port stays open: new requests get 503, and /readyz tells why.
    """

    def __init__(self, config: uvicorn.Config, state: State, drain_seconds: float) -> None:
        super().__init__(config)
        self.state = state
        self.drain_seconds = drain_seconds
        self._told: float | None = None  # to stop, monotonic seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to drain; a second signal ends everything at once."""
        if self._told is not None:
            self.should_exit = self.force_exit = True
            return
        self._told = monotonic()
        self.state.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; whether to stop now."""
        if self.state.failed or self._is_drained():
            self.should_exit = True
        return await super().on_tick(counter)

    def _is_drained(self) -> bool:
        """Whether nothing is left to wait for, or the time for it is over."""
        if self._told is None:
            return False
        waited = monotonic() - self._told
        idle = waited >= REFUSE_SECONDS and self.state.in_flight == 0
        return idle or waited >= self.drain_seconds


def run(settings: Settings, host: str, port: int) -> bool:
    """Serves until a signal says stop; whether the service ever became ready.

    port: 0 takes a free one; the log names it.
    Raises OSError if the port cannot be had.
    """
    logs.set_up()
    sys.setswitchinterval(SWITCH_SECONDS)
    _keep_memory()
    made = app.create(settings)
    state: State = made.state.service
    config = uvicorn.Config(
        made,
        http=connections.limited(settings),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # nobody asks for a client's address
        server_header=False,
        timeout_keep_alive=math.ceil(settings.idle_seconds),
        timeout_graceful_shutdown=FLUSH_SECONDS,
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listener:
        note("listening", host=host, port=listener.getsockname()[1])
        Server(config, state, settings.drain_seconds).run([listener])
    note("stopped")
    return not state.failed


def _keep_memory() -> None:
    """Lets glibc keep what pictures leave, up to 256 MiB, for those that follow.

    Else it goes back to the system, and every picture begins with some hundred page faults.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
        if mallopt is not None:
            mallopt(*MAPPED_FROM)
            mallopt(*TRIM_THRESHOLD)
