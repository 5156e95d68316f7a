"""Responses with large bodies, and entity tags."""

from collections.abc import Iterable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SLICE = 1 << 20  # bytes handed to the connection at a time
HEADER_MOST = 1000  # characters of a text in a header


class SlicedResponse(Response):
    """A response whose body is sent slice by slice.

    Each slice waits until the client has taken most of the one before it, so the request stays
    open, and its memory counts, until hardly more than one slice is left.
    """

    def __init__(
        self, body: bytes | memoryview, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(body, 200, {**headers, "x-content-type-options": "nosniff"}, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        body = memoryview(self.body)
        for start in range(0, len(body), SLICE):
            more = start + SLICE < len(body)
            part = body[start : start + SLICE]
            await send({"type": "http.response.body", "body": part, "more_body": more})


def matches_tag(tag: str, if_none_match: Iterable[str]) -> bool:
    """True if the client already has the response with that entity tag (RFC 9110, 13.1.2).

    if_none_match: the elements of that header.
    """
    return any(known.removeprefix("W/") in (tag, "*") for known in if_none_match)


def header_text(text: str) -> str:
    """Return a text as the value of a header: printable ASCII on one line, and not too long."""
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(line.encode("ascii", "backslashreplace").decode()[:HEADER_MOST].split())
