"""From one kind of picture to another: the work that all conversions share."""

from collections.abc import Callable
from dataclasses import dataclass

from ablc.decoder import Decoder
from ablc.painters import painter_of
from ablc.service import comparison, jobs
from ablc.service.accounting import RequestAccount
from ablc.service.jobs import LoadedPicture, Payload, Rendition, StreamHead
from ablc.service.metrics import Metrics
from ablc.service.network_batches import NetworkBatcher, Painting
from ablc.service.problems import ProblemError
from ablc.service.queries import EncodeQuery
from ablc.service.settings import ServiceSettings
from ablc.service.workers import Workers

Finish = Callable[[LoadedPicture], Payload]


@dataclass(frozen=True, slots=True)
class Upload:
    """The body of a request."""

    data: bytes
    content_type: str  # as in the request
    is_stream: bool  # whether it is read as a stream or as a picture


class Converter:
    """Does the work of requests within the limits of the settings."""

    def __init__(self, settings: ServiceSettings, metrics: Metrics) -> None:
        self.settings = settings
        self._decoder = Decoder(fill="classical", threads=1, max_pixels=settings.max_pixels)
        self.workers = Workers(settings, metrics.work.observe)
        self.batcher = (
            NetworkBatcher(settings, metrics.batches.observe) if settings.networks else None
        )

    def check_room(self, painting: Painting) -> None:
        """Raises ProblemError 503 if the queue in which a request would wait is full."""
        if self.batcher and painting.fill != "classical":
            self.batcher.check_room()
        self.workers.check_room()

    async def convert(
        self,
        upload: Upload,
        rendition: Rendition,
        painting: Painting,
        finish: Finish,
        account: RequestAccount,
    ) -> Payload:
        """Return what finish makes of a rendition of the picture in an upload.

        Raises the exceptions of Workers.run, NetworkBatcher.decode and of the jobs.
        """
        most = self.settings.max_pixels
        data = upload.data
        if not upload.is_stream:
            kind = upload.content_type
            return await self.workers.run(lambda: finish(jobs.load(data, kind, rendition, most)))
        head = StreamHead.read(data)
        region = head.region(rendition.region)
        account.hold(head.decoded_bytes(region, most))
        if self.batcher is None and painting.named:
            raise ProblemError(422, f"{painting.named}: this service runs no networks")

        def without_networks() -> Payload | None:
            """Return the payload if no network has a part in it; integer arithmetic, one thread."""
            painter = None if painting.fill == "classical" else painter_of(data)
            if painter is not None and self.batcher:
                return None
            notes = () if painter is None else (f"not painted by {painter}: no networks here",)
            pixels = self._decoder.decode(data, region=region)
            return finish(jobs.from_stream(data, pixels, rendition, notes))

        done = None if painting.named else await self.workers.run(without_networks)
        if done is not None:
            return done
        assert self.batcher is not None  # else there is a payload or a refusal
        pixels = await self.batcher.decode(data, painting, region)
        return await self.workers.run(lambda: finish(jobs.from_stream(data, pixels, rendition)))

    async def compare(
        self, upload: Upload, rendition: Rendition, query: EncodeQuery, account: RequestAccount
    ) -> Payload:
        """Return the comparison of a picture's stream with other codecs, as JSON.

        Raises the exceptions of Workers.run, NetworkBatcher.decode and of the jobs.
        """
        most = self.settings.max_pixels

        def encode() -> tuple[jobs.LoadedPicture, bytes]:
            loaded = jobs.load(upload.data, upload.content_type, rendition, most)
            return loaded, comparison.encode(loaded, query, most)

        loaded, stream = await self.workers.run(encode)
        painted = None
        if self.batcher and query.paint is not None:
            painted = await self.batcher.decode(stream, Painting(), None)
        payload = await self.workers.run(lambda: comparison.make(loaded, stream, painted, most))
        account.hold(len(payload.body))  # several pictures, held until the client has read them
        return payload

    @property
    def waiting(self) -> int:
        """Number of requests that wait for a worker or for the networks."""
        return self.workers.waiting + (self.batcher.waiting if self.batcher else 0)

    async def warm_up(self) -> None:
        """Load everything that the first request would wait for.

        Raises ModelError or ProviderError if the networks cannot run.
        """
        await self.workers.run(jobs.warm_up)
        if self.batcher:
            await self.batcher.warm_up()

    def close(self) -> None:
        """Let the threads end when their work does."""
        self.workers.close()
        if self.batcher:
            self.batcher.close()
