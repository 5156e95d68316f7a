"""What the service allows, checked once."""

import math
from dataclasses import dataclass, field

from ablc.options import check_number, check_whole
from ablc.settings import (
    PROVIDER,
    Provider,
    cores,
)

PIXELS_MOST = 89_478_485  # PIL.Image.MAX_IMAGE_PIXELS: beyond it Pillow refuses by itself
SAMPLES = 4  # bytes of a pixel, at most
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Limits and defaults. Times are in seconds, memory in bytes."""

    workers: int = field(default_factory=cores)  # pictures coded at a time, one thread each
    queue: int = 64  # requests that wait for a worker
    connections: int = 1024  # open at a time
    networks: bool = False  # whether requests may ask for fill=auto and fill=net
    provider: Provider = "auto"  # where networks run
    max_upload: int = 32 * MEBIBYTE  # of one request
    max_pixels: int = 25_000_000  # of a picture, or of the tiles around a region of one
    max_effort: int = 7  # of an encode: 9 takes up to 3 seconds a megapixel
    max_memory: int = 1024 * MEBIBYTE  # of all uploads and answers that are held at a time
    header_seconds: float = 10  # until the head of a request is complete
    upload_seconds: float = 30  # until its body is
    wait_seconds: float = 10  # in the queue
    work_seconds: float = 60  # of work on one request
    send_seconds: float = 30  # in which a client has to take what is sent to it
    idle_seconds: float = 15  # that a connection is kept between requests
    drain_seconds: float = 30  # for requests in work when the service is told to stop
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
