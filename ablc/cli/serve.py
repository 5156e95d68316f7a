"""The command `ablc serve`."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

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
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Requests that may wait for a worker; further ones get status 503.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.queue,
    connections: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Connections that may be open at a time.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.connections,
    max_upload: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="MIB",
            help="Largest body of a request, in MiB.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.max_upload // MEBIBYTE,
    max_pixels: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help=f"Most pixels of a picture, up to {PIXELS_MOST:,}; larger pictures are refused.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.max_pixels,
    max_effort: Annotated[
        int,
        typer.Option(
            min=1,
            max=9,
            help="Highest effort that an encode may ask for.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.max_effort,
    max_memory: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="MIB",
            help="Memory for all uploads and responses together, in MiB.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.max_memory // MEBIBYTE,
    wait: Annotated[
        float,
        typer.Option(
            metavar="S",
            help="Seconds that a request may wait for a worker.",
            rich_help_panel=TIMES,
        ),
    ] = DEFAULTS.wait_seconds,
    work: Annotated[
        float,
        typer.Option(metavar="S", help="Seconds of work on one request.", rich_help_panel=TIMES),
    ] = DEFAULTS.work_seconds,
    upload: Annotated[
        float,
        typer.Option(
            metavar="S",
            help="Seconds in which the body of a request has to arrive.",
            rich_help_panel=TIMES,
        ),
    ] = DEFAULTS.upload_seconds,
    drain: Annotated[
        float,
        typer.Option(
            metavar="S",
            help="Seconds in which open requests are finished after a signal to stop.",
            rich_help_panel=TIMES,
        ),
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
