"""The endpoints that tell whether the service is alive, ready, and busy with what."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from ablc.service import openapi
from ablc.service.metrics import Metrics
from ablc.service.problems import ProblemError
from ablc.service.state import State

METRICS = "text/plain; version=0.0.4; charset=utf-8"


class Status(BaseModel):
    """One word."""

    status: str


def router(state: State, metrics: Metrics) -> APIRouter:
    """Health, readiness and metrics."""
    routes = APIRouter()

    @routes.get("/healthz")
    async def healthz() -> Status:
        """Say that the process answers."""
        return Status(status="ok")

    @routes.get("/readyz", responses={503: openapi.problem("Warming up, or stopping.")})
    async def readyz() -> Status:
        """Say whether requests are welcome."""
        if state.draining or not state.ready:
            raise ProblemError.busy("stopping" if state.draining else "warming up")
        return Status(status="ready")

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={
            200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
            401: openapi.problem(openapi.REASONS[401]),
            503: openapi.problem(openapi.REASONS[503]),
        },
    )
    async def numbers() -> Response:
        """Counters and histograms in Prometheus' text format."""
        return Response(metrics.text(), media_type=METRICS)

    return routes
