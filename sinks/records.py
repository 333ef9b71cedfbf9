"""Records of one partition in columns: their bytes one after the other, and numbers in arrays, without an object for each.

A message of the client takes some 600 bytes beside its payload; held in columns a record takes its payload, its key and four
numbers. What is taken out of them is never changed again, so another thread may read it.
"""

from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol, overload

OVERHEAD_BYTES = 32
"""What a record takes in memory beside its payload and key."""

_FULL_ROWS = 4_096
_FULL_BYTES = 1 << 20


class Positioned(Protocol):
    """A record as librdkafka hands it over."""

    def offset(self) -> int | None:
        """Its offset."""
        ...

    def value(self) -> bytes | None:
        """Its payload; None is a tombstone."""
        ...

    def key(self) -> bytes | None:
        """Its key."""
        ...

    def timestamp(self) -> tuple[int, int]:
        """What its time is of, and its time in epoch milliseconds."""
        ...


class _Segment:
    """Some records that follow one another. Open, it grows; sealed, it is only read."""

    __slots__ = ("ends", "gone", "key_ends", "keyless", "keys", "kinds", "offsets", "payload", "times")

    def __init__(self) -> None:
        self.payload: bytes | bytearray = bytearray()
        self.ends = array("Q")
        self.keys: bytes | bytearray = bytearray()
        self.key_ends = array("Q")
        self.offsets = array("q")
        self.times = array("q")
        self.kinds = 0
        self.gone: set[int] = set()
        self.keyless: set[int] = set()

    def add(self, record: Positioned) -> None:
        """Copy a record; raises TypeError where the segment is sealed."""
        payload, key = record.value(), record.key()
        number = len(self.offsets)
        if payload is None:
            self.gone.add(number)
        if key is None:
            self.keyless.add(number)
        self.payload += payload or b""
        self.keys += key or b""
        self.ends.append(len(self.payload))
        self.key_ends.append(len(self.keys))
        self.offsets.append(record.offset() or 0)
        self.kinds, time_ms = record.timestamp()
        self.times.append(time_ms)

    @property
    def full(self) -> bool:
        return len(self.offsets) >= _FULL_ROWS or len(self.payload) >= _FULL_BYTES

    def seal(self) -> None:
        """Nothing is added any more."""
        self.payload, self.keys = bytes(self.payload), bytes(self.keys)

    def size(self, first: int, last: int) -> int:
        """Bytes of the payloads from `first` up to `last`."""
        return _between(self.ends, first, last)

    def key_size(self, first: int, last: int) -> int:
        """Bytes of their keys."""
        return _between(self.key_ends, first, last)


def _between(ends: "array[int]", first: int, last: int) -> int:
    return (ends[last - 1] - (ends[first - 1] if first else 0)) if last > first else 0


class Row:
    """One record of a sealed segment."""

    __slots__ = ("_number", "_segment")

    def __init__(self, segment: _Segment, number: int) -> None:
        self._segment = segment
        self._number = number

    def offset(self) -> int:
        """Its offset."""
        return self._segment.offsets[self._number]

    def value(self) -> bytes | None:
        """Its payload; None is a tombstone."""
        number, own = self._number, self._segment
        if number in own.gone:
            return None
        return bytes(own.payload[own.ends[number - 1] if number else 0 : own.ends[number]])

    def key(self) -> bytes | None:
        """Its key."""
        number, own = self._number, self._segment
        if number in own.keyless:
            return None
        return bytes(own.keys[own.key_ends[number - 1] if number else 0 : own.key_ends[number]])

    def timestamp(self) -> tuple[int, int]:
        """What its time is of, and its time in epoch milliseconds."""
        return self._segment.kinds, self._segment.times[self._number]


class Taken(Sequence[Row]):
    """Records that were taken together; rows are made as they are asked for."""

    __slots__ = ("_length", "_pieces")

    def __init__(self, pieces: list[tuple[_Segment, int, int]]) -> None:
        self._pieces = pieces
        self._length = sum(last - first for _, first, last in pieces)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Row]:
        for segment, first, last in self._pieces:
            for number in range(first, last):
                yield Row(segment, number)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | Sequence[Row]:
        if isinstance(at, slice):
            return list(self)[at]
        left = at if at >= 0 else self._length + at
        for segment, first, last in self._pieces:
            if 0 <= left < last - first:
                return Row(segment, first + left)
            left -= last - first
        raise IndexError(at)

    @property
    def pieces(self) -> list[tuple[_Segment, int, int]]:
        """(segment, first, last) of each part, for `Records.put_back`."""
        return self._pieces


class Records:
    """What was read and not taken yet, in order."""

    def __init__(self) -> None:
        self.size = 0
        """Bytes of the payloads."""
        self._key_size = 0
        self._length = 0
        self._pieces: deque[tuple[_Segment, int]] = deque()
        """Each with the first record of it that was not taken; the last one may be open."""
        self._open: _Segment | None = None

    def __len__(self) -> int:
        return self._length

    @property
    def held_bytes(self) -> int:
        """What they take in memory."""
        return self.size + self._key_size + OVERHEAD_BYTES * self._length

    def add(self, record: Positioned) -> None:
        """Take in a copy of a record."""
        if self._open is None or self._open.full:
            if self._open is not None:
                self._open.seal()
            self._open = _Segment()
            self._pieces.append((self._open, 0))
        self._open.add(record)
        self._length += 1
        last = len(self._open.offsets)
        self.size += self._open.size(last - 1, last)
        self._key_size += self._open.key_size(last - 1, last)

    def fitting(self, rows: int, size: int) -> int:
        """How many from the front are no more than `rows`, and `size` bytes of payload; at least one, if there is one."""
        count = total = 0
        for segment, first in self._pieces:
            for number in range(first, len(segment.offsets)):
                total += segment.size(number, number + 1)
                if count and (total > size or count >= rows):
                    return count
                count += 1
        return count

    def below(self, end: int) -> int:
        """How many from the front have an offset below `end`."""
        count = 0
        for segment, first in self._pieces:
            for number in range(first, len(segment.offsets)):
                if segment.offsets[number] >= end:
                    return count
                count += 1
        return count

    def take(self, count: int) -> Taken:
        """So many from the front."""
        pieces: list[tuple[_Segment, int, int]] = []
        while count:
            segment, first = self._pieces.popleft()
            if segment is self._open:
                segment.seal()
                self._open = None
            last = min(len(segment.offsets), first + count)
            pieces.append((segment, first, last))
            self._count(segment, first, last, -1)
            count -= last - first
            if last < len(segment.offsets):
                self._pieces.appendleft((segment, last))
        return Taken(pieces)

    def put_back(self, taken: Taken) -> None:
        """Have what was taken last in front again."""
        for segment, first, last in reversed(taken.pieces):
            if self._pieces and self._pieces[0] == (segment, last):
                self._pieces.popleft()
            self._pieces.appendleft((segment, first))
            self._count(segment, first, last, 1)

    def _count(self, segment: _Segment, first: int, last: int, sign: int) -> None:
        self._length += sign * (last - first)
        self.size += sign * segment.size(first, last)
        self._key_size += sign * segment.key_size(first, last)
