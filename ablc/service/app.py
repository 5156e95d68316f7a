"""The service as an ASGI app, for any server: `create()` makes one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from ablc.service import openapi, page, probes, problems, routes
from ablc.service.accounting import MemoryBudget
from ablc.service.conversion import Converter
from ablc.service.guard import Guard
from ablc.service.logs import log, log_event
from ablc.service.metrics import Metrics
from ablc.service.problems import ClientGoneError, ProblemError
from ablc.service.settings import ServiceSettings
from ablc.service.state import ServiceState


def create(settings: ServiceSettings) -> Starlette:
    """The app. Its state, an ablc.service.state.ServiceState, is app.state.service.

    More endpoints may be added to app.router.routes.
    """
    state, metrics, memory = ServiceState(), Metrics(), MemoryBudget(settings.max_memory)
    converter = Converter(settings, metrics)
    metrics.add_gauge(
        "ablc_in_flight", "Requests without a complete response.", lambda: state.in_flight
    )
    metrics.add_gauge("ablc_queue", "Requests that wait for a worker.", lambda: converter.waiting)
    metrics.add_gauge("ablc_running", "Jobs of workers.", lambda: converter.workers.running)
    metrics.add_gauge("ablc_held_bytes", "Uploads and answers in memory.", lambda: memory.held)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        warming = asyncio.create_task(_warm_up(converter, state))
        yield
        state.draining = True
        warming.cancel()
        converter.close()

    described = [*routes.conversions(converter), *probes.routes(state, metrics)]
    app = Starlette(
        routes=[
            *described,
            openapi.route(described, token=bool(settings.token)),
            *page.routes(settings),
        ],
        middleware=[
            Middleware(Guard, state=state, metrics=metrics, budget=memory, token=settings.token)
        ],
        exception_handlers={
            ProblemError: _explain,
            HTTPException: _explain,  # there is no such path, or no such method
            ClientGoneError: _gone,
        },
        lifespan=lifespan,
    )
    app.state.service = state
    app.router.redirect_slashes = False
    return app


async def _warm_up(converter: Converter, state: ServiceState) -> None:
    """Makes ready; without the networks that were asked for the service does not become it."""
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


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)  # for the log: nobody reads it
