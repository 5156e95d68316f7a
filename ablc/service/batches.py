"""Networks across requests: streams that come close together are decoded together."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from ablc.arrays import Pixels
from ablc.decoder import Decoder
from ablc.errors import ModelError, StreamError
from ablc.regions import Region
from ablc.service.problems import ProblemError
from ablc.service.settings import Settings
from ablc.service.workers import too_long, waited
from ablc.settings import Fill

MOST = 16  # pictures of a batch
WINDOW_SECONDS = 0.004  # that the first of a batch waits for others
WARM_SIDES = ((64, 64), (512, 768))  # height, width of empty pictures decoded at the start

Outcome = Pixels | StreamError | ModelError


@dataclass(slots=True, eq=False)
class _Entry:
    """A stream that waits for its picture."""

    data: bytes
    fill: Fill
    region: Region | None
    begun: asyncio.Event
    picture: "asyncio.Future[Pixels]"

    def joins(self, other: "_Entry") -> bool:
        """Whether both may be in one batch: whole pictures of one fill."""
        return self.fill == other.fill and self.region is None and other.region is None


class Batches:
    """Decodes streams by networks, a batch at a time.

    The networks have all cores, or the GPU, to themselves; what comes while a batch is in work
    makes the next one.
    """

    def __init__(self, settings: Settings, note: Callable[[int], None]) -> None:
        """note: is told how many pictures each batch has."""
        self.settings = settings
        self._note = note
        self._decoders = {fill: _decoder(fill, settings) for fill in ("auto", "net")}
        self._entries: deque[_Entry] = deque()
        self._thread = ThreadPoolExecutor(1, "ablc-networks")
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Streams that no batch has taken yet."""
        return len(self._entries)

    async def warm_up(self) -> None:
        """Loads the networks. Raises ModelError and ProviderError as ablc.decode does."""
        loop = asyncio.get_running_loop()
        for decoder in self._decoders.values():
            await loop.run_in_executor(self._thread, partial(decoder.warm_up, *WARM_SIDES))

    def check_room(self) -> None:
        """Raises ProblemError 503 if the queue is full."""
        if self.waiting >= self.settings.queue:
            raise ProblemError.busy(f"{self.waiting} requests are waiting for the networks already")

    async def decode(self, data: bytes, fill: Fill, region: Region | None) -> Pixels:
        """The picture in a stream, or a region of it.

        Raises ProblemError 503 if the queue is full or the wait too long, 413 if the work takes too
        long, and what ablc.decode raises.
        """
        self.check_room()
        entry = _Entry(data, fill, region, asyncio.Event(), asyncio.Future())
        self._entries.append(entry)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        try:
            async with asyncio.timeout(self.settings.wait_seconds):
                await entry.begun.wait()
            async with asyncio.timeout(self.settings.work_seconds):
                return await entry.picture
        except TimeoutError:
            raise (too_long if entry.begun.is_set() else waited)(self.settings) from None
        finally:
            entry.picture.cancel()
            if not entry.begun.is_set():
                self._entries.remove(entry)

    def close(self) -> None:
        """Lets the thread end when its batch does, and the networks go."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        for decoder in self._decoders.values():
            decoder.close()

    async def _work(self) -> None:
        """Batches, until nothing waits."""
        await asyncio.sleep(WINDOW_SECONDS)
        loop = asyncio.get_running_loop()
        while self._entries:
            batch = self._take()
            self._note(len(batch))
            try:
                outcomes = await loop.run_in_executor(self._thread, self._decode, batch)
            except Exception as error:
                for entry in batch:
                    _tell(entry, error)
                continue
            for entry, outcome in zip(batch, outcomes, strict=True):
                _tell(entry, outcome)

    def _take(self) -> list[_Entry]:
        """The next batch, in the order in which its streams came."""
        batch = [self._entries.popleft()]
        while self._entries and len(batch) < MOST and batch[0].joins(self._entries[0]):
            batch.append(self._entries.popleft())
        for entry in batch:
            entry.begun.set()
        return batch

    def _decode(self, batch: list[_Entry]) -> list[Outcome]:
        first = batch[0]
        decoder = self._decoders[first.fill]
        if first.region is not None:
            return [decoder.decode(first.data, region=first.region)]
        return decoder.decode_each([entry.data for entry in batch])


def _decoder(fill: Fill, settings: Settings) -> Decoder:
    return Decoder(fill=fill, provider=settings.provider, max_pixels=settings.max_pixels)


def _tell(entry: _Entry, outcome: Pixels | Exception) -> None:
    """Gives an entry its picture or error, if somebody still waits for it."""
    if entry.picture.done():
        return
    if isinstance(outcome, Exception):
        entry.picture.set_exception(outcome)
    else:
        entry.picture.set_result(outcome)
