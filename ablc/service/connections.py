"""Connections that no client can hold open by sending or reading nothing, or too slowly.

uvicorn itself limits only the time between requests. Here the head of a request has a deadline and
a length, its body has a deadline, responses have to be read in time, and the number of connections
is limited. Besides, requests to switch protocols and the fields behind a body are ignored.

The base class is uvicorn's own and not documented for subclassing: pyproject.toml therefore caps
the version of uvicorn, and tests/service/test_limits.py shows that each limit holds.
"""

import asyncio
import re
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ablc.service.problems import PROBLEM, ProblemError, to_json
from ablc.service.request_parser import Headers, RequestParser
from ablc.service.settings import ServiceSettings

HEAD_MOST = 1 << 16  # bytes of the head of a request, and of what is no data in its body
HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=%-]*)(:\d*)?")  # RFC 3986, 3.2.2
BODY_GRACE = 5.0  # seconds beyond upload_seconds, in which the app responds by itself


class Connection(HttpToolsProtocol):
    """The connection of one client."""

    settings: ServiceSettings  # set in the subclass that limited() makes

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.parser = RequestParser(self)  # type: ignore[assignment]
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head = False
        self._head = 0  # bytes since the head began or the body went on, without the first read
        self._fault = ""  # of a head that is HTTP, but not as it should be
        self._went_on = False  # whether either happened within the bytes received last

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
        self._went_on = False
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._reading is not None and not self._went_on:
            self._head += len(data)
            if self._head > HEAD_MOST:
                self._refuse(ProblemError(431, f"the head has more than {HEAD_MOST} bytes"))
        if self._is_idle() and self.timeout_keep_alive_task is None:
            # These bytes began no request, but they made uvicorn stop its keep-alive timer.
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._went_on = True
        self._head = 0
        self._read_within(self.settings.header_seconds)
        if not self.flow.write_paused:  # the client has read the last response to its end
            _cancel(self._writing)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # not a trailer: those must not pass for headers (RFC 9110, 6.5.1)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            self._refuse(ProblemError(501, "this is not a proxy: CONNECT is not implemented"))
        if self.parser.should_upgrade():
            return  # and the head is parsed again, except for CONNECT
        self._check_host()
        self.url = _with_path(self.url)
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110, 10.1.1
        super().on_headers_complete()
        self._in_head = False
        self._read_within(self.settings.upload_seconds + BODY_GRACE)

    def send_400_response(self, msg: str) -> None:
        """Respond to what cannot be parsed; uvicorn calls this."""
        self._refuse(ProblemError(400, self._fault or msg))

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._went_on = True
        self._head = 0

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
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

    def _check_host(self) -> None:
        """Raises HttpParserError unless a head names its host as RFC 9112, 3.2 requires."""
        self._fault = _host_fault(self.headers, self.parser.get_http_version())
        if self._fault:
            raise httptools.HttpParserError(self._fault)

    def _is_idle(self) -> bool:
        """True if neither a request nor a response is incomplete."""
        return self._reading is None and not self._is_responding()

    def _is_responding(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _read_within(self, seconds: float) -> None:
        _cancel(self._reading)
        self._reading = self.loop.call_later(seconds, self._read_timed_out)

    def _send_within(self) -> None:
        _cancel(self._writing)
        self._writing = self.loop.call_later(self.settings.send_seconds, self._send_timed_out)

    def _read_timed_out(self) -> None:
        if self._in_head:
            seconds = self.settings.header_seconds
            detail = f"the head of the request did not arrive within {seconds:g} seconds"
            self._refuse(ProblemError(408, detail))
        else:
            self.transport.abort()

    def _send_timed_out(self) -> None:
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    def _refuse(self, problem: ProblemError) -> None:
        """Respond instead of the app, and close the connection.

        It is closed without a response if the app still owes one to an earlier request, or has
        begun to respond.
        """
        if self._is_responding() and (
            self._in_head or self.pipeline or self.cycle.response_started
        ):
            self.transport.abort()
            return
        body = to_json(problem).encode()
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


def limited(settings: ServiceSettings) -> type[Connection]:
    """Return the class of the connections of a server with these settings."""
    return type("LimitedConnection", (Connection,), {"settings": settings})


def _with_path(url: bytes) -> bytes:
    """Return the target of a request, with the path / if it is an address without one.

    Raises httptools.HttpParserInvalidURLError.
    """
    if url.startswith(b"/"):
        return url
    parsed = httptools.parse_url(url)
    if parsed.path is not None:
        return url
    return b"/" if parsed.query is None else b"/?" + parsed.query


def _host_fault(headers: Headers, version: str) -> str:
    """Return what is wrong with the header Host, "" if nothing is.

    Two hosts, or none, let a proxy and the service see different requests in the same bytes.
    """
    hosts = [value.strip() for name, value in headers if name == b"host"]
    if not hosts:
        return "" if version == "1.0" else "the header Host is missing"
    if len(hosts) > 1:
        return f"there are {len(hosts)} headers Host"
    return "" if HOST.fullmatch(hosts[0]) else "the header Host names no host"


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
