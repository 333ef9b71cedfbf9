"""Between the server and the runs of the collector: what came in and waits until Kafka has acknowledged it."""

import asyncio
from collections.abc import Sequence
from queue import Empty, Full, Queue
from threading import Lock

from producers.base import Item


class Delivered:
    """One request's posts on their way; settled in whatever thread, awaited in the server's."""

    def __init__(self, items: Sequence[Item]) -> None:
        """Made within the server's event loop."""
        self.items = items
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[bool] = self._loop.create_future()

    def settle(self, acknowledged: bool) -> None:
        """Say how it ended; does nothing where nobody waits any more."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._set, acknowledged)

    async def wait(self, seconds: float) -> bool:
        """Whether it was acknowledged within `seconds`."""
        try:
            return await asyncio.wait_for(self._answer, seconds)
        except TimeoutError:
            return False

    def _set(self, acknowledged: bool) -> None:
        if not self._answer.done():
            self._answer.set_result(acknowledged)


class Intake:
    """A bounded queue of requests."""

    def __init__(self, most: int) -> None:
        self._waiting: Queue[Delivered] = Queue(most)
        self._closed = False
        self._lock = Lock()

    def offer(self, delivered: Delivered) -> bool:
        """Queue it; False where there is no room, or nothing is taken any more."""
        with self._lock:
            if self._closed:
                return False
            try:
                self._waiting.put_nowait(delivered)
            except Full:
                return False
            return True

    def take(self, most_items: int, patience_s: float) -> list[Delivered]:
        """What waits, up to about so many posts; after `patience_s` without any: nothing."""
        taken: list[Delivered] = []
        try:
            taken.append(self._waiting.get(timeout=patience_s))
            while sum(len(one.items) for one in taken) < most_items:
                taken.append(self._waiting.get_nowait())
        except Empty:
            return taken
        return taken

    def close(self) -> None:
        """Take nothing more, and send away who waits."""
        with self._lock:
            # Whoever was let in before is in the queue by now.
            self._closed = True
        while True:
            try:
                self._waiting.get_nowait().settle(acknowledged=False)
            except Empty:
                return
