"""The service as an ASGI app, for any server: `create()` makes one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import ablc
from ablc.service import probes, problems, routes
from ablc.service.conversion import Converter
from ablc.service.exchange import Memory
from ablc.service.guard import Guard
from ablc.service.logs import log
from ablc.service.metrics import Metrics
from ablc.service.problems import GoneError, ProblemError
from ablc.service.settings import Settings
from ablc.service.state import State

ABOUT = """
Pictures as small files that keep what matters, and back.

A stream is what `POST /encode` makes, `image/x-ablc`. Refusals are `application/problem+json` with
a reason. Answers carry a strong `ETag` of what was asked; ask again with `If-None-Match` and the
same body to hear that nothing changed.
"""


def create(settings: Settings) -> FastAPI:
    """The app. Its state, ablc.service.state.State, is app.state.service.

    Raises ProviderError if networks are wanted and ONNX Runtime is not installed.
    """
    state, metrics, memory = State(), Metrics(), Memory(settings.max_memory)
    converter = Converter(settings, metrics)
    metrics.gauge("ablc_in_flight", "Requests that have no answer yet.", lambda: state.in_flight)
    metrics.gauge("ablc_queue", "Requests that wait for a worker.", lambda: converter.waiting)
    metrics.gauge("ablc_running", "Jobs of workers.", lambda: converter.workers.running)
    metrics.gauge("ablc_held_bytes", "Uploads and answers in memory.", lambda: memory.held)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        warming = asyncio.create_task(_warm_up(converter, state))
        yield
        state.draining = True
        warming.cancel()
        converter.close()

    app = FastAPI(
        title="ablc",
        version=ablc.__version__,
        description=ABOUT,
        docs_url=None,  # these pages load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Security(HTTPBearer(auto_error=False))] if settings.token else [],
    )
    app.state.service = state
    app.include_router(routes.router(converter))
    app.include_router(probes.router(state, metrics))
    app.add_middleware(Guard, state=state, metrics=metrics, memory=memory, token=settings.token)
    _handle(app)
    return app


async def _warm_up(converter: Converter, state: State) -> None:
    """Makes ready; without the networks that were asked for the service does not become it."""
    try:
        await converter.warm_up()
    except Exception:
        log.exception("warming up failed")
        state.failed = True
    else:
        state.ready = True
        log.info("ready")


def _handle(app: FastAPI) -> None:
    """What errors become, wherever they come from."""

    @app.exception_handler(ProblemError)
    async def refuse(_: Request, problem: ProblemError) -> Response:
        return problems.response(problem)

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, error: HTTPException) -> Response:
        return problems.response(
            ProblemError(error.status_code, str(error.detail), dict(error.headers or {}))
        )

    @app.exception_handler(RequestValidationError)
    async def wrong(_: Request, error: RequestValidationError) -> Response:
        faults = (f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
        return problems.response(ProblemError(422, "; ".join(faults)))

    @app.exception_handler(GoneError)
    async def gone(_: Request, __: GoneError) -> Response:
        return Response(status_code=499)  # for the log: nobody reads it
