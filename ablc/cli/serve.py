"""The command `ablc serve`."""

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import typer

from ablc.service.settings import MEBIBYTE, ServiceSettings
from ablc.settings import Provider

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
LIMITS, TIMES, NETWORKS = "Limits", "Time", "Networks"  # headings of options
CLUSTER = "Cluster"
REPLICAS = 4
DEFAULTS = ServiceSettings()


def serve(
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with the token that requests have to bring.",
            show_default=f"the token in {TOKEN}, or none",
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            min=1, metavar="N", help="Pictures coded at a time.", show_default="one per core"
        ),
    ] = DEFAULTS.workers,
    queue: Annotated[
        int, typer.Option(min=1, metavar="N", help="That may wait.", rich_help_panel=LIMITS)
    ] = DEFAULTS.queue,
    connections: Annotated[
        int, typer.Option(min=1, metavar="N", help="Open at a time.", rich_help_panel=LIMITS)
    ] = DEFAULTS.connections,
    max_upload: Annotated[
        int, typer.Option(min=1, metavar="MIB", help="Of one upload.", rich_help_panel=LIMITS)
    ] = DEFAULTS.max_upload // MEBIBYTE,
    max_pixels: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Refuse larger pictures.", rich_help_panel=LIMITS),
    ] = DEFAULTS.max_pixels,
    max_effort: Annotated[
        int, typer.Option(min=1, max=9, help="Of an encode.", rich_help_panel=LIMITS)
    ] = DEFAULTS.max_effort,
    max_memory: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="MIB",
            help="Of all uploads and answers together.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULTS.max_memory // MEBIBYTE,
    wait: Annotated[
        float, typer.Option(metavar="S", help="In the queue, at most.", rich_help_panel=TIMES)
    ] = DEFAULTS.wait_seconds,
    work: Annotated[
        float, typer.Option(metavar="S", help="On one request, at most.", rich_help_panel=TIMES)
    ] = DEFAULTS.work_seconds,
    upload: Annotated[
        float, typer.Option(metavar="S", help="Of one upload, at most.", rich_help_panel=TIMES)
    ] = DEFAULTS.upload_seconds,
    drain: Annotated[
        float,
        typer.Option(
            metavar="S", help="To finish requests when told to stop.", rich_help_panel=TIMES
        ),
    ] = DEFAULTS.drain_seconds,
    networks: Annotated[
        bool,
        typer.Option("--networks", help="Paint with networks.", rich_help_panel=NETWORKS),
    ] = DEFAULTS.networks,
    provider: Annotated[
        Provider, typer.Option(help="Where they run.", rich_help_panel=NETWORKS)
    ] = DEFAULTS.provider,
    engine: Annotated[
        Literal["local", "ray"],
        typer.Option(
            help="This process, or replicas on a Ray cluster: the one that RAY_ADDRESS names, "
            "else one of this machine.",
            rich_help_panel=CLUSTER,
        ),
    ] = "local",
    replicas: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="At most, with --engine ray; --workers and all limits are those of each.",
            rich_help_panel=CLUSTER,
        ),
    ] = REPLICAS,
) -> None:
    """Decode, encode and transcode over HTTP; /openapi.json says how."""
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
        _on_ray(settings, host, port, replicas)
    elif not server.run(settings, host, port):
        raise typer.Exit(FAILED)


def _on_ray(settings: ServiceSettings, host: str, port: int, replicas: int) -> None:
    """Raises ValueError if Ray Serve is not installed, or the port is left to chance."""
    if port == 0:
        raise ValueError("--engine ray needs a --port: the machines of a cluster share it")
    try:
        from ablc.service import on_ray
    except ModuleNotFoundError as error:
        raise ValueError(f"--engine ray needs {error.name}: pip install 'ablc[ray]'") from error
    on_ray.run(settings, host, port, replicas)


def _token(file: Path | None) -> str:
    """The token that requests have to bring; empty if none is asked for."""
    if file is None:
        return os.environ.get(TOKEN, "")
    token = file.read_text().strip()
    if not token:
        raise ValueError(f"{file}: the token is empty")
    return token


def _require_extra() -> None:
    """Raises ValueError if what `ablc serve` needs is not installed."""
    missing = [name for name in EXTRA if find_spec(name) is None]
    if missing:
        raise ValueError(f"ablc serve needs {', '.join(missing)}: pip install 'ablc[serve]'")
