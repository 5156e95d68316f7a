"""Limits and defaults of the service, checked once."""

import math
from dataclasses import dataclass, field

from ablc.options import check_number, check_whole
from ablc.settings import (
    PROVIDER,
    Provider,
    cores,
)

PIXELS_MOST = 89_478_485  # PIL.Image.MAX_IMAGE_PIXELS: Pillow itself refuses more
SAMPLES = 4  # bytes of a pixel, at most
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """Limits and defaults. Times are in seconds, memory in bytes.

    Raises ValueError for a value outside its range.
    """

    workers: int = field(default_factory=cores)  # pictures in work at a time, one thread each
    queue: int = 64  # requests that may wait for a worker
    connections: int = 1024  # open at a time
    networks: bool = False  # True: requests may use fill=auto and fill=net
    provider: Provider = "auto"  # where networks run
    max_upload: int = 32 * MEBIBYTE  # of one request
    max_pixels: int = 25_000_000  # of a picture, or of the tiles around a region of one
    max_effort: int = 7  # of an encode; effort 9 takes up to 3 seconds per megapixel
    max_memory: int = 1024 * MEBIBYTE  # of all uploads and responses held at a time
    header_seconds: float = 10  # until the head of a request is complete
    upload_seconds: float = 30  # until the body of a request is complete
    wait_seconds: float = 10  # in the queue
    work_seconds: float = 60  # of work on one request
    send_seconds: float = 30  # for a client to read what is sent to it
    idle_seconds: float = 15  # for which a connection is kept between requests
    drain_seconds: float = 30  # for open requests when the service is told to stop
    token: str = field(default="", repr=False)  # that requests have to bring; empty: none

    def __post_init__(self) -> None:
        for name in ("workers", "queue", "connections", "max_upload"):
            check_whole(name, getattr(self, name), 1)
        check_whole("max_pixels", self.max_pixels, 1, PIXELS_MOST)
        check_whole("max_effort", self.max_effort, 1, 9)
        least = self.max_upload + SAMPLES * self.max_pixels
        check_whole("max_memory (one upload and one picture fit into it)", self.max_memory, least)
        PROVIDER.check("provider", self.provider)
        for name in ("header", "upload", "wait", "work", "send", "idle", "drain"):
            check_number(f"{name}_seconds", getattr(self, f"{name}_seconds"), 0, math.inf)
        if not (self.token.isascii() and self.token.isprintable()) or " " in self.token:
            raise ValueError("the token must be printable ASCII without spaces")
