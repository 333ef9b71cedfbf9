"""The positions of one partition: what is read, what is being inserted, what is done. No Kafka, no clock of its own."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.errors import Fatal
from schemas.positions import Owed
from sinks.records import Chunk, Records


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
    records: Records
    replay: bool
    """Stored before, and perhaps inserted, by an earlier owner of the partition."""
    schemas: tuple[int, ...] = ()
    """Only records of these schema ids are still to be inserted; of all if empty."""

    @property
    def owed(self) -> Owed:
        """As it is stored."""
        return Owed(self.start, self.end, self.schemas)


@dataclass(slots=True)
class Positions:
    """Cuts what is read of one partition into ranges that follow one another without hole or overlap.

    `replays` are the ranges an earlier owner had stored, and the parts that a range was split into: they are cut
    exactly as they are.
    """

    start: int
    limits: Limits
    replays: list[Owed] = field(default_factory=list)
    _records: Records = field(default_factory=Records)
    _seen: int = 0
    _since: float | None = None
    _fresh: int = 0
    """How many replays, at the front, are parts that nobody has tried to insert yet."""

    def __post_init__(self) -> None:
        _follow(self.start, self.replays)
        self._seen = self.start

    @property
    def buffered(self) -> int:
        """Records that wait to be cut."""
        return len(self._records)

    @property
    def buffered_bytes(self) -> int:
        """Their payload."""
        return self._records.size

    @property
    def held_bytes(self) -> int:
        """What they take in memory."""
        return self._records.held

    @property
    def since(self) -> float | None:
        """How long the oldest has waited, as a time of the caller's clock; None where nothing waits to be cut."""
        return self._since

    @property
    def must_read(self) -> bool:
        """Whether a replay is not read to its end yet, however much that is."""
        return bool(self.replays) and self._seen < self.replays[-1].end

    def split(self, cut: Range, parts: Sequence[Owed]) -> None:
        """Take back a range that was cut, to be cut again as these parts; raises Fatal where they do not tile it."""
        if _follow(cut.start, parts) != cut.end or self.start != cut.end:
            raise Fatal(f"parts {parts} do not make up the range {cut.start}-{cut.end}")
        self._records = cut.records.followed_by(self._records)
        self.start = cut.start
        self.replays[:0] = parts
        self._fresh += len(parts)

    def read(self, chunk: Chunk, now: float) -> None:
        """Take the next records. Those below the start (read again after a seek) are not taken."""
        chunk = chunk.part(bisect_left(chunk.offsets, self._seen), len(chunk))
        if not len(chunk):
            return
        if self._since is None:
            self._since = now
        self._records.add(chunk)
        self._seen = chunk.offsets[-1] + 1

    def reached(self, position: int) -> None:
        """There is nothing more to read below `position` (the end of the partition, past transaction markers)."""
        self._seen = max(self._seen, position)

    def idle_end(self) -> int | None:
        """Where the partition stands if nothing is buffered and nothing stored is owed; None otherwise."""
        if self._records or self.replays:
            return None
        return self._seen

    def pass_by(self) -> None:
        """Where nothing waits, what has no record (markers of transactions) is done with. Not while a cut range may be split."""
        if not self._records and not self.replays:
            self.start = self._seen

    def cut(self, now: float, *, flush: bool = False) -> Range | None:
        """The next range to insert, or None while it should wait; `flush` ends the waiting."""
        if self.replays:
            return self._cut_replay()
        if not self._records:
            self.pass_by()
            return None
        full = len(self._records) >= self.limits.rows or self._records.size >= self.limits.size
        waited = self._since is not None and now - self._since >= self.limits.linger_s
        if not (full or waited or flush):
            return None
        count = self._records.fitting(self.limits.rows, self.limits.size)
        taken, rest = self._records.split(count)
        return self._take(taken, rest, taken.end if rest else self._seen, now, replay=False)

    def _cut_replay(self) -> Range | None:
        owed = self.replays[0]
        if self._seen < owed.end:
            return None
        del self.replays[0]
        tried = not self._fresh
        self._fresh = max(0, self._fresh - 1)
        taken, rest = self._records.split(self._records.below(owed.end))
        return self._take(taken, rest, owed.end, None, replay=tried, schemas=owed.schemas)

    def _take(
        self,
        taken: Records,
        rest: Records,
        end: int,
        now: float | None,
        *,
        replay: bool,
        schemas: tuple[int, ...] = (),
    ) -> Range:
        self._records = rest
        self._since = (now if now is not None else self._since) if rest else None
        cut = Range(self.start, end, taken, replay, schemas)
        self.start = end
        return cut


def _follow(start: int, ranges: Sequence[Owed]) -> int:
    """Where the ranges end; raises Fatal unless they follow `start` and one another."""
    expected = start
    for owed in ranges:
        if owed.start != expected or owed.end <= owed.start:
            raise Fatal(f"stored ranges {ranges} do not follow offset {start}")
        expected = owed.end
    return expected
