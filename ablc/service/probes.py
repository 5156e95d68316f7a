"""The endpoints that tell whether the service is alive, ready, and busy with what."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ablc.service import media, openapi
from ablc.service.metrics import Metrics
from ablc.service.openapi import Described
from ablc.service.problems import ProblemError
from ablc.service.state import ServiceState

METRICS = "text/plain; version=0.0.4; charset=utf-8"
JSON = media.JSON.type


def routes(state: ServiceState, metrics: Metrics) -> list[Described]:
    """Health, readiness and metrics."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        if state.draining or not state.ready:
            raise ProblemError.busy("stopping" if state.draining else "warming up")
        return JSONResponse({"status": "ready"})

    async def numbers(_: Request) -> Response:
        return Response(metrics.text(), media_type=METRICS)

    return [
        Described("/healthz", healthz, openapi.probe("Say that the process answers.", JSON)),
        Described("/readyz", readyz, openapi.probe("Say whether requests are welcome.", JSON, 503)),
        Described(
            "/metrics",
            numbers,
            openapi.probe("Count and time, in Prometheus' text format.", "text/plain", 401, 503),
        ),
    ]
