"""The hub: where the live stream stands and who listens; every event is decoded and encoded once, then fanned out."""

import asyncio
import time
from collections.abc import Iterable, Iterator

from aiokafka import ConsumerRecord

from api.decoding import event_of
from api.filter_index import FilterIndex
from api.filters import Filter
from api.frames import Frame, frame, payload
from api.group import Group
from api.positions import Position, TopicPosition, Vector
from api.recent import Recent
from api.subscription import CloseReason, Subscription
from api.telemetry import FRAMES, LATENCY
from schemas.codec import Codec
from schemas.errors import Retryable

_GATHERED = 500
"""Events that are handed out at once, without waiting for the next turn of the pulse."""


class Hub:
    """All of it runs on one event loop and nothing in it waits.

    So `join` is exact: the subscription gets every matching event at or after the position it returns, none before.

    Attributes:
        draining: nobody may join any more.
        slow: subscriptions with a backlog that their sockets did not take; whoever pumps them takes them out.
        recent: the last events that it has handed out.
    """

    def __init__(self, codec: Codec, recent: Recent) -> None:
        self.draining = False
        self.recent = recent
        self.slow: dict[Subscription, None] = {}
        self._codec = codec
        self._vector: Vector | None = None
        self._groups: dict[tuple[Filter, bool], Group] = {}
        self._index: FilterIndex[Group] = FilterIndex()
        self._stirred: dict[Group, None] = {}
        self._events = 0
        self._stir = asyncio.Event()

    @property
    def ready(self) -> bool:
        """Whether it knows where it stands; before that nobody can join."""
        return self._vector is not None

    @property
    def vector(self) -> Vector:
        """Where it stands: everything before has been handed out, or will be with the next flush. Raises Retryable until known."""
        if self._vector is None:
            raise Retryable("the live stream has not started")
        return self._vector

    def place(self, position: Position) -> None:
        """Stand here from now on: at the start, and when the topics themselves have changed."""
        self._vector = Vector(position)
        self.recent.place(position)

    def position(self, topics: Iterable[str] | None = None) -> dict[str, TopicPosition]:
        """A copy of where it stands, for some topics or all."""
        return self.vector.position(topics)

    def __iter__(self) -> Iterator[Subscription]:
        for group in self._groups.values():
            yield from group

    def join(self, subscription: Subscription) -> dict[str, TopicPosition]:
        """Register; returns the position from which on the subscription gets everything it asked for."""
        position = self.vector.position(subscription.filter.topics)
        key = (subscription.filter, subscription.conflate)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(subscription.filter, conflate=subscription.conflate)
            self._index.add(group, subscription.filter)
        group.join(subscription)
        if self.draining:
            subscription.close("shutdown")
        return position

    def leave(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        key = (subscription.filter, subscription.conflate)
        group = self._groups.get(key)
        if group is None:
            return
        group.members.pop(subscription, None)
        self.slow.pop(subscription, None)
        if not group.members:
            del self._groups[key]
            self._index.discard(group, subscription.filter)
            self._stirred.pop(group, None)

    def close_all(self, reason: CloseReason) -> None:
        """Close every subscription, when all that was published has been handed out; what waits in them is still sent."""
        self.flush()
        for subscription in self:
            subscription.close(reason)

    def publish(self, topic: str, record: ConsumerRecord) -> None:
        """Gather one record for everyone who asked for it, and stand after it; what nobody asks for is not decoded.

        Raises Retryable, and stands before it, where a registry cannot now tell its schema.
        """
        vector = self.vector
        decoded = self._index.asked(topic)
        event = event_of(self._codec, topic, record) if decoded else None
        self.recent.add(topic, record, event, decoded=decoded)
        vector.advance(topic, record.partition, record.offset + 1)
        if event is None:
            return
        encoded: bytes | None = None
        frames: dict[tuple[str, ...], Frame] = {}
        for group in self._index.matching(topic, event):
            topics = group.wanted.topics
            ready = frames.get(topics)
            if ready is None:
                encoded = payload(event) if encoded is None else encoded
                ready = frames[topics] = frame(
                    topic,
                    vector.id(topics),
                    encoded,
                    key=topic.encode() + b":" + (record.key or b""),
                    at=record.timestamp / 1000,
                )
            group.add(ready)
            self._stirred[group] = None
        if frames:
            self._events += 1
            self._stir.set()
            if self._events >= _GATHERED:
                self.flush()

    async def stirred(self) -> None:
        """Return when there is something to hand out."""
        await self._stir.wait()

    def flush(self) -> None:
        """Hand out what is gathered: one write to each client that has some."""
        self._stir.clear()
        self._events = 0
        stirred, self._stirred = self._stirred, {}
        for group in stirred:
            frames, reached = group.flush(self.slow)
            if reached:
                FRAMES.inc(len(frames) * reached)
                now = time.time()
                for one in frames:
                    LATENCY.observe(max(0.0, now - one.at))
