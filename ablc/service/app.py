"""The service as an ASGI app for any server: `create()` makes one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from ablc.service import page, probes, problems, queries, routes
from ablc.service.accounting import MemoryBudget
from ablc.service.conversion import Converter
from ablc.service.guard import Guard
from ablc.service.logs import log, log_event
from ablc.service.metrics import Metrics
from ablc.service.openapi import DescribedApp
from ablc.service.problems import ClientGoneError, ProblemError
from ablc.service.settings import ServiceSettings
from ablc.service.state import ServiceState


def create(settings: ServiceSettings) -> FastAPI:
    """Return the app.

    Its state is app.state.service, an ablc.service.state.ServiceState. More endpoints may be added
    as to any FastAPI app.
    """
    state, metrics, budget = ServiceState(), Metrics(), MemoryBudget(settings.max_memory)
    converter = Converter(settings, metrics)
    metrics.add_gauge("ablc_in_flight", "Open requests.", lambda: state.in_flight)
    metrics.add_gauge("ablc_queue", "Requests that wait for a worker.", lambda: converter.waiting)
    metrics.add_gauge("ablc_running", "Jobs in work.", lambda: converter.workers.running)
    metrics.add_gauge("ablc_held_bytes", "Bytes of uploads and responses.", lambda: budget.held)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        warming_up = asyncio.create_task(_warm_up(converter, state))
        yield
        state.draining = True
        warming_up.cancel()
        converter.close()

    app = DescribedApp(
        token=bool(settings.token),
        middleware=[
            Middleware(Guard, state=state, metrics=metrics, budget=budget, token=settings.token)
        ],
        exception_handlers={
            ProblemError: _explain,
            HTTPException: _explain,  # unknown paths and methods
            RequestValidationError: _explain_parameters,
            ClientGoneError: _end_silently,
        },
        lifespan=lifespan,
    )
    routes.add_routes(app, converter)
    probes.add_routes(app, state, metrics)
    app.router.routes.extend(page.routes(settings))
    app.state.service = state
    return app


async def _warm_up(converter: Converter, state: ServiceState) -> None:
    """Make the service ready; it never becomes ready if its networks cannot run."""
    try:
        await converter.warm_up()
    except Exception:
        log.exception("warming up failed")
        state.failed = True
    else:
        state.ready = True
        log_event("ready")


async def _explain(_: Request, error: Exception) -> Response:
    return problems.response(problems.from_error(error))


async def _explain_parameters(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    return problems.response(ProblemError(422, queries.explain(error.errors())))


async def _end_silently(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # for the log: the client has gone
