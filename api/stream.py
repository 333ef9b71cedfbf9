"""One client's stream: open, what it missed, then live; and the reason of its end."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from api.filters import Filter
from api.frames import Batch, Frame
from api.positions import Position, Vector
from api.replay import Expired, behind
from api.resume import Start
from api.services import Services
from api.sink import Sink
from api.stream_events import closed, heartbeat, opened, reset
from api.subscription import Bounds, CloseReason, Subscription
from api.telemetry import CLOSES, CONNECTIONS, FRAMES, REPLAYED

_NEAR = 500
"""Offsets behind the hub at which a client joins it; more would fill its buffer while it is still replayed."""

_LONGEST_S = 30 * 86_400.0


class Ended(Exception):  # noqa: N818 -- the regular end of a stream, with its reason
    """The stream ends; `reason` goes to the client."""

    def __init__(self, reason: CloseReason) -> None:
        super().__init__(reason)
        self.reason: CloseReason = reason


class Stream:
    """What it writes is whole frames, every frame has an id, and an id covers all frames sent up to it.

    While it replays it waits for its client, with nothing between Kafka and the socket but one fetch. Then the hub writes to the
    socket, and this only waits for the end.
    """

    def __init__(
        self, own: Services, wanted: Filter, *, conflate: bool = False, expires_at: float | None = None
    ) -> None:
        self._settings = own.settings
        self._hub = own.hub
        self._pulse = own.pulse
        self._pool = own.pool
        self._starts = own.starts
        self._filter = wanted
        self._topics = wanted.topics
        self._conflate = conflate
        self._expires_at = expires_at
        self._expired = False
        self._subscription: Subscription | None = None
        self._beat_at = 0.0

    def gone(self) -> None:
        """The client has gone; a replay notices at its next write."""
        if self._subscription is not None:
            self._subscription.close("client")

    def _expire(self) -> None:
        """Whoever opened it may not read any more: nothing is sent from now on, what waits included."""
        self._expired = True
        if self._subscription is not None:
            self._subscription.close("expired")

    async def run(self, sink: Sink, start: Start, said: Mapping[str, Any]) -> CloseReason:
        """Serve from `start` on until the end, the `close` event included; `said` goes into the `open` event. Returns why it ended."""
        CONNECTIONS.inc()
        reason: CloseReason = "client"
        ends: asyncio.TimerHandle | None = None
        if self._expires_at is not None:
            # A timer of years ends nothing sooner than one of a month, and loops do not count so far.
            left_s = min(self._expires_at - time.time(), _LONGEST_S)
            ends = asyncio.get_running_loop().call_later(max(0.0, left_s), self._expire)
        try:
            self._open(sink, start, said)
            subscription = await self._caught_up(sink, Vector(start.position))
            self._pulse.take(subscription)
            reason = await subscription.ended()
        except Ended as end:
            reason = end.reason
        finally:
            if ends is not None:
                ends.cancel()
            if self._subscription is not None:
                self._hub.leave(self._subscription)
            CONNECTIONS.dec()
            CLOSES.labels(reason=reason).inc()
        if reason not in ("client", "stalled"):
            # All at once would come back at once.
            retry = self._settings.stream_retry_ms * random.uniform(1, 2)  # noqa: S311 -- to spread load
            sink.write(Batch([closed(reason, sink.last_id, round(retry))]))
        return reason

    def _open(self, sink: Sink, start: Start, said: Mapping[str, Any]) -> None:
        self._beat_at = time.monotonic() + self._settings.stream_heartbeat_s
        heartbeat_s = {"heartbeat_s": self._settings.stream_heartbeat_s}
        first = opened(start, {**said, **heartbeat_s}, self._topics, self._settings.stream_retry_ms)
        sink.write(Batch([first, reset(start, first.id)] if start.gaps else [first]))

    async def _caught_up(self, sink: Sink, vector: Vector) -> Subscription:
        """Replay what was missed; a subscription that takes over from there. Raises Ended."""
        # Far behind, follow the hub without joining it: its events would only pile up.
        while _distance(vector, target := self._target(vector)) > _NEAR:
            await self._replay(sink, vector, target)
        self._target(vector)
        bounds = Bounds(self._settings.stream_buffer_events, self._settings.stream_buffer_bytes)
        subscription = Subscription(self._filter, sink, bounds, conflate=self._conflate)
        target = self._hub.join(subscription)
        self._subscription = subscription
        await self._replay(sink, vector, target)
        subscription.release()
        return subscription

    def _target(self, vector: Vector) -> Position:
        """Where the hub stands now, `vector` made to speak of the same partitions. Raises Ended."""
        if self._expired:
            raise Ended("expired")
        if self._hub.draining:
            raise Ended("shutdown")
        target = self._hub.position(self._topics)
        if any(vector.position((topic,))[topic].epoch != at.epoch for topic, at in target.items()):
            raise Ended("recreated")
        vector.cover(target)
        return target

    async def _replay(self, sink: Sink, vector: Vector, target: Position) -> None:
        """Send what lies between; each piece when the one before has left. Raises Ended."""
        async with aclosing(self._replayed(vector, target)) as batches:
            async for frames in batches:
                if sink.lost:
                    raise Ended("client")
                if self._expired:
                    raise Ended("expired")
                if frames:
                    await self._send(sink, Batch(frames))
                if self._subscription is not None and self._subscription.closed is not None:
                    raise Ended(self._subscription.closed)

    async def _send(self, sink: Sink, batch: Batch) -> None:
        """Send, and wait until the client has taken most of it. Raises Ended."""
        sink.write(batch)
        try:
            async with asyncio.timeout(self._settings.stream_send_timeout_s):
                await sink.drain()
        except TimeoutError:
            sink.abort()
            raise Ended("stalled") from None

    async def _replayed(self, vector: Vector, target: Position) -> AsyncGenerator[list[Frame], None]:
        """From `vector` to `target`, with a reset where offsets expire meanwhile; empty where nothing came for a while."""
        while behind(vector, target):
            try:
                async with aclosing(self._pool.replay(self._filter, vector, target)) as batches:
                    async for batch in batches:
                        FRAMES.inc(len(batch))
                        REPLAYED.inc(len(batch))
                        yield [*batch, *self._due(vector)]
                        if self._hub.draining:
                            raise Ended("shutdown")
            except Expired:
                start = await self._starts.after(self._topics, vector.id(self._topics))
                for topic, at in start.position.items():
                    for number, offset in enumerate(at.offsets):
                        vector.advance(topic, number, min(offset, target[topic].offsets[number]))
                yield [reset(start, vector.id(self._topics))]

    def _due(self, vector: Vector) -> list[Frame]:
        """A heartbeat, where it is time for one."""
        now = time.monotonic()
        if now < self._beat_at:
            return []
        self._beat_at = now + self._settings.stream_heartbeat_s
        return [heartbeat(vector.id(self._topics))]


def _distance(vector: Vector, target: Position) -> int:
    """How many offsets lie between, over all partitions."""
    gone = behind(vector, target)
    return sum(target[topic].offsets[number] - offset for (topic, number), offset in gone.items())
