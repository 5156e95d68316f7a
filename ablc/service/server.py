"""The server process: from a port to the app, and to an orderly stop."""

import ctypes
import math
import socket
import sys
from time import monotonic
from types import FrameType

import uvicorn

from ablc import pictures
from ablc.service import app, connections, logs
from ablc.service.logs import log_event
from ablc.service.settings import ServiceSettings
from ablc.service.state import ServiceState

BACKLOG = 2048  # connections that the system holds until they are accepted
REFUSE_SECONDS = 1.0  # at least, in which new requests are refused before the process ends
SWITCH_SECONDS = 0.0005  # for which a worker may wait for the GIL; Python's default is 0.005
MAPPED_FROM, TRIM_THRESHOLD = (-3, 32 << 20), (-1, 256 << 20)  # of mallopt, malloc.h; bytes
FLUSH_SECONDS = 5  # after draining, for responses that are still being sent


class DrainingServer(uvicorn.Server):
    """A server that finishes open requests when it is told to stop.

    The port stays open meanwhile: new requests get 503, and /readyz says why.
    """

    def __init__(self, config: uvicorn.Config, state: ServiceState, drain_seconds: float) -> None:
        super().__init__(config)
        self.state = state
        self.drain_seconds = drain_seconds
        self._stop_requested: float | None = None  # monotonic seconds

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to drain; a second signal stops the server at once."""
        if self._stop_requested is not None:
            self.should_exit = self.force_exit = True
            return
        self._stop_requested = monotonic()
        self.state.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop now; called ten times a second."""
        if self.state.failed or self._is_drained():
            self.should_exit = True
        return await super().on_tick(counter)

    def _is_drained(self) -> bool:
        """True if a stop was requested and no request is open, or drain_seconds have passed."""
        if self._stop_requested is None:
            return False
        waited = monotonic() - self._stop_requested
        idle = waited >= REFUSE_SECONDS and self.state.in_flight == 0
        return idle or waited >= self.drain_seconds


def run(settings: ServiceSettings, host: str, port: int) -> bool:
    """Serve until a signal says stop. Return False if the service could not warm up.

    port: 0 takes a free one; the log names it.
    Raises OSError if the port is not available.
    """
    logs.set_up()
    pictures.ignore_pillow_warnings()
    sys.setswitchinterval(SWITCH_SECONDS)
    _keep_freed_memory()
    served = app.create(settings)
    state: ServiceState = served.state.service
    config = uvicorn.Config(
        served,
        http=connections.limited(settings),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # no code reads a client's address
        server_header=False,
        timeout_keep_alive=math.ceil(settings.idle_seconds),
        timeout_graceful_shutdown=FLUSH_SECONDS,
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family, backlog=BACKLOG) as listener:
        log_event("listening", host=host, port=listener.getsockname()[1])
        DrainingServer(config, state, settings.drain_seconds).run([listener])
    log_event("stopped")
    return not state.failed


def _keep_freed_memory() -> None:
    """Let glibc keep up to 256 MiB of freed memory for the next pictures.

    Otherwise it goes back to the system, and each picture begins with hundreds of page faults.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
        if mallopt is not None:
            mallopt(*MAPPED_FROM)
            mallopt(*TRIM_THRESHOLD)
