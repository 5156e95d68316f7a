"""The app on Ray Serve: replicas on the machines of a cluster, as many as the load needs."""

import logging
import signal
from typing import Any

import ray
from ray import serve
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ablc import pictures, telemetry
from ablc.service import app, logs
from ablc.service.settings import ServiceSettings

NAME = "ablc"  # of application and deployment
AHEAD = 2  # requests per worker of a replica that autoscaling aims at
GROW_SECONDS, SHRINK_SECONDS = 5.0, 120.0  # for which a load lasts before replicas come or go


class CopiedBodies:
    """Middleware that copies memoryviews to bytes: Ray pickles bodies, and views do not pickle."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def copy(message: Message) -> None:
            if isinstance(message.get("body"), memoryview):
                message = {**message, "body": bytes(message["body"])}
            await send(message)

        await self._app(scope, receive, copy)


def application(settings: ServiceSettings, most_replicas: int) -> Any:
    """Return the app as an application for ray.serve.run.

    settings: of each replica; it takes a core for each worker, and a GPU where settings.provider
        names one.
    most_replicas: there is always at least one.
    """

    def build() -> Starlette:
        logs.set_up()
        pictures.ignore_pillow_warnings()
        replicated = app.create(settings)
        replicated.add_middleware(CopiedBodies)
        return replicated

    class Replica:
        """One replica of the app."""

        app: Starlette  # set by serve.ingress, from build()

        async def check_health(self) -> None:
            """Raises RuntimeError if warming up failed; Ray then replaces the replica."""
            if self.app.state.service.failed:
                raise RuntimeError("warming up failed; the log says why")

    gpu = settings.networks and settings.provider in ("cuda", "tensorrt")
    deployment: Any = serve.deployment(
        name=NAME,
        ray_actor_options={"num_cpus": settings.workers, "num_gpus": 1 if gpu else 0},
        max_ongoing_requests=settings.workers + settings.queue,
        max_queued_requests=settings.queue,
        graceful_shutdown_timeout_s=settings.drain_seconds,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": most_replicas,
            "target_ongoing_requests": AHEAD * settings.workers,
            "upscale_delay_s": GROW_SECONDS,
            "downscale_delay_s": SHRINK_SECONDS,
        },
    )
    return deployment(serve.ingress(build)(Replica)).bind()


def run(settings: ServiceSettings, host: str, port: int, most_replicas: int) -> None:
    """Serve on the cluster that RAY_ADDRESS names, or on this machine, until a signal says stop.

    Each machine of the cluster with a replica listens at host and port.
    Raises RuntimeError if the first replica does not start.
    """
    if not ray.is_initialized():
        telemetry.switch_off()
        ray.init(include_dashboard=False, logging_level=logging.ERROR)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    serve.start(proxy_location="EveryNode", http_options={"host": host, "port": port})
    try:
        serve.run(application(settings, most_replicas), name=NAME, blocking=True)
    finally:
        serve.shutdown()
