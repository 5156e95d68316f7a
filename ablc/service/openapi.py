"""What the API's description says of bodies and refusals, which types of parameters cannot."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from ablc.service import media
from ablc.service.media import Media
from ablc.service.problems import PROBLEM

BINARY = {"type": "string", "format": "binary"}
FORM = {
    "type": "object",
    "properties": {"picture": BINARY, "roi": BINARY},
    "required": ["picture"],
    "additionalProperties": False,
}
DETAILS = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status", "detail"],
}
REASONS = {
    400: "The request is no HTTP, or cut short.",
    401: "The token is missing or wrong.",
    406: "No kind of answer suits the client.",
    408: "The body did not arrive in time.",
    413: "The body or the picture is larger than allowed, or takes too much work.",
    415: "The body is of a type that is not read here, or not of the type declared.",
    422: "The picture or stream is damaged, or a parameter does not fit it.",
    503: "The service is busy or stopping; `Retry-After` says when to come again.",
}


def problem(reason: str) -> dict[str, Any]:
    """A response that is a refusal."""
    return {"description": reason, "content": {PROBLEM: {"schema": DETAILS}}}


def conversion(accepted: Sequence[str], offered: Sequence[Media]) -> dict[str, Any]:
    """Arguments of a route whose body and answer are files."""
    bodies = {kind: {"schema": FORM if kind == media.FORM else BINARY} for kind in accepted}
    answers = {found.type: {"schema": _schema(found)} for found in offered}
    headers = {
        name: {"description": about, "schema": {"type": "string"}}
        for name, about in (
            ("ETag", "Names the answer; send it in `If-None-Match` to get 304 for the same again."),
            ("X-Width", "Of the picture, pixels."),
            ("X-Height", "Of the picture, pixels."),
            ("X-Channels", "Of the picture: 1 grey, 3 RGB, 4 RGBA."),
        )
    }
    return {
        "response_class": Response,
        "responses": {
            200: {"description": "The answer.", "content": answers, "headers": headers},
            304: {"description": "The client has the answer: it named its entity tag."},
            **{status: problem(reason) for status, reason in REASONS.items()},
        },
        "openapi_extra": {"requestBody": {"required": True, "content": bodies}},
    }


def _schema(found: Media) -> dict[str, Any]:
    return {"type": "object"} if found == media.JSON else BINARY
