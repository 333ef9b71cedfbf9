"""A subscription: one client of the hub; written to at once while its socket takes it, with a bounded backlog while not."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from api.backlog import Backlog, Everything, Newest
from api.filters import Filter
from api.frames import Batch
from api.sink import Sink

CloseReason = Literal[
    "overflow", "shutdown", "behind", "recreated", "age", "stalled", "vanished", "client", "expired"
]
"""`stalled` takes nothing, `vanished` answers nothing any more, `client` has said that it goes."""

LOW_WATER = 65_536
"""Bytes that may wait in a socket before more is kept back; a backlog is written in pieces of about this size."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may wait for one client: events in the backlog, bytes in backlog and socket together."""

    events: int
    bytes: int


class Subscription:
    """Never waits for its client: one that is too slow is closed.

    It begins held: what the hub hands out stays in the backlog until the past has been replayed (`release`).

    Args:
        wanted: what the client asked for.
        sink: its socket.
        bounds: what may wait for it.
        conflate: whether of frames with the same key only the newest waits.
    """

    __slots__ = (
        "_backlog",
        "_bounds",
        "_held",
        "_on_close",
        "_progress_at",
        "_taken",
        "_written",
        "age_at",
        "beat_at",
        "closed",
        "conflate",
        "filter",
        "sink",
        "skip",
    )

    def __init__(self, wanted: Filter, sink: Sink, bounds: Bounds, *, conflate: bool = False) -> None:
        self.filter = wanted
        self.sink = sink
        self.conflate = conflate
        self.closed: CloseReason | None = None
        self.skip = 0
        self.beat_at = 0.0
        self.age_at = 0.0
        self._bounds = bounds
        self._held = True
        self._backlog: Backlog = Newest() if conflate else Everything()
        self._written = 0
        self._taken = -1
        self._progress_at = 0.0
        self._on_close: Callable[[CloseReason], object] | None = None

    @property
    def behind(self) -> int:
        """Frames in the backlog."""
        return len(self._backlog)

    @property
    def slow(self) -> bool:
        """Whether something waits that could be written if the socket took it."""
        return bool(self._backlog) and not self._held

    @property
    def live(self) -> bool:
        """Whether the client has been given all that was handed out."""
        return not self._held and not self._backlog and self.closed is None

    def deliver(self, batch: Batch) -> None:
        """Write frames, or keep them; where there is no room, drop what waits and close with `overflow`."""
        if self.closed is not None:
            return
        waiting = self.sink.waiting()
        if not self._held and waiting <= LOW_WATER and not self._backlog:
            self._write(batch)
            return
        for one in batch.frames:
            self._backlog.add(one)
        if len(self._backlog) > self._bounds.events or self._backlog.size + waiting > self._bounds.bytes:
            self.close("overflow")

    def release(self) -> None:
        """The past is replayed: what waits may be written."""
        self._held = False
        self.pump()

    def pump(self) -> None:
        """Write of the backlog what the socket takes now."""
        while not self._held and self._backlog and self.sink.waiting() <= LOW_WATER:
            self._write(self._backlog.take(LOW_WATER))

    def beat(self, batch: Batch) -> None:
        """Write a heartbeat, to a client that is `live`."""
        self._write(batch)

    def close(self, reason: CloseReason) -> None:
        """Take no more. What waits is still written, unless the client cannot or need not have it. The first reason stays."""
        if self.closed is not None:
            return
        self.closed = reason
        if self._backlog and not self._held and reason in ("shutdown", "behind", "recreated", "age"):
            self._write(self._backlog.take(self._backlog.size))
        self._backlog.clear()
        self._tell()

    def when_closed(self, told: Callable[[CloseReason], object]) -> None:
        """Let `told` be called once it is closed, not from within what closes it."""
        self._on_close = told
        self._tell()

    def _tell(self) -> None:
        if self.closed is not None and self._on_close is not None:
            asyncio.get_running_loop().call_soon(self._on_close, self.closed)
            self._on_close = None

    def stalled_s(self, now: float) -> float:
        """Seconds (by the clock of `now`) since the socket last took anything of what waits in it; 0 where nothing waits.

        As exact as it is asked often.
        """
        waiting = self.sink.waiting()
        taken = self._written - waiting
        if not waiting or taken != self._taken:
            self._taken, self._progress_at = taken, now
        return now - self._progress_at

    def _write(self, batch: Batch) -> None:
        self._written += len(batch.data)
        self.sink.write(batch)
