"""A subscription: the bounded buffer between the hub and one client."""

import asyncio
from collections import deque
from typing import Literal

from api.filters import Filter
from api.frames import Frame

CloseReason = Literal["overflow", "shutdown", "behind", "recreated"]


class Subscription:
    """Takes frames from the hub without ever waiting; a client that is too slow is closed, not waited for."""

    def __init__(self, wanted: Filter, max_events: int, max_bytes: int) -> None:
        self.filter = wanted
        self.closed: CloseReason | None = None
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._frames: deque[Frame] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()

    def offer(self, one: Frame) -> None:
        """Add a frame; where there is no room, drop what waits and close with `overflow`."""
        if self.closed is not None:
            return
        if len(self._frames) >= self._max_events or self._bytes + len(one.data) > self._max_bytes:
            self._frames.clear()
            self._bytes = 0
            self.close("overflow")
            return
        self._frames.append(one)
        self._bytes += len(one.data)
        self._wake.set()

    def close(self, reason: CloseReason) -> None:
        """Take no more; what waits may still be taken. The first reason stays."""
        if self.closed is None:
            self.closed = reason
        self._wake.set()

    async def wait(self, seconds: float) -> None:
        """Return when there is something to take, when closed, or after `seconds`."""
        if self._frames or self.closed is not None:
            return
        self._wake.clear()
        try:
            async with asyncio.timeout(max(seconds, 0)):
                await self._wake.wait()
        except TimeoutError:
            return

    def take(self) -> list[Frame]:
        """Everything that waits, in order."""
        frames = list(self._frames)
        self._frames.clear()
        self._bytes = 0
        return frames
