"""Endpoints that say whether the service is alive, ready and busy."""

from fastapi import FastAPI
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

    @app.head("/healthz", include_in_schema=False)
    @app.get("/healthz", response_model=ServiceStatus, operation_id="healthz")
    async def healthz() -> Response:
        """Report that the process responds."""
        return JSONResponse({"status": "ok"})

    @app.head("/readyz", include_in_schema=False)
    @app.get(
        "/readyz",
        response_model=ServiceStatus,
        operation_id="readyz",
        responses=openapi.refusals(503),
    )
    async def readyz() -> Response:
        """Report whether the service takes requests."""
        if state.draining or not state.ready:
            raise ProblemError.busy("stopping" if state.draining else "warming up")
        return JSONResponse({"status": "ready"})

    @app.head("/metrics", include_in_schema=False)
    @app.get(
        "/metrics",
        response_class=MetricsResponse,
        operation_id="metrics",
        responses=openapi.refusals(401, 503),
    )
    async def read_metrics() -> Response:
        """Report counts and times, in Prometheus' text format."""
        return MetricsResponse(metrics.text())
