"""Refusals, as application/problem+json (RFC 9457)."""

import json
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from ablc.errors import (
    FinderError,
    LimitError,
    ModelError,
    PictureError,
    ProviderError,
    StreamError,
)

PROBLEM = "application/problem+json"
STATUS_OF: tuple[tuple[type[Exception], int], ...] = (  # the first that fits
    (LimitError, 413),
    (StreamError, 422),
    (PictureError, 422),
    (ModelError, 422),  # the stream names networks that are not installed
    (ProviderError, 503),
    (FinderError, 500),
    (MemoryError, 503),
    (ValueError, 422),
)


class ProblemError(Exception):
    """A request that is refused, with status, reason and further headers of the response."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    @classmethod
    def busy(cls, detail: str, seconds: int = 1) -> "ProblemError":
        """Return a 503 that tells the client to try again after that many seconds."""
        return cls(503, detail, {"retry-after": str(seconds)})


class ClientGoneError(Exception):
    """The client closed the connection before its response was ready."""


def to_json(problem: ProblemError) -> str:
    """Return the body of the response that states a problem."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
    }
    return json.dumps(body)


def response(problem: ProblemError) -> Response:
    """Return the response that states a problem."""
    headers = {"cache-control": "no-store", **problem.headers}
    return Response(to_json(problem), problem.status, headers, PROBLEM)


def from_error(error: Exception) -> ProblemError:
    """Return the problem that an error of the codec, of a picture or of HTTP is to the client.

    Raises the error itself if it is none of these: it is then a fault of the service.
    """
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, HTTPException):
        return ProblemError(error.status_code, error.detail, dict(error.headers or {}))
    for kind, status in STATUS_OF:
        if isinstance(error, kind):
            detail = str(error) or "out of memory"
            return ProblemError.busy(detail) if status == 503 else ProblemError(status, detail)
    raise error
