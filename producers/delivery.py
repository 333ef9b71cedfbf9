"""Takes what a collector has read to Kafka: events, then the cursors that follow them, then the Run that tells of it."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Event

from producers.base import Batch, Cursor, Item, Refused
from producers.checkpoint import read_cursors
from producers.clock import now_ms
from producers.dead_letter import dead_letter
from producers.publisher import Publisher
from producers.settings import ProducerSettings
from producers.tally import Tally
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Checkpoint, DeadLetter, Run

_OWED_RUNS = 1_000
"""How many runs are kept to be told of while Kafka is away; the oldest are forgotten beyond that."""


class Delivery:
    """The way of one collector's events; used by one thread."""

    def __init__(self, collector: str, settings: ProducerSettings, codec: Codec, stop: Event) -> None:
        self._collector = collector
        self._settings = settings
        self._codec = codec
        self._stop = stop
        self._publisher = Publisher(settings, codec, f"{collector}-collector", stop)
        self._cursors: dict[str, str] = {}
        self._owed: deque[Run] = deque(maxlen=_OWED_RUNS)

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
        """Store one cursor, with the dead letters that it follows; raises Retryable, Fatal, Poison where one does not fit."""
        for letter in letters:
            self._publisher.publish("dead-letters", letter)
        self._publish_cursor(cursor)
        self._publisher.flush()
        self._cursors[cursor.source] = cursor.value

    def tell(self, run: Run, cursor: Cursor | None = None) -> None:
        """Publish `run` with the cursor that says so, and the runs that could not be before.

        Raises Retryable, and keeps the runs, where it cannot.

        Raises Poison for a run that does not fit its schema, and does not keep it.
        """
        self._codec.encode("run", run)
        self._owed.append(run)
        for owed in self._owed:
            self._publisher.publish("runs", owed)
        if cursor is not None:
            self._publish_cursor(cursor)
        self._publisher.flush()
        self._owed.clear()

    def close(self) -> None:
        """Drop what is not acknowledged and end."""
        self._publisher.close()

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
