"""Middleware for every request: admission, accounting, logging, and the end of connections."""

import asyncio
import hmac
import itertools
import re
import secrets
from time import perf_counter

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ablc.service import accounting, page, problems
from ablc.service.accounting import MemoryBudget, RequestAccount
from ablc.service.logs import log, log_event
from ablc.service.metrics import Metrics
from ablc.service.problems import ProblemError
from ablc.service.state import ServiceState

PROBES = ("/healthz", "/readyz")  # answered without a token, and while the service drains
CLIENT_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # ids that clients may give their requests
PROCESS_ID, REQUEST_NUMBERS = secrets.token_hex(4), itertools.count(1)  # parts of all other ids
SMALL_BODY = 1 << 16  # bytes; a shorter unread body is discarded, not a reason to close
BUSY_SECONDS = 0.5  # delay of a 503: clients that retry at once would take the workers' time
LINGER_SECONDS = 1.0  # for a client that is still sending to read why it was refused


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(
        self, app: ASGIApp, state: ServiceState, metrics: Metrics, budget: MemoryBudget, token: str
    ) -> None:
        """token: the bearer token that requests have to bring; empty: none."""
        self.app = app
        self.state = state
        self.metrics = metrics
        self.budget = budget
        self.expected_token = token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        account = RequestAccount(_request_id(headers), self.budget, read=not _has_body(headers))
        scope[accounting.KEY] = account
        delay_busy = not (self.state.draining or scope["path"] in PROBES)
        channel = _Channel(
            account, receive, send, body_is_small=_is_small(headers), delay_busy=delay_busy
        )
        self.state.in_flight += 1
        try:
            self._admit(scope["path"], headers)
            await self.app(scope, channel.receive, channel.send)
        except ProblemError as problem:
            await problems.response(problem)(scope, channel.receive, channel.send)
        except Exception:
            log.exception("a request failed", extra={"fields": {"id": account.id}})
            if channel.started:
                raise  # the server closes the connection
            fault = ProblemError(500, f"internal error; see request {account.id} in the log")
            await problems.response(fault)(scope, channel.receive, channel.send)
        finally:
            self.state.in_flight -= 1
            account.release()
            self._record(scope, account)

    def _admit(self, path: str, headers: Headers) -> None:
        """Raises ProblemError 503 while the service drains, 401 without the token.

        The files of the pages are open to all: the pages ask for the token themselves.
        """
        if path in PROBES:
            return
        if self.state.draining:
            raise ProblemError(
                503, "the service is stopping", {"retry-after": "1", "connection": "close"}
            )
        if path not in page.FILES and not self._has_token(headers):
            detail = (
                "invalid bearer token" if "authorization" in headers else "missing bearer token"
            )
            raise ProblemError(401, detail, {"www-authenticate": 'Bearer realm="ablc"'})

    def _has_token(self, headers: Headers) -> bool:
        """True if a request brings the token, or if there is none."""
        if not self.expected_token:
            return True
        scheme, _, credentials = headers.get("authorization", "").partition(" ")
        token = credentials.strip().encode("latin-1")
        return scheme.lower() == "bearer" and hmac.compare_digest(token, self.expected_token)

    def _record(self, scope: Scope, account: RequestAccount) -> None:
        """Count the request and log its line."""
        route = _route(scope)
        seconds = perf_counter() - account.began
        self.metrics.count_request(route, scope["method"], account, seconds)
        log_event(
            "request",
            id=account.id,
            method=scope["method"],
            route=route,
            status=account.status,
            seconds=round(seconds, 4),
            received=account.received,
            sent=account.sent,
        )


class _Channel:
    """The two directions of a request; what passes through them is counted."""

    def __init__(
        self,
        account: RequestAccount,
        receive: Receive,
        send: Send,
        *,
        body_is_small: bool,
        delay_busy: bool,
    ) -> None:
        """body_is_small: an unread body may be discarded. delay_busy: a 503 waits BUSY_SECONDS."""
        self.account = account
        self._receive = receive
        self._send = send
        self._body_is_small = body_is_small
        self._delay_busy = delay_busy
        self._lingers = False
        self.started = False  # True once the response has begun

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.account.received += len(message.get("body", b""))
            self.account.read = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            self.account.status = message["status"]
            if self._delay_busy and message["status"] == 503:
                self.account.release()
                await asyncio.sleep(BUSY_SECONDS)
            added = [(b"x-request-id", self.account.id.encode())]
            if not (self.account.read or self._body_is_small):
                added.append((b"connection", b"close"))
                self._lingers = True
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        else:
            self.account.sent += len(message.get("body", b""))
            if self._lingers and not message.get("more_body", False):
                await self._send({**message, "more_body": True})
                await self._drain()
                message = {"type": "http.response.body"}
        await self._send(message)

    async def _drain(self) -> None:
        """Read, for up to LINGER_SECONDS, what the client still sends.

        If the connection were closed at once, the client's system would discard the response.
        """
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self.account.read:
                    if (await self.receive())["type"] == "http.disconnect":
                        return
        except TimeoutError:
            return


def _route(scope: Scope) -> str:
    """Return the path of a request if the app has it, else "none": never text of a client's."""
    path: str = scope["path"]
    routes = scope["app"].routes if "app" in scope else ()
    return path if any(path == getattr(route, "path", None) for route in routes) else "none"


def _request_id(headers: Headers) -> str:
    """Return the client's id of the request if it is well-formed, else a new one."""
    proposed = headers.get("x-request-id", "")
    if CLIENT_ID.fullmatch(proposed):
        return proposed
    return f"{PROCESS_ID}-{next(REQUEST_NUMBERS):x}"


def _has_body(headers: Headers) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _is_small(headers: Headers) -> bool:
    """True if the body is declared to be short enough to be discarded unread."""
    declared = headers.get("content-length", "")
    return declared.isdecimal() and int(declared) <= SMALL_BODY
