"""What a handler gets and fills: contiguous records of one partition, and the effects it wants committed with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from processors.batching.table import BatchTable
from processors.record import Record
from schemas.errors import Poison


class Oversized(Poison):
    """An output that no broker would take; names the topic and the size."""

    def __init__(self, topic: str, size: int, limit: int) -> None:
        super().__init__("oversized", f"a record of {size} bytes for {topic}, at most {limit} are allowed")
        self.topic = topic
        self.size = size
        self.limit = limit


KEY_BYTES = 50_000
"""The largest key; no key of ours is near it."""

Output = tuple[str, bytes | None, bytes | None, int | None, int | None]
"""Topic, key, value, partition (None: its key decides), timestamp in ms (None: the time of sending). There may be
hundreds of thousands a second, hence no class."""


class Batch:
    """Records [start, end) of one partition of one input topic; empty on a tick.

    What is put and sent here, and the offset `end`, commit together or not at all. `pending` says how many outputs
    the handler still owes without any new input; every call of the handler states it anew (0 unless set).
    """

    __slots__ = (
        "_handler",
        "_outputs",
        "_writes",
        "caught_up",
        "end",
        "max_record_bytes",
        "partition",
        "pending",
        "records",
        "start",
        "topic",
    )

    def __init__(
        self,
        *,
        handler: str,
        topic: str,
        partition: int,
        records: Sequence[Record],
        start: int,
        end: int,
        caught_up: bool,
        max_record_bytes: int,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self.records = records
        self.start = start
        self.end = end
        self.caught_up = caught_up
        """Whether the partition had been read to its last stable offset when these records were fetched."""
        self.max_record_bytes = max_record_bytes
        """The largest value an output or a row may have."""
        self.pending = 0
        self._handler = handler
        self._writes: dict[BatchTable, dict[str, Any]] = {}
        self._outputs: list[Output] = []

    def get(self, table: BatchTable, key: str) -> Any:
        """What this batch has put under `key`, otherwise the committed value, otherwise None."""
        writes = self._writes.get(table)
        if writes is not None and key in writes:
            return writes[key]
        return table.get(self.partition, key)

    def put(self, table: BatchTable, key: str, value: Any) -> None:
        """Set a row (JSON-like value, not to be changed afterwards); None deletes it."""
        writes = self._writes.get(table)
        if writes is None:
            table.claim(self._handler)
            writes = self._writes[table] = {}
        writes[key] = value

    def rows(self, table: BatchTable) -> Mapping[str, Any]:
        """All committed rows of the table in this partition, without what this batch has put."""
        return table.rows(self.partition)

    def send(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        *,
        partition: int | None = None,
        timestamp: int | None = None,
    ) -> None:
        """Send a record when the batch commits; raises Oversized at once if no broker would take it."""
        if value is not None and len(value) > self.max_record_bytes:
            raise Oversized(topic, len(value), self.max_record_bytes)
        if key is not None and len(key) > KEY_BYTES:
            raise Oversized(topic, len(key), KEY_BYTES)
        self._outputs.append((topic, key, value, partition, timestamp))

    @property
    def outputs(self) -> Sequence[Output]:
        """What has been sent so far."""
        return self._outputs

    @property
    def writes(self) -> Mapping[BatchTable, Mapping[str, Any]]:
        """What has been put so far."""
        return self._writes

    @property
    def has_effects(self) -> bool:
        """Whether anything was put or sent."""
        return bool(self._outputs) or any(self._writes.values())
