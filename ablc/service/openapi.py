"""The description of the API, OpenAPI 3.1."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import ablc
from ablc.service import media
from ablc.service.media import MediaType
from ablc.service.problems import PROBLEM
from ablc.service.queries import Query

ABOUT = """Pictures as small files that keep what matters, and back.

A stream is what `POST /encode` makes, `image/x-ablc`. Refusals are `application/problem+json` with
a reason. An answer carries a strong `ETag` of all that was asked; ask again with `If-None-Match`
and the same body to hear that nothing has changed.
"""
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
    400: "The body is cut short.",
    401: "The token is missing or wrong.",
    406: "No kind of answer suits the client.",
    408: "The body did not arrive in time.",
    413: "The body or the picture is larger than allowed, or takes too much work.",
    415: "The body is of a type that is not read here, or not of the type declared.",
    422: "The picture or stream is damaged, or a parameter does not fit it.",
    503: "The service is busy or stopping; `Retry-After` says when to come again.",
}
HEADERS = {
    "ETag": "Names the answer.",
    "X-Width": "Of the picture, pixels.",
    "X-Height": "Of the picture, pixels.",
    "X-Channels": "Of the picture: 1 grey, 3 RGB, 4 RGBA.",
}


class Described(Route):
    """A route with its entry in the description: method -> operation, a method alone."""

    def __init__(
        self,
        path: str,
        endpoint: Callable[[Request], Awaitable[Response]],
        operations: dict[str, Any],
    ) -> None:
        super().__init__(path, endpoint, methods=[method.upper() for method in operations])
        self.operations = operations


def route(described: Sequence[Described], *, token: bool) -> Route:
    """The endpoint that describes others. token: whether they ask for one."""
    text = document(described, token=token)

    async def openapi(_: Request) -> Response:
        return JSONResponse(text)

    return Route("/openapi.json", openapi)


def document(routes: Sequence[Described], *, token: bool) -> dict[str, Any]:
    """What routes do. token: whether they ask for one."""
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "ablc", "version": ablc.__version__, "description": ABOUT},
        "paths": {route.path: _named(route) for route in routes},
    }
    if token:
        scheme = {"type": "http", "scheme": "bearer"}
        described["components"] = {"securitySchemes": {"token": scheme}}
        described["security"] = [{"token": []}, {}]  # probes need none
    return described


def _named(route: Described) -> dict[str, Any]:
    """The operations of a route with ids, from which generated clients take names."""
    name = route.path.strip("/")
    return {
        method: {"operationId": name, **operation} for method, operation in route.operations.items()
    }


def conversion(
    about: str, query: type[Query], accepted: Sequence[str], offered: Sequence[MediaType]
) -> dict[str, Any]:
    """A POST whose body and answer are files."""
    bodies = {kind: {"schema": FORM if kind == media.FORM else BINARY} for kind in accepted}
    answers = {
        found.type: {"schema": {"type": "object"} if found == media.JSON else BINARY}
        for found in offered
    }
    headers = {
        header: {"description": meaning, "schema": {"type": "string"}}
        for header, meaning in HEADERS.items()
    }
    return {
        "post": {
            "summary": about,
            "parameters": list(_parameters(query)),
            "requestBody": {"required": True, "content": bodies},
            "responses": {
                "200": {"description": "The answer.", "content": answers, "headers": headers},
                "304": {"description": "The client has the answer: it named its entity tag."},
                **refusals(*REASONS),
            },
        }
    }


def probe(about: str, answer: str, *statuses: int) -> dict[str, Any]:
    """A GET that tells of the service. answer: the media type."""
    schema = {"type": "object"} if answer == media.JSON.type else {"type": "string"}
    content = {answer: {"schema": schema}}
    return {
        "get": {
            "summary": about,
            "responses": {
                "200": {"description": "The answer.", "content": content},
                **refusals(*statuses),
            },
        }
    }


def refusals(*statuses: int) -> dict[str, Any]:
    """Responses with these statuses."""
    content = {PROBLEM: {"schema": DETAILS}}
    return {
        str(status): {"description": REASONS[status], "content": content} for status in statuses
    }


def _parameters(query: type[Query]) -> Iterator[dict[str, Any]]:
    for name, schema in query.model_json_schema()["properties"].items():
        kept = {key: value for key, value in schema.items() if key not in ("title", "description")}
        kinds = [kind for kind in kept.pop("anyOf", ()) if kind != {"type": "null"}]
        if kinds:  # a parameter is left out, never null
            kept = kinds[0]
        about = schema.get("description", "")
        yield {"name": name, "in": "query", "description": about, "schema": kept}
