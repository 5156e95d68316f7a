"""Connections that cannot be held open by saying nothing, or by saying or hearing it slowly.

uvicorn bounds the time between requests alone. Here the head of a request has a time and a size,
its body has a time, answers have to be taken in time, and there are only so many connections.
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ablc.service.problems import PROBLEM, ProblemError, text
from ablc.service.settings import Settings

HEAD_MOST = 1 << 16  # bytes of the head of a request
BODY_GRACE = 5.0  # seconds after upload_seconds, in which the app answers by itself


class Connection(HttpToolsProtocol):
    """One client's connection."""

    settings: Settings  # of the subclass that limited() makes

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = False
        self._began = False  # the head, with the bytes that came last
        self._head = 0  # bytes of it, those that came first aside

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.settings.connections:
            self._refuse(ProblemError.busy("too many connections"))
        else:
            self._read_within(self.settings.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._reading)
        _cancel(self._writing)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._began = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head and not self._began:
            self._head += len(data)
            if self._head > HEAD_MOST:
                self._refuse(ProblemError(431, f"the head has more than {HEAD_MOST} bytes"))
        if self._is_idle() and self.timeout_keep_alive_task is None:
            # The bytes belonged to no new request, but made uvicorn stop its own clock.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._began = True
        self._head = 0
        self._read_within(self.settings.header_seconds)
        if not self.flow.write_paused:  # what was left of the last answer is taken
            _cancel(self._writing)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._in_head = False
        self._read_within(self.settings.upload_seconds + BODY_GRACE)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        _cancel(self._reading)
        self._reading = None

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._send_within()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._send_within()

    def resume_writing(self) -> None:
        super().resume_writing()
        _cancel(self._writing)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._send_within()

    def _is_idle(self) -> bool:
        """Whether nothing of a request is missing, nor its answer."""
        return self._reading is None and not self._is_answering()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _read_within(self, seconds: float) -> None:
        _cancel(self._reading)
        self._reading = self.loop.call_later(seconds, self._late)

    def _send_within(self) -> None:
        _cancel(self._writing)
        self._writing = self.loop.call_later(self.settings.send_seconds, self._stalled)

    def _late(self) -> None:
        """A request is not complete in time."""
        if self._in_head and not self._is_answering():
            seconds = self.settings.header_seconds
            detail = f"the head of the request did not arrive within {seconds:g} seconds"
            self._refuse(ProblemError(408, detail))
        else:
            self.transport.abort()

    def _stalled(self) -> None:
        """What was sent is not taken in time."""
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _refuse(self, problem: ProblemError) -> None:
        """Answers in the app's place, and closes."""
        body = text(problem).encode()
        phrase = HTTPStatus(problem.status).phrase
        lines = [
            f"HTTP/1.1 {problem.status} {phrase}",
            f"content-type: {PROBLEM}",
            f"content-length: {len(body)}",
            "connection: close",
            *(f"{name}: {value}" for name, value in problem.headers.items()),
        ]
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()
        self._send_within()


def limited(settings: Settings) -> type[Connection]:
    """The connections of a server with these settings."""
    return type("LimitedConnection", (Connection,), {"settings": settings})


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
