"""Answers to requests: bodies in slices, and the headers that caches go by."""

from collections.abc import Iterable, Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

SLICE = 1 << 20  # bytes handed to the connection at a time


class BodyResponse(Response):
    """A body that goes out slice by slice, each when the client has taken most of the one before.

    So a request stays open, and counts, until hardly more than a slice of its answer is left.
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


def known(tag: str, if_none_match: Iterable[str]) -> bool:
    """Whether the client has the answer with that entity tag already (RFC 9110, 13.1.2).

    if_none_match: the elements of that header.
    """
    return any(given.removeprefix("W/") in (tag, "*") for given in if_none_match)
