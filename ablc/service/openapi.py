"""The parts of the API's description that FastAPI cannot derive: bodies, refusals, the token."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import ablc
from ablc.service import media, schemas
from ablc.service.media import MediaType
from ablc.service.problems import PROBLEM

ABOUT = """Pictures as small files that keep what matters, and back.

A stream is a file in ablc's format, `image/x-ablc`, as `POST /encode` makes it. A refused request
gets `application/problem+json` with the reason. A response has a strong `ETag` for the body and all
parameters: the same request with `If-None-Match` gets 304 without any work.
"""
COMPONENTS = "#/components/schemas/{model}"
REASONS = {
    400: "The body ends before its declared length, or the header `Host` is missing or invalid.",
    401: "The token is missing or wrong.",
    406: "The service has no type of response that the client accepts.",
    408: "The body did not arrive in time.",
    413: "The body or the picture is larger than allowed, or takes too much work.",
    415: "The type of the body is not read here, or the body is not of its declared type.",
    422: "The picture or stream is damaged, or a parameter does not fit it.",
    503: "The service is busy or stopping; `Retry-After` says when to try again.",
}
HEADERS = {
    "ETag": "Entity tag of the response.",
    "X-Width": "Width of the picture in pixels.",
    "X-Height": "Height of the picture in pixels.",
    "X-Channels": "Channels of the picture: 1 grey, 3 RGB, 4 RGBA.",
    "X-Notes": "Only if something was changed or lost on the way: sentences, divided by `; `.",
}

NO_TELEMETRY: TelemetryConfig = {  # the service has metrics and logs without a client's words
    "tracing": False,
    "metrics": False,
    "logs": False,
    "auto_configure": False,
}

Responses = dict[int | str, dict[str, Any]]


class DescribedApp(FastAPI):
    """FastAPI with the schemas and the token added to its description."""

    def __init__(self, *, token: bool, **options: Any) -> None:
        """token: True if requests have to bring one. options: of FastAPI."""
        super().__init__(
            title="ablc",
            version=ablc.__version__,
            description=ABOUT,
            docs_url=None,  # ablc.service.page has /docs
            redoc_url=None,
            redirect_slashes=False,
            telemetry=NO_TELEMETRY,
            **options,
        )
        self._token = token

    def openapi(self) -> dict[str, Any]:
        """Return the description, OpenAPI 3.1."""
        document = super().openapi()  # the same object each time
        components = document.setdefault("components", {})
        if schemas.Problem.__name__ not in components.setdefault("schemas", {}):
            components["schemas"].update(_definitions(schemas.Problem, schemas.UploadForm))
        if self._token:
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}, {}]  # probes need none
        return document


def request_body(accepted: Iterable[str]) -> dict[str, Any]:
    """Return the description of a body that is a file of one of these media types."""
    content = {
        kind: {"schema": _reference(schemas.UploadForm) if kind == media.FORM else schemas.BINARY}
        for kind in accepted
    }
    return {"requestBody": {"required": True, "content": content}}


def responses(offered: Iterable[MediaType]) -> Responses:
    """Return the descriptions of a conversion's responses; FastAPI adds the schema of JSON."""
    files = {kind.type: {"schema": schemas.BINARY} for kind in offered if kind != media.JSON}
    headers = {
        name: {"description": meaning, "schema": {"type": "string"}}
        for name, meaning in HEADERS.items()
    }
    return {
        200: {"description": "The result.", "content": files, "headers": headers},
        304: {"description": "The client has the result: it sent the entity tag."},
        **refusals(*REASONS),
    }


def refusals(*statuses: int) -> Responses:
    """Return the descriptions of refusals with these statuses."""
    content = {PROBLEM: {"schema": _reference(schemas.Problem)}}
    return {status: {"description": REASONS[status], "content": content} for status in statuses}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": COMPONENTS.format(model=model.__name__)}


def _definitions(*models: type[BaseModel]) -> dict[str, Any]:
    _, document = models_json_schema(
        [(model, "serialization") for model in models], ref_template=COMPONENTS
    )
    definitions: dict[str, Any] = document["$defs"]
    return definitions
