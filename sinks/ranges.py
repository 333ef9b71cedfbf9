"""The positions of one partition: what is read, what is being inserted, what is done. No Kafka, no clock of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from schemas.errors import Fatal

OVERHEAD_BYTES = 600
"""What a record takes in memory beside its payload: the client's message, its key and the name of its topic."""


class Positioned(Protocol):
    """A record as librdkafka hands it over."""

    def offset(self) -> int | None:
        """Its offset."""
        ...

    def value(self) -> bytes | None:
        """Its payload; None is a tombstone."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is full, and how long one that is not waits."""

    rows: int
    size: int
    linger_s: float


@dataclass(frozen=True, slots=True)
class Range:
    """Positions [start, end) and the records in them; offsets of transaction markers are positions without record."""

    start: int
    end: int
    records: Sequence[Positioned]
    replay: bool
    """Stored before, and perhaps inserted, by an earlier owner of the partition."""


@dataclass(slots=True)
class Positions:
    """Cuts what is read of one partition into ranges that follow one another without hole or overlap.

    `replays` are the ranges an earlier owner had stored: they are cut again exactly as they were.
    """

    start: int
    limits: Limits
    replays: list[tuple[int, int]] = field(default_factory=list)
    _records: list[Positioned] = field(default_factory=list)
    _size: int = 0
    _seen: int = 0
    _since: float | None = None

    def __post_init__(self) -> None:
        expected = self.start
        for first, end in self.replays:
            if first != expected or end <= first:
                raise Fatal(f"stored ranges {self.replays} do not follow offset {self.start}")
            expected = end
        self._seen = self.start

    @property
    def buffered(self) -> int:
        """Records that wait to be cut."""
        return len(self._records)

    @property
    def buffered_bytes(self) -> int:
        """Their payload."""
        return self._size

    @property
    def held_bytes(self) -> int:
        """What they take in memory."""
        return self._size + OVERHEAD_BYTES * len(self._records)

    def read(self, record: Positioned, now: float) -> None:
        """Take the next record. Records below the start (read again after a seek) are not taken."""
        offset = record.offset()
        if offset is None or offset < self._seen:
            return
        if self._since is None:
            self._since = now
        self._records.append(record)
        self._size += len(record.value() or b"")
        self._seen = offset + 1

    def reached(self, position: int) -> None:
        """There is nothing more to read below `position` (the end of the partition, past transaction markers)."""
        self._seen = max(self._seen, position)

    def idle_end(self) -> int | None:
        """Where the partition stands if nothing is buffered and nothing stored is owed; None otherwise."""
        if self._records or self.replays:
            return None
        return self._seen

    def cut(self, now: float, *, flush: bool = False) -> Range | None:
        """The next range to insert, or None while it should wait; `flush` ends the waiting."""
        if self.replays:
            return self._cut_replay()
        if not self._records:
            self.start = self._seen
            return None
        full = len(self._records) >= self.limits.rows or self._size >= self.limits.size
        waited = self._since is not None and now - self._since >= self.limits.linger_s
        if not (full or waited or flush):
            return None
        count = self._fitting()
        end = _end(self._records[count - 1]) if count < len(self._records) else self._seen
        return self._take(count, end, now, replay=False)

    def _cut_replay(self) -> Range | None:
        end = self.replays[0][1]
        if self._seen < end:
            return None
        del self.replays[0]
        count = sum(1 for record in self._records if _end(record) <= end)
        return self._take(count, end, None, replay=True)

    def _fitting(self) -> int:
        """How many records from the front fit one batch: at least one."""
        if len(self._records) <= self.limits.rows and self._size <= self.limits.size:
            return len(self._records)
        size = 0
        for count, record in enumerate(islice(self._records, self.limits.rows)):
            size += len(record.value() or b"")
            if size > self.limits.size and count:
                return count
        return min(len(self._records), self.limits.rows)

    def _take(self, count: int, end: int, now: float | None, *, replay: bool) -> Range:
        taken, self._records = self._records[:count], self._records[count:]
        self._size = sum(len(record.value() or b"") for record in self._records)
        self._since = (now if now is not None else self._since) if self._records else None
        cut = Range(self.start, end, taken, replay)
        self.start = end
        return cut


def _end(record: Positioned) -> int:
    offset = record.offset()
    return 0 if offset is None else offset + 1
