"""The hub: where the live stream stands and who listens; every event is decoded and encoded once, then fanned out."""

from collections.abc import Iterable

from aiokafka import ConsumerRecord

from api.decoding import event_of
from api.filters import Filter
from api.frames import Frame, frame, payload
from api.positions import Position, TopicPosition, Vector
from api.subscription import CloseReason, Subscription
from schemas.codec import Codec
from schemas.errors import Retryable


class Hub:
    """All of it runs on one event loop and nothing in it waits.

    So `join` is exact: the subscription gets every matching event at or after the position it returns, none before.
    """

    def __init__(self, codec: Codec) -> None:
        self.draining = False
        self._codec = codec
        self._vector: Vector | None = None
        self._groups: dict[Filter, set[Subscription]] = {}

    @property
    def ready(self) -> bool:
        """Whether it knows where it stands; before that nobody can join."""
        return self._vector is not None

    @property
    def vector(self) -> Vector:
        """Where it stands: everything before has been handed out. Raises Retryable until that is known."""
        if self._vector is None:
            raise Retryable("the live stream has not started")
        return self._vector

    def place(self, position: Position) -> None:
        """Stand here from now on: at the start, and when the topics themselves have changed."""
        self._vector = Vector(position)

    def position(self, topics: Iterable[str] | None = None) -> dict[str, TopicPosition]:
        """A copy of where it stands, for some topics or all."""
        return self.vector.position(topics)

    def join(self, subscription: Subscription) -> dict[str, TopicPosition]:
        """Register; returns the position from which on the subscription gets everything it asked for."""
        position = self.vector.position(subscription.filter.topics)
        self._groups.setdefault(subscription.filter, set()).add(subscription)
        if self.draining:
            subscription.close("shutdown")
        return position

    def leave(self, subscription: Subscription) -> None:
        """Forget a subscription."""
        group = self._groups.get(subscription.filter)
        if group is None:
            return
        group.discard(subscription)
        if not group:
            del self._groups[subscription.filter]

    def close_all(self, reason: CloseReason) -> None:
        """Close every subscription; what waits in them is still sent."""
        for group in self._groups.values():
            for subscription in group:
                subscription.close(reason)

    def drain(self) -> None:
        """Say farewell to all, and to whoever joins from now on."""
        self.draining = True
        self.close_all("shutdown")

    def publish(self, topic: str, record: ConsumerRecord) -> None:
        """Hand one record to everyone who asked for it, and stand after it.

        Raises Retryable, and stands before it, where a registry cannot now tell its schema.
        """
        vector = self.vector
        event = event_of(self._codec, topic, record) if self._groups else None
        vector.advance(topic, record.partition, record.offset + 1)
        if event is None:
            return
        encoded: str | None = None
        frames: dict[tuple[str, ...], Frame] = {}
        for wanted, group in self._groups.items():
            if not wanted.matches(topic, event):
                continue
            ready = frames.get(wanted.topics)
            if ready is None:
                encoded = payload(event) if encoded is None else encoded
                ready = frames[wanted.topics] = frame(topic, vector.id(wanted.topics), encoded)
            for subscription in group:
                subscription.offer(ready)
