"""Takes what a collector has read to Kafka: events, then the cursors that follow them, then the Run that tells of it."""

import time
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

from producers.base import Batch, Cursor, Item, Refused
from producers.checkpoint import read_cursors
from producers.clock import now_ms
from producers.dead_letter import dead_letter
from producers.publisher import Publisher
from producers.settings import ProducerSettings
from producers.tally import Tally
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Checkpoint, DeadLetter
from schemas.topics import TOPICS

_OWED_RUNS = 1_000
"""How many runs are kept to be told of while Kafka is away; beyond that the oldest that answers nothing is forgotten."""


class Delivery:
    """The way of one collector's events; used by one thread."""

    def __init__(self, collector: str, settings: ProducerSettings, codec: Codec, stop: Event) -> None:
        self._collector = collector
        self._settings = settings
        self._codec = codec
        self._stop = stop
        self._publisher = Publisher(settings, codec, f"{collector}-collector", stop)
        self._cursors: dict[str, str] = {}
        self._owed: list[tuple[str, Mapping[str, Any]]] = []
        self._following: Cursor | None = None

    def load(self) -> None:
        """Read the stored cursors; raises Fatal, and Retryable where it was told to stop."""
        self._cursors = read_cursors(self._settings, self._codec, self._collector, self._stop)

    def cursors(self) -> Mapping[str, str]:
        """The stored cursors as they are now."""
        return dict(self._cursors)

    def take(self, batch: Batch, tally: Tally) -> None:
        """Publish `batch` and wait until it is acknowledged; its cursors are due then, and stored where it is time.

        Raises Retryable, Fatal, Poison where a cursor does not fit.
        """
        tally.pending.clear()
        tally.see(batch.seen)
        for item in batch.items:
            tally.items += 1
            refused = self._offer(item)
            if refused is not None:
                tally.refused += 1
                self._publisher.publish("dead-letters", dead_letter(refused, self._collector))
            elif isinstance(item, Item):
                tally.pending.append(item)
        if batch.items:
            self._publisher.flush()
            tally.acknowledge()
        tally.remark = batch.remark or tally.remark
        if batch.quota_left is not None:
            tally.quota_left = batch.quota_left
        tally.unstored.update((cursor.source, cursor) for cursor in batch.cursors)
        late = time.monotonic() - tally.stored_at >= self._settings.checkpoint_s
        many = tally.items - tally.stored_items >= self._settings.checkpoint_items
        if late or many or not batch.items:
            self.store(tally)

    def store(self, tally: Tally) -> None:
        """Store every cursor that is due; raises Retryable, Fatal, Poison where one does not fit."""
        for cursor in tally.unstored.values():
            self._publish_cursor(cursor)
        if tally.unstored:
            self._publisher.flush()
            self._cursors.update((cursor.source, cursor.value) for cursor in tally.unstored.values())
            tally.unstored.clear()
        tally.stored_at, tally.stored_items = time.monotonic(), tally.items

    def keep(self, cursor: Cursor, letters: Sequence[DeadLetter] = ()) -> None:
        """Store the cursor of requests, after the dead letters that it follows and after all that is owed.

        Raises Retryable, Fatal, Poison where one does not fit.
        """
        for letter in letters:
            self._publisher.publish("dead-letters", letter)
        if letters:
            self._publisher.flush()
        self.tell()
        self._store_now(cursor)

    def owe(self, topic: str, record: Mapping[str, Any]) -> None:
        """Have `record` told of by the next `tell` that can; raises Poison where it does not fit its schema."""
        self._codec.encode(TOPICS[topic].event, record)
        self._owed.append((topic, record))
        if len(self._owed) > _OWED_RUNS:
            # What answers is never forgotten; the book of requests bounds it.
            for place, (name, one) in enumerate(self._owed):
                if name == "runs" and not one["request_id"]:
                    del self._owed[place]
                    break

    def follow(self, cursor: Cursor) -> None:
        """Have the cursor of requests stored by the next `tell` that can, in place of one that was not yet."""
        self._following = cursor

    def tell(self) -> None:
        """Publish what is owed and, once that is acknowledged, the cursor that follows it.

        Raises Retryable, Fatal; what is not acknowledged is kept then.
        """
        for topic, record in self._owed:
            self._publisher.publish(topic, record)
        if self._owed:
            # They go to other partitions than the cursor: flushed together, it could be stored without them.
            self._publisher.flush()
            self._owed.clear()
        if self._following is not None:
            self._store_now(self._following)
            self._following = None

    def close(self) -> None:
        """Drop what is not acknowledged and end."""
        self._publisher.close()

    def _store_now(self, cursor: Cursor) -> None:
        self._publish_cursor(cursor)
        self._publisher.flush()
        self._cursors[cursor.source] = cursor.value

    def _publish_cursor(self, cursor: Cursor) -> None:
        checkpoint = Checkpoint(
            collector=self._collector, source=cursor.source, cursor=cursor.value, updated_at=now_ms()
        )
        self._publisher.publish("checkpoints", checkpoint)

    def _offer(self, item: Item | Refused) -> Refused | None:
        """Publish `item`; what is refused comes back."""
        if isinstance(item, Refused):
            return item
        try:
            self._publisher.publish(item.topic, item.record)
        except Poison as why:
            return Refused(item.origin, item.raw, len(item.raw), why)
        return None
