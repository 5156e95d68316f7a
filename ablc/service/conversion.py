"""From one kind of picture to another: what decode, encode and transcode have in common."""

from collections.abc import Callable
from dataclasses import dataclass

from ablc.decoder import Decoder
from ablc.service import jobs
from ablc.service.batches import Batches
from ablc.service.exchange import Exchange
from ablc.service.jobs import Answer, Frame, Source, StreamHead
from ablc.service.metrics import Metrics
from ablc.service.problems import ProblemError
from ablc.service.settings import Settings
from ablc.service.workers import Workers
from ablc.settings import Fill

Finish = Callable[[Source], Answer]


@dataclass(frozen=True, slots=True)
class Upload:
    """The body of a request."""

    data: bytes
    content_type: str  # as the request has it
    stream: bool  # whether it is taken for a stream, or for a picture


class Converter:
    """Does the work of requests within the limits of the settings."""

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self.settings = settings
        self._decoder = Decoder(fill="classical", threads=1, max_pixels=settings.max_pixels)
        self.workers = Workers(settings, metrics.work.observe)
        self.batches = Batches(settings, metrics.batches.observe) if settings.networks else None

    def check_room(self, fill: Fill | None) -> None:
        """Raises ProblemError 503 if the queue is full in which a request would wait."""
        if self.batches and fill != "classical":
            self.batches.check_room()
        self.workers.check_room()

    async def convert(
        self, upload: Upload, frame: Frame, fill: Fill | None, finish: Finish, exchange: Exchange
    ) -> Answer:
        """What finish makes of the picture in an upload, framed as asked.

        Raises what Workers.run, Batches.decode and jobs do.
        """
        most = self.settings.max_pixels
        data = upload.data
        if not upload.stream:
            kind = upload.content_type
            return await self.workers.run(lambda: finish(jobs.read(data, kind, frame, most)))
        head = StreamHead.read(data)
        part = head.part(frame.region)
        exchange.hold(head.decoded_bytes(part, most))
        if fill in (None, "auto"):
            fill = "auto" if self.batches else "classical"
        if fill == "classical":
            decode = self._decoder.decode  # by integers alone, on one thread
            return await self.workers.run(
                lambda: finish(jobs.described(data, decode(data, region=part), frame))
            )
        if self.batches is None:
            raise ProblemError(422, f"fill={fill}: this service runs no networks")
        pixels = await self.batches.decode(data, fill, part)
        return await self.workers.run(lambda: finish(jobs.described(data, pixels, frame)))

    @property
    def waiting(self) -> int:
        """Requests that wait for a worker or the networks."""
        return self.workers.waiting + (self.batches.waiting if self.batches else 0)

    async def warm_up(self) -> None:
        """Does once what the first request would wait for. Raises ModelError, ProviderError."""
        await self.workers.run(jobs.warm_up)
        if self.batches:
            await self.batches.warm_up()

    def close(self) -> None:
        """Lets threads end when their work does."""
        self.workers.close()
        if self.batches:
            self.batches.close()
