"""One client's stream: open, what it missed, then live; and the reason of its end."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Mapping
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
from api.subscription import CloseReason, Subscription
from api.telemetry import CLOSES, CONNECTIONS, FRAMES, RECENT, REPLAYED

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
    socket, and nothing waits: a client who listens costs no task.
    """

    __slots__ = (
        "_beat_at",
        "_conflate",
        "_done",
        "_expired",
        "_expires_at",
        "_expiry",
        "_filter",
        "_left",
        "_own",
        "_sink",
        "_subscription",
    )

    def __init__(
        self, own: Services, wanted: Filter, *, conflate: bool = False, expires_at: float | None = None
    ) -> None:
        self._own = own
        self._filter = wanted
        self._conflate = conflate
        self._expires_at = expires_at
        self._expired = False
        self._expiry: asyncio.TimerHandle | None = None
        self._subscription: Subscription | None = None
        self._left: CloseReason = "client"
        self._beat_at = 0.0
        self._sink: Sink
        self._done: Callable[[CloseReason], object]

    def gone(self, reason: CloseReason = "client") -> None:
        """The client has gone, for a reason that nobody is told of; a replay notices at its next write."""
        self._left = reason
        if self._subscription is not None:
            self._subscription.close(reason)

    async def run(self, sink: Sink, start: Start, said: Mapping[str, Any]) -> CloseReason:
        """As `begin`, but returns at the end, with its reason."""
        ended: asyncio.Future[CloseReason] = asyncio.get_running_loop().create_future()

        def done(reason: CloseReason) -> None:
            if not ended.cancelled():
                ended.set_result(reason)

        await self.begin(sink, start, said, done)
        try:
            return await ended
        finally:
            self.gone()

    async def begin(
        self, sink: Sink, start: Start, said: Mapping[str, Any], done: Callable[[CloseReason], object]
    ) -> None:
        """Open, send what was missed from `start` on, and return when the hub writes to the sink, or the end has come.

        `done` is called once, at the end, when the `close` event has been written. `said` goes into the `open` event.
        """
        self._begin(sink, done)
        try:
            self._open(sink, start, said)
            subscription = await self._caught_up(sink, start.position)
        except Ended as end:
            self._end(end.reason)
        except BaseException:
            self._end("client")
            raise
        else:
            self._follow(sink, subscription)

    def begin_now(
        self, sink: Sink, start: Start, said: Mapping[str, Any], done: Callable[[CloseReason], object]
    ) -> None:
        """As `begin` from where the hub stands: nothing was missed, so nothing has to be waited for."""
        self._begin(sink, done)
        try:
            self._open(sink, start, said)
            subscription = self._joined(sink)
        except BaseException:
            self._end("client")
            raise
        self._follow(sink, subscription)

    def _begin(self, sink: Sink, done: Callable[[CloseReason], object]) -> None:
        self._sink, self._done = sink, done
        CONNECTIONS.inc()
        if self._expires_at is not None:
            # A timer of years ends nothing sooner than one of a month, and loops do not count so far.
            left_s = min(self._expires_at - time.time(), _LONGEST_S)
            self._expiry = asyncio.get_running_loop().call_later(max(0.0, left_s), self._expire)

    def _follow(self, sink: Sink, subscription: Subscription) -> None:
        """The hub writes from now on."""
        self._own.pulse.take(subscription)
        subscription.when_closed(self._end)
        if sink.lost:
            # It may have gone before anybody listened for that.
            subscription.close(self._left)

    def _expire(self) -> None:
        """Whoever opened it may not read any more: nothing is sent from now on, what waits included."""
        self._expired = True
        if self._subscription is not None:
            self._subscription.close("expired")

    def _end(self, reason: CloseReason) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self._subscription is not None:
            self._own.hub.leave(self._subscription)
        CONNECTIONS.dec()
        CLOSES.labels(reason=reason).inc()
        if reason not in ("client", "stalled", "vanished"):
            # All at once would come back at once.
            retry = self._own.settings.stream_retry_ms * random.uniform(1, 2)  # noqa: S311 -- to spread load
            self._sink.write(Batch([closed(reason, self._sink.last_id, round(retry))]))
        self._done(reason)

    def _open(self, sink: Sink, start: Start, said: Mapping[str, Any]) -> None:
        self._beat_at = time.monotonic() + self._own.settings.stream_heartbeat_s
        first = opened(start, said, self._filter.topics, self._own.settings)
        sink.write(Batch([first, reset(start, first.id)] if start.gaps else [first]))

    async def _caught_up(self, sink: Sink, position: Position) -> Subscription:
        """Replay what was missed; a subscription that takes over from there. Raises Ended."""
        if not self._own.hub.draining and self._own.hub.position(self._filter.topics) == position:
            return self._joined(sink)
        vector = Vector(position)
        # Far behind, follow the hub without joining it: its events would only pile up.
        while _distance(vector, target := self._target(vector)) > _NEAR:
            await self._replay(sink, vector, target)
        self._target(vector)
        subscription = self._subscribed(sink)
        target = self._own.hub.join(subscription)
        await self._replay(sink, vector, target)
        subscription.release()
        return subscription

    def _joined(self, sink: Sink) -> Subscription:
        """With nothing between: most clients come for what is to come, and nothing waits here."""
        subscription = self._subscribed(sink)
        self._own.hub.join(subscription)
        subscription.release()
        return subscription

    def _subscribed(self, sink: Sink) -> Subscription:
        subscription = Subscription(self._filter, sink, self._own.bounds, conflate=self._conflate)
        self._subscription = subscription
        return subscription

    def _target(self, vector: Vector) -> Position:
        """Where the hub stands now, `vector` made to speak of the same partitions. Raises Ended."""
        if self._expired:
            raise Ended("expired")
        if self._own.hub.draining:
            raise Ended("shutdown")
        target = self._own.hub.position(self._filter.topics)
        if any(vector.position((topic,))[topic].epoch != at.epoch for topic, at in target.items()):
            raise Ended("recreated")
        vector.cover(target)
        return target

    async def _replay(self, sink: Sink, vector: Vector, target: Position) -> None:
        """Send what lies between; each piece when the one before has left. Raises Ended."""
        async with aclosing(self._replayed(vector, target)) as batches:
            async for frames in batches:
                if sink.lost:
                    raise Ended(self._left)
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
            async with asyncio.timeout(self._own.settings.stream_send_timeout_s):
                await sink.drain()
        except TimeoutError:
            sink.abort()
            raise Ended("stalled") from None

    async def _replayed(self, vector: Vector, target: Position) -> AsyncGenerator[list[Frame], None]:
        """From `vector` to `target`, with a reset where offsets expire meanwhile; empty where nothing came for a while."""
        while behind(vector, target):
            try:
                async with aclosing(self._past(vector, target)) as batches:
                    async for batch in batches:
                        FRAMES.inc(len(batch))
                        REPLAYED.inc(len(batch))
                        yield [*batch, *self._due(vector)]
                        if self._own.hub.draining:
                            raise Ended("shutdown")
            except Expired:
                start = await self._own.starts.after(self._filter.topics, vector.id(self._filter.topics))
                for topic, at in start.position.items():
                    for number, offset in enumerate(at.offsets):
                        vector.advance(topic, number, min(offset, target[topic].offsets[number]))
                yield [reset(start, vector.id(self._filter.topics))]

    async def _past(self, vector: Vector, target: Position) -> AsyncGenerator[list[Frame], None]:
        """From `vector` to `target`: from memory where all of it is there still, else from Kafka. Raises Expired."""
        recent = self._own.hub.recent
        while left := behind(vector, target):
            if recent.covers(left):
                frames = recent.frames(self._filter, vector, target)
                RECENT.inc(len(frames))
                yield frames
                # Neither that nor a quick client waits: the others need their turn.
                await asyncio.sleep(0)
                continue
            async with aclosing(self._own.pool.replay(self._filter, vector, target)) as batches:
                async for batch in batches:
                    yield batch

    def _due(self, vector: Vector) -> list[Frame]:
        """A heartbeat, where it is time for one."""
        now = time.monotonic()
        if now < self._beat_at:
            return []
        self._beat_at = now + self._own.settings.stream_heartbeat_s
        return [heartbeat(vector.id(self._filter.topics))]


def _distance(vector: Vector, target: Position) -> int:
    """How many offsets lie between, over all partitions."""
    gone = behind(vector, target)
    return sum(target[topic].offsets[number] - offset for (topic, number), offset in gone.items())
