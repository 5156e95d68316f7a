"""What happens to every request, whatever it is for: who may, what is counted, what is logged."""

import asyncio
import hmac
import itertools
import re
import secrets
from time import perf_counter

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ablc.service import exchange, page, problems
from ablc.service.exchange import Exchange, Memory
from ablc.service.logs import log, note
from ablc.service.metrics import Metrics
from ablc.service.problems import ProblemError
from ablc.service.state import State

HEALTH = ("/healthz", "/readyz")  # open to all, at all times
OWN_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # ids that clients may give their requests
PROCESS, NUMBERS = secrets.token_hex(4), itertools.count(1)  # of which other ids are made
SMALL = 1 << 16  # bytes of an unread body for whose sake no connection is closed
BUSY_SECONDS = 0.5  # that a 503 waits: who comes again at once would take the workers' time
LINGER_SECONDS = 1.0  # in which a client that still sends can read why it was refused


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, state: State, metrics: Metrics, memory: Memory, token: str):
        self.app = app
        self.state = state
        self.metrics = metrics
        self.memory = memory
        self.expected = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        current = Exchange(_id(headers), self.memory, read=not _has_body(headers))
        scope[exchange.KEY] = current
        busy = not (self.state.draining or scope["path"] in HEALTH)
        client = _Client(current, receive, send, small=_is_small(headers), busy=busy)
        self.state.in_flight += 1
        try:
            self._admit(scope["path"], headers)
            await self.app(scope, client.receive, client.send)
        except ProblemError as problem:
            await problems.response(problem)(scope, client.receive, client.send)
        except Exception:
            log.exception("a request failed", extra={"fields": {"id": current.id}})
            if client.started:
                raise  # the server closes the connection
            fault = ProblemError(500, f"a fault of the service; its log knows it as {current.id}")
            await problems.response(fault)(scope, client.receive, client.send)
        finally:
            self.state.in_flight -= 1
            current.release()
            self._note(scope, current)

    def _admit(self, path: str, headers: Headers) -> None:
        """Raises ProblemError 503 while the service drains, 401 without the token.

        The page is for all: it asks for the token itself.
        """
        if path in HEALTH:
            return
        if self.state.draining:
            raise ProblemError(
                503, "the service is stopping", {"retry-after": "1", "connection": "close"}
            )
        if path not in page.FILES and not self._has_token(headers):
            challenge = {"www-authenticate": 'Bearer realm="ablc"'}
            raise ProblemError(401, "a bearer token is wanted, and this is not it", challenge)

    def _has_token(self, headers: Headers) -> bool:
        """Whether a request brings the token, or none is asked for."""
        if not self.expected:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        token = given.strip().encode("latin-1")
        return scheme.lower() == "bearer" and hmac.compare_digest(token, self.expected)

    def _note(self, scope: Scope, current: Exchange) -> None:
        """Counts the request, and writes its line."""
        route = _route(scope)
        seconds = perf_counter() - current.began
        self.metrics.request(route, scope["method"], current, seconds)
        note(
            "request",
            id=current.id,
            method=scope["method"],
            route=route,
            status=current.status,
            seconds=round(seconds, 4),
            received=current.received,
            sent=current.sent,
        )


class _Client:
    """The two ends of a request, with what passes through them counted."""

    def __init__(
        self, current: Exchange, receive: Receive, send: Send, *, small: bool, busy: bool
    ) -> None:
        """small: the body may be thrown away. busy: a 503 means that, and may wait."""
        self.current = current
        self._receive = receive
        self._send = send
        self._small = small
        self._busy = busy
        self._lingers = False
        self.started = False  # whether the answer is

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.current.received += len(message.get("body", b""))
            self.current.read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.current.status = message["status"]
            if self._busy and message["status"] == 503:
                self.current.release()
                await asyncio.sleep(BUSY_SECONDS)
            added = [(b"x-request-id", self.current.id.encode())]
            if not (self.current.read or self._small):
                added.append((b"connection", b"close"))
                self._lingers = True
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        else:
            self.current.sent += len(message.get("body", b""))
            if self._lingers and not message.get("more_body", False):
                await self._send({**message, "more_body": True})
                await self._drain()
                message = {"type": "http.response.body"}
        await self._send(message)

    async def _drain(self) -> None:
        """Takes what a client still sends, for a while.

        Were the connection closed at once, the client's system would throw the answer away.
        """
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.current.read:
                    if (await self.receive())["type"] == "http.disconnect":
                        return
        except TimeoutError:
            return


def _route(scope: Scope) -> str:
    """The path of a request if it is one of the app's own, else none: never a client's words."""
    path: str = scope["path"]
    routes = scope["app"].routes if "app" in scope else ()
    return path if any(path == getattr(route, "path", None) for route in routes) else "none"


def _id(headers: Headers) -> str:
    """The client's id of the request if it is a harmless one, else a new one."""
    given = headers.get("x-request-id", "")
    return given if OWN_ID.fullmatch(given) else f"{PROCESS}-{next(NUMBERS):x}"


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _is_small(headers: Headers) -> bool:
    """Whether a body is short enough to be thrown away unread."""
    declared = headers.get("content-length", "")
    return declared.isdecimal() and int(declared) <= SMALL
