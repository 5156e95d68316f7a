"""The command `ablc serve`."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ablc.cli.options import flag
from ablc.service.settings import MEBIBYTE, PIXELS_MOST, ServiceSettings
from ablc.settings import PROVIDER, Provider

FAILED = 1  # exit code
TOKEN = "ABLC_TOKEN"
EXTRA = (
    "fastapi",
    "starlette",
    "pydantic",
    "uvicorn",
    "httptools",
    "prometheus_client",
    "python_multipart",
)
LIMITS, TIMES, NETWORKS = "Limits", "Time limits", "Networks"  # headings of options
CLUSTER = "Cluster"
REPLICAS = 4
DEFAULTS = ServiceSettings()


def _limit(text: str, *, metavar: str = "N", most: int | None = None) -> Any:
    """Return Typer's form of a limit, a whole number from 1 on."""
    return typer.Option(min=1, max=most, metavar=metavar, help=text, rich_help_panel=LIMITS)


def _seconds(text: str) -> Any:
    """Return Typer's form of a time limit."""
    return typer.Option(metavar="S", help=text, rich_help_panel=TIMES)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen at; 0 takes a free one.")
    ] = 8080,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with the bearer token that requests have to bring.",
            show_default=f"the token in the environment variable {TOKEN}, or no token",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Pictures to work on at a time, one thread each.",
            show_default="one per core",
        ),
    ] = DEFAULTS.workers,
    queue: Annotated[
        int, _limit("Requests that may wait for a worker; further ones get status 503.")
    ] = DEFAULTS.queue,
    connections: Annotated[
        int, _limit("Connections that may be open at a time.")
    ] = DEFAULTS.connections,
    max_upload: Annotated[
        int, _limit("Largest body of a request, in MiB.", metavar="MIB")
    ] = DEFAULTS.max_upload // MEBIBYTE,
    max_pixels: Annotated[
        int, _limit(f"Most pixels of a picture, up to {PIXELS_MOST:,}; larger ones are refused.")
    ] = DEFAULTS.max_pixels,
    max_effort: Annotated[
        int, _limit("Highest effort that an encode may ask for.", most=9)
    ] = DEFAULTS.max_effort,
    max_memory: Annotated[
        int, _limit("Memory for all uploads and responses together, in MiB.", metavar="MIB")
    ] = DEFAULTS.max_memory // MEBIBYTE,
    wait: Annotated[
        float, _seconds("Seconds that a request may wait for a worker.")
    ] = DEFAULTS.wait_seconds,
    work: Annotated[float, _seconds("Seconds of work on one request.")] = DEFAULTS.work_seconds,
    upload: Annotated[
        float, _seconds("Seconds in which the body of a request has to arrive.")
    ] = DEFAULTS.upload_seconds,
    drain: Annotated[
        float, _seconds("Seconds in which open requests are finished after a signal to stop.")
    ] = DEFAULTS.drain_seconds,
    networks: Annotated[
        bool,
        typer.Option(
            "--networks",
            help="Load the networks, and let requests paint with them.",
            rich_help_panel=NETWORKS,
        ),
    ] = DEFAULTS.networks,
    provider: Annotated[Provider, flag(PROVIDER, panel=NETWORKS)] = DEFAULTS.provider,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(
            help="Where to serve: in this process, or as replicas on a Ray cluster. The cluster is "
            "the one that RAY_ADDRESS names, else one of this machine.",
            rich_help_panel=CLUSTER,
        ),
    ] = "local",
    replicas: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Most replicas with --engine ray. Workers and limits are those of each replica.",
            rich_help_panel=CLUSTER,
        ),
    ] = REPLICAS,
) -> None:
    """Serve decoding, encoding and transcoding over HTTP.

    A page to try it is at /, and the description of the API at /docs and /openapi.json.
    """
    _require_extra()
    from ablc.service import server

    settings = ServiceSettings(
        workers=workers,
        queue=queue,
        connections=connections,
        networks=networks,
        provider=provider,
        max_upload=max_upload * MEBIBYTE,
        max_pixels=max_pixels,
        max_effort=max_effort,
        max_memory=max_memory * MEBIBYTE,
        upload_seconds=upload,
        wait_seconds=wait,
        work_seconds=work,
        drain_seconds=drain,
        token=_token(token_file),
    )
    if engine == "ray":
        _serve_on_ray(settings, host, port, replicas)
    elif not server.run(settings, host, port):
        raise typer.Exit(FAILED)


def _serve_on_ray(settings: ServiceSettings, host: str, port: int, replicas: int) -> None:
    """Raises ValueError if Ray Serve is not installed, or if port is 0."""
    if port == 0:
        raise ValueError("--engine ray needs a --port other than 0: all machines listen at it")
    try:
        from ablc.service import on_ray
    except ModuleNotFoundError as error:
        raise ValueError(f"--engine ray needs {error.name}: pip install 'ablc[ray]'") from error
    on_ray.run(settings, host, port, replicas)


def _token(file: Path | None) -> str:
    """Return the token that requests have to bring; empty if there is none."""
    if file is None:
        return os.environ.get(TOKEN, "")
    token = file.read_text().strip()
    if not token:
        raise ValueError(f"{file}: the token is empty")
    return token


def _require_extra() -> None:
    """Raises ValueError if a library that `ablc serve` needs is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise ValueError(f"ablc serve needs {', '.join(missing)}: pip install 'ablc[serve]'")
