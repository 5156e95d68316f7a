"""Work off the event loop: a bounded queue before a pool of threads.

The codec holds no GIL while it codes, so threads use all cores.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, TypeVar

from starlette.types import Receive

from ablc.service.problems import GoneError, ProblemError
from ablc.service.settings import Settings

T = TypeVar("T")

AHEAD = 2  # jobs handed to the pool for each of its threads, so that none waits for the loop


class Workers:
    """Runs jobs, each on one thread, in the order in which they came."""

    def __init__(self, settings: Settings, note: Callable[[float], None]) -> None:
        """note: is told the seconds that each job took."""
        self.settings = settings
        self._note = note
        self.waiting = 0
        self.running = 0  # or about to
        self._pool = ThreadPoolExecutor(settings.workers, "ablc")
        self._places = asyncio.Semaphore(AHEAD * settings.workers)

    def check_room(self) -> None:
        """Raises ProblemError 503 if the queue is full."""
        if self.waiting >= self.settings.queue:
            raise ProblemError.busy(f"{self.waiting} requests are waiting already")

    async def run(self, job: Callable[[], T]) -> T:
        """What a job returns.

        Raises ProblemError 503 if the queue is full or the wait too long, 413 if the job takes too
        long, and what the job raises. A job that has begun cannot be stopped: its thread is taken
        until it ends, which the limits on pixels and effort bound.
        """
        await self._wait()
        self.running += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, self._timed, job)
        future.add_done_callback(self._done)
        done, _ = await asyncio.wait((future,), timeout=self.settings.work_seconds)
        if not done:
            raise too_long(self.settings)
        return future.result()

    def close(self) -> None:
        """Lets threads end when their jobs do."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _wait(self) -> None:
        """Returns when there is a place in the pool."""
        if not self._places.locked():
            await self._places.acquire()
            return
        self.check_room()
        self.waiting += 1
        try:
            async with asyncio.timeout(self.settings.wait_seconds):
                await self._places.acquire()
        except TimeoutError:
            raise waited(self.settings) from None
        finally:
            self.waiting -= 1

    def _timed(self, job: Callable[[], T]) -> T:
        began = perf_counter()
        try:
            return job()
        finally:
            self._note(perf_counter() - began)

    def _done(self, future: "asyncio.Future[Any]") -> None:
        self.running -= 1
        self._places.release()
        if not future.cancelled():
            future.exception()  # nobody may be left who asks for it


async def while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """What work returns; it is cancelled when the client goes away. Raises GoneError then.

    receive: of a request whose body has been read.
    """
    current = asyncio.current_task()
    gone = asyncio.ensure_future(_gone(receive))
    over = False

    def leave(_: object) -> None:
        if current and not over:
            current.cancel()

    gone.add_done_callback(leave)
    try:
        return await work
    except asyncio.CancelledError:
        if current and gone.done() and current.uncancel() == 0:
            raise GoneError from None
        raise
    finally:
        over = True
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def waited(settings: Settings) -> ProblemError:
    """That a request was too long in a queue."""
    return ProblemError.busy(f"no worker was free within {settings.wait_seconds:g} seconds")


def too_long(settings: Settings) -> ProblemError:
    """That a picture takes more work than allowed."""
    return ProblemError(
        413,
        f"the work took longer than {settings.work_seconds:g} seconds: send a smaller picture, "
        "or ask for less effort",
    )
