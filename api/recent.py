"""The last events that the hub has handed out: whoever comes back soon is given from here what he missed, not from Kafka.

A client who comes back costs a consumer of his own otherwise, and after a restart all come back at once (ADR 36).
"""

from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any

from aiokafka import ConsumerRecord

from api.decoding import event_of
from api.filters import Filter
from api.frames import Frame, frame, payload
from api.positions import Position, Vector
from api.replay import behind
from schemas.codec import Codec

_PIECE = 100
"""Events looked at in one go: about a millisecond of work."""

Partition = tuple[str, int]


class _Kept:
    """One event. `record` is what it is still to be decoded from, for nobody had asked for its topic."""

    __slots__ = ("encoded", "event", "offset", "record", "size")

    def __init__(self, record: ConsumerRecord, event: dict[str, Any] | None, *, decoded: bool) -> None:
        self.offset: int = record.offset
        self.size = len(record.value or b"")
        self.record = None if decoded else record
        self.event = event
        self.encoded: bytes | None = None


class Recent:
    """Nothing in it waits. Of each partition it has all events from some offset on up to where the hub stands.

    Args:
        most: events kept, of all partitions together.
        most_bytes: the same by the size of their records; what is made of them takes more (ADR 36).
    """

    def __init__(self, codec: Codec, most: int, most_bytes: int) -> None:
        self._codec = codec
        self._most = most
        self._most_bytes = most_bytes
        self._kept: defaultdict[Partition, deque[_Kept]] = defaultdict(deque)
        self._since: dict[Partition, int] = {}
        self._order: deque[Partition] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._order)

    def place(self, position: Position) -> None:
        """The hub stands here from now on: what was before is forgotten."""
        self._kept.clear()
        self._order.clear()
        self._bytes = 0
        self._since = {
            (topic, number): offset
            for topic, at in position.items()
            for number, offset in enumerate(at.offsets)
        }

    def fill(self, begins: Mapping[Partition, int], records: Iterable[tuple[str, ConsumerRecord]]) -> None:
        """Take what lies before where the hub stands: all records from `begins` on, before anything has been added."""
        self._since.update(begins)
        for topic, record in records:
            self.add(topic, record, None, decoded=False)

    def add(self, topic: str, record: ConsumerRecord, event: dict[str, Any] | None, *, decoded: bool) -> None:
        """Keep what the hub hands out; `event` is what was `decoded` of it, None where it is nothing."""
        one, partition = _Kept(record, event, decoded=decoded), (topic, record.partition)
        self._kept[partition].append(one)
        self._order.append(partition)
        self._bytes += one.size
        while len(self._order) > self._most or self._bytes > self._most_bytes:
            self._let_go(self._order.popleft())

    def covers(self, left: Mapping[Partition, int]) -> bool:
        """Whether all from these offsets on is here."""
        return all(
            partition in self._since and offset >= self._since[partition]
            for partition, offset in left.items()
        )

    def frames(self, wanted: Filter, vector: Vector, target: Position) -> list[Frame]:
        """What `wanted` matches of the next events between `vector` and `target`, which moves along; `covers` must hold.

        Raises Retryable where a registry cannot now tell a schema.
        """
        frames: list[Frame] = []
        looked = 0
        for (topic, number), offset in behind(vector, target).items():
            end = target[topic].offsets[number]
            kept = self._kept[topic, number]
            for one in islice(kept, bisect_left(kept, offset, key=attrgetter("offset")), None):
                if one.offset >= end:
                    break
                if looked == _PIECE:
                    return frames
                looked += 1
                event = self._event(topic, one)
                vector.advance(topic, number, one.offset + 1)
                if event is not None and wanted.matches(topic, event):
                    if one.encoded is None:
                        # A copy: orjson's own holds on to the 16 KB that it was written into.
                        one.encoded = bytes(memoryview(payload(event)))
                    frames.append(frame(topic, vector.id(wanted.topics), one.encoded))
            # Past markers and aborted records.
            vector.advance(topic, number, end)
        return frames

    def _event(self, topic: str, one: _Kept) -> dict[str, Any] | None:
        if one.record is not None:
            one.event = event_of(self._codec, topic, one.record)
            one.record = None
        return one.event

    def _let_go(self, partition: Partition) -> None:
        one = self._kept[partition].popleft()
        self._since[partition] = one.offset + 1
        self._bytes -= one.size
