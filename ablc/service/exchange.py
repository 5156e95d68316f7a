"""One request on its way: what has been read of it, and the memory it holds."""

import asyncio
import hashlib
from dataclasses import dataclass, field
from time import perf_counter

from starlette.requests import Request
from starlette.types import Receive

from ablc.service.problems import ProblemError
from ablc.service.settings import Settings

KEY = "ablc.exchange"  # of the ASGI scope


class Memory:
    """The bytes that all requests hold together, and their limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0


@dataclass(slots=True, eq=False)
class Exchange:
    """What is known of a request; in the ASGI scope under KEY until its answer is sent."""

    id: str
    memory: Memory
    began: float = field(default_factory=perf_counter)
    read: bool = False  # whether the whole body is
    received: int = 0  # bytes of the body
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    sent: int = 0  # bytes of the answer's body
    held: int = 0  # bytes of memory
    status: int = 499  # as the log has it when the client went away first

    def hold(self, size: int) -> None:
        """Counts memory until the answer is sent.

        Raises ProblemError 503 beyond what all requests may hold together.
        """
        if self.memory.held + size > self.memory.limit:
            raise ProblemError.busy("the service holds as many pictures as it has memory for")
        self.memory.held += size
        self.held += size

    def release(self) -> None:
        """Gives all memory back."""
        self.memory.held -= self.held
        self.held = 0


def of(request: Request) -> Exchange:
    """The exchange of a request."""
    found: Exchange = request.scope[KEY]
    return found


def elements(request: Request, name: str) -> list[str]:
    """What a header that is a list has in it, in all of its lines (RFC 9110, 5.6.1)."""
    listed = ",".join(request.headers.getlist(name)).split(",")
    return [one for part in listed if (one := part.strip())]


async def upload(request: Request, settings: Settings) -> bytes:
    """The body of a request.

    Raises ProblemError 413 as soon as it is certain to be larger than allowed, 408 if it takes too
    long, 415 if it is compressed, 503 if there is no memory for it.
    """
    exchange = of(request)
    if any(coding.lower() != "identity" for coding in elements(request, "content-encoding")):
        raise ProblemError(415, "the body has a Content-Encoding: send it as it is")
    most = settings.max_upload
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise ProblemError(413, f"the body has {declared} bytes, at most {most} are allowed")
    try:
        async with asyncio.timeout(settings.upload_seconds):
            return await _collect(request.receive, exchange, most)
    except TimeoutError:
        detail = f"the body did not arrive within {settings.upload_seconds:g} seconds"
        raise ProblemError(408, detail, {"connection": "close"}) from None


async def _collect(receive: Receive, exchange: Exchange, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while not exchange.read:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "the body is cut short")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise ProblemError(413, f"the body has more than the {most} bytes allowed")
        exchange.hold(len(part))
        exchange.digest.update(part)  # in small steps, since it holds up the event loop
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
