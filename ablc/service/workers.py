"""Work off the event loop: a bounded queue in front of a pool of threads.

The codec releases the GIL while it works, so the threads use all cores.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, TypeVar

from starlette.types import Receive

from ablc.service.problems import ClientGoneError, ProblemError
from ablc.service.settings import ServiceSettings

T = TypeVar("T")

AHEAD = 2  # jobs given to the pool for each thread, so that no thread waits for the event loop


class Workers:
    """Runs jobs, each on one thread, in the order in which they were submitted."""

    def __init__(self, settings: ServiceSettings, observe: Callable[[float], None]) -> None:
        """observe: called with the seconds that each job took."""
        self.settings = settings
        self._observe = observe
        self.waiting = 0
        self.running = 0  # jobs given to the pool that have not ended
        self._pool = ThreadPoolExecutor(settings.workers, "ablc")
        self._places = asyncio.Semaphore(AHEAD * settings.workers)

    def check_room(self) -> None:
        """Raises ProblemError 503 if the queue is full."""
        if self.waiting >= self.settings.queue:
            raise ProblemError.busy(f"{self.waiting} requests are already waiting")

    async def run(self, job: Callable[[], T]) -> T:
        """Return the result of a job.

        Raises ProblemError 503 if the queue is full or the wait too long, 413 if the job takes too
        long, and any exception of the job. A job that has begun cannot be stopped: its thread is
        occupied until it ends, a time that the limits on pixels and effort bound.
        """
        await self._wait_for_place()
        self.running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, job)
        future.add_done_callback(self._ended)
        done, _ = await asyncio.wait((future,), timeout=self.settings.work_seconds)
        if not done:
            raise work_too_long(self.settings)
        return future.result()

    def close(self) -> None:
        """Let the threads end when their jobs do."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _wait_for_place(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        self.check_room()
        self.waiting += 1
        try:
            async with asyncio.timeout(self.settings.wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise waited_too_long(self.settings) from None
        finally:
            self.waiting -= 1

    def _timed(self, job: Callable[[], T]) -> T:
        began = perf_counter()
        try:
            return job()
        finally:
            self._observe(perf_counter() - began)

    def _ended(self, future: "asyncio.Future[Any]") -> None:
        self.running -= 1
        self._places.release()
        if not future.cancelled():
            future.exception()  # marks it as retrieved: the request may have been given up


async def while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """Return the result of work; cancel it when the client disconnects.

    receive: of a request whose body has been read.
    Raises ClientGoneError if the client disconnects first.
    """
    current = asyncio.current_task()
    disconnected = asyncio.ensure_future(_wait_for_disconnect(receive))
    over = False

    def cancel_work(_: object) -> None:
        if current and not over:
            current.cancel()

    disconnected.add_done_callback(cancel_work)
    try:
        return await work
    except asyncio.CancelledError:
        if current and disconnected.done() and current.uncancel() == 0:
            raise ClientGoneError from None
        raise
    finally:
        over = True
        disconnected.cancel()


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def waited_too_long(settings: ServiceSettings) -> ProblemError:
    """Return the refusal of a request that waited too long in a queue."""
    return ProblemError.busy(f"no worker was free within {settings.wait_seconds:g} seconds")


def work_too_long(settings: ServiceSettings) -> ProblemError:
    """Return the refusal of a picture that takes more work than allowed."""
    return ProblemError(
        413,
        f"the work took longer than {settings.work_seconds:g} seconds: send a smaller picture "
        "or use a lower effort",
    )
