"""Endpoints that say whether the service is alive, ready and busy."""

from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from ablc.service import openapi
from ablc.service.metrics import Metrics
from ablc.service.problems import ProblemError
from ablc.service.schemas import ServiceStatus
from ablc.service.state import ServiceState


class MetricsResponse(Response):
    """A response in Prometheus' text format."""

    media_type = "text/plain; version=0.0.4; charset=utf-8"


def add_routes(app: FastAPI, state: ServiceState, metrics: Metrics) -> None:
    """Add /healthz, /readyz and /metrics to an app."""

    async def healthz(_: Request) -> Response:
        """Report that the process responds."""
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        """Report whether the service takes requests."""
        if state.draining or not state.ready:
            raise ProblemError.busy("stopping" if state.draining else "warming up")
        return JSONResponse({"status": "ready"})

    async def read_metrics(_: Request) -> Response:
        """Report counts and times, in Prometheus' text format."""
        return MetricsResponse(metrics.text())

    status: dict[str, Any] = {"response_model": ServiceStatus}
    text: dict[str, Any] = {"response_model": None, "response_class": MetricsResponse}
    for name, endpoint, response, refusals in (
        ("healthz", healthz, status, ()),
        ("readyz", readyz, status, (503,)),
        ("metrics", read_metrics, text, (401, 503)),
    ):
        app.add_route(f"/{name}", endpoint)  # responds to GET and HEAD
        app.add_api_route(  # describes GET
            f"/{name}",
            endpoint,
            operation_id=name,
            responses=openapi.refusals(*refusals),
            **response,
        )
