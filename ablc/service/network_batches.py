"""Networks across requests: streams that arrive close together are decoded as one batch."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from ablc.arrays import Pixels
from ablc.decoder import Decoder
from ablc.errors import ModelError, StreamError
from ablc.regions import Region
from ablc.service.problems import ProblemError
from ablc.service.settings import ServiceSettings
from ablc.service.workers import waited_too_long, work_too_long
from ablc.settings import Fill

BATCH_MOST = 16  # pictures
WINDOW_SECONDS = 0.004  # for which the first stream of a batch waits for others
WARM_UP_SHAPES = ((64, 64), (512, 768))  # height, width of empty pictures decoded at the start

Outcome = Pixels | StreamError | ModelError


class Painting(NamedTuple):
    """How a request wants its picture painted; the fields are those of ablc.decode."""

    fill: Fill = "auto"
    model: str | None = None
    strength: float | None = None

    @property
    def named(self) -> str:
        """The parameters that need networks, in words; empty if there is none."""
        given = {"fill": self.fill, "model": self.model, "strength": self.strength}
        return ", ".join(
            f"{k}={v}" for k, v in given.items() if v not in (None, "auto", "classical")
        )


@dataclass(slots=True, eq=False)
class _Entry:
    """A stream that waits to be decoded."""

    data: bytes
    painting: Painting
    region: Region | None
    begun: asyncio.Event
    picture: "asyncio.Future[Pixels]"

    def joins(self, other: "_Entry") -> bool:
        """True if both may be in one batch: whole pictures that are painted in the same way."""
        return self.painting == other.painting and self.region is None and other.region is None


class NetworkBatcher:
    """Decodes streams with networks, a batch at a time.

    The networks have all cores, or the GPU, to themselves; streams that arrive during a batch make
    up the next one.
    """

    def __init__(self, settings: ServiceSettings, observe: Callable[[int], None]) -> None:
        """observe: called with the number of pictures of each batch."""
        self.settings = settings
        self._observe = observe
        self._decoder = Decoder(
            fill="net", provider=settings.provider, max_pixels=settings.max_pixels
        )
        self._entries: deque[_Entry] = deque()
        self._thread = ThreadPoolExecutor(1, "ablc-networks")
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Number of streams that are in no batch yet."""
        return len(self._entries)

    async def warm_up(self) -> None:
        """Load the networks. Raises ModelError and ProviderError as ablc.decode does."""
        loop = asyncio.get_running_loop()
        warm_up = partial(self._decoder.warm_up, *WARM_UP_SHAPES)
        await loop.run_in_executor(self._thread, warm_up)

    def check_room(self) -> None:
        """Raises ProblemError 503 if the queue is full."""
        if self.waiting >= self.settings.queue:
            raise ProblemError.busy(f"{self.waiting} requests are already waiting for the networks")

    async def decode(self, data: bytes, painting: Painting, region: Region | None) -> Pixels:
        """Return the picture in a stream, or a region of it.

        Raises ProblemError 503 if the queue is full or the wait too long, 413 if the work takes too
        long, and the exceptions of ablc.decode.
        """
        self.check_room()
        entry = _Entry(data, painting, region, asyncio.Event(), asyncio.Future())
        self._entries.append(entry)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._decode_batches())
        try:
            async with asyncio.timeout(self.settings.wait_seconds):
                await entry.begun.wait()
            async with asyncio.timeout(self.settings.work_seconds):
                return await entry.picture
        except TimeoutError:
            refusal = work_too_long if entry.begun.is_set() else waited_too_long
            raise refusal(self.settings) from None
        finally:
            entry.picture.cancel()
            if not entry.begun.is_set():
                self._entries.remove(entry)

    def close(self) -> None:
        """Let the thread end after its batch, and release the networks."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._decoder.close()

    async def _decode_batches(self) -> None:
        """Decode batch after batch until no stream waits."""
        await asyncio.sleep(WINDOW_SECONDS)
        loop = asyncio.get_running_loop()
        while self._entries:
            batch = self._take_batch()
            self._observe(len(batch))
            try:
                outcomes = await loop.run_in_executor(self._thread, self._decode_batch, batch)
            except Exception as error:
                for entry in batch:
                    _deliver(entry, error)
                continue
            for entry, outcome in zip(batch, outcomes, strict=True):
                _deliver(entry, outcome)

    def _take_batch(self) -> list[_Entry]:
        """Remove the next batch from the queue, in the order of arrival, and return it."""
        batch = [self._entries.popleft()]
        while self._entries and len(batch) < BATCH_MOST and batch[0].joins(self._entries[0]):
            batch.append(self._entries.popleft())
        for entry in batch:
            entry.begun.set()
        return batch

    def _decode_batch(self, batch: list[_Entry]) -> list[Outcome]:
        first = batch[0]
        decoder = self._decoder.sharing(*first.painting)  # of one set of networks
        if first.region is not None:
            return [decoder.decode(first.data, region=first.region)]
        return decoder.decode_each([entry.data for entry in batch])


def _deliver(entry: _Entry, outcome: Pixels | Exception) -> None:
    """Give an entry its picture or error, unless its request has been given up."""
    if entry.picture.done():
        return
    if isinstance(outcome, Exception):
        entry.picture.set_exception(outcome)
    else:
        entry.picture.set_result(outcome)
