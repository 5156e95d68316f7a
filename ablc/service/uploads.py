"""Reading the body of a request within the limits of the service."""

import asyncio

from starlette.requests import Request
from starlette.types import Receive

from ablc.service.accounting import RequestAccount, account_of
from ablc.service.problems import ProblemError
from ablc.service.settings import ServiceSettings

LOST = (  # by uvicorn with httptools; ablc serve has a parser of its own
    "the body was lost on the way to the app, because the request asks to switch protocols: "
    "send it without the header Upgrade"
)


async def read_body(request: Request, settings: ServiceSettings) -> bytes:
    """Return the body of a request.

    Raises ProblemError 413 as soon as the body is certain to exceed max_upload, 408 if it takes
    longer than upload_seconds, 415 if it is compressed, 501 if it was compressed on the way or
    the server has lost it, 503 if there is no memory for it, and 400 if the client closes the
    connection before its end.
    """
    transfer = header_elements(request, "transfer-encoding")
    if any(coding.lower() != "chunked" for coding in transfer):
        raise ProblemError(501, "the body has a Transfer-Encoding other than chunked")
    codings = header_elements(request, "content-encoding")
    if any(coding.lower() != "identity" for coding in codings):
        raise ProblemError(415, "the body has a Content-Encoding: send it without one")
    most = settings.max_upload
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise ProblemError(413, f"the body has {declared} bytes, at most {most} are allowed")
    try:
        async with asyncio.timeout(settings.upload_seconds):
            body = await _collect(request.receive, account_of(request), most)
    except TimeoutError:
        detail = f"the body did not arrive within {settings.upload_seconds:g} seconds"
        raise ProblemError(408, detail, {"connection": "close"}) from None
    if not body and "upgrade" in request.headers and (transfer or declared not in ("", "0")):
        raise ProblemError(501, LOST)
    return body


def header_elements(request: Request, name: str) -> list[str]:
    """Return the elements of a header that is a list, from all of its lines (RFC 9110, 5.6.1)."""
    parts = ",".join(request.headers.getlist(name)).split(",")
    return [element for part in parts if (element := part.strip())]


async def _collect(receive: Receive, account: RequestAccount, most: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    while not account.read:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ProblemError(400, "the body ends before its declared length")
        part = message.get("body", b"")
        length += len(part)
        if length > most:
            raise ProblemError(413, f"the body has more than the {most} bytes allowed")
        account.hold(len(part))
        account.digest.update(part)  # part by part, as hashing blocks the event loop
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
