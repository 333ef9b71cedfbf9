"""Records of one partition in columns: a few buffers for thousands of them, instead of objects for each."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple, Protocol

_CHUNK_BYTES = 1000
"""What a chunk takes in memory beside its columns, its own object and theirs."""


class Message(Protocol):
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
        """What kind of time it has, and that time in epoch milliseconds."""
        ...


class Record(NamedTuple):
    """One record, looked at by itself."""

    offset: int
    key: bytes | None
    value: bytes | None
    time: int
    """Epoch milliseconds; of tombstones alone, 0 for others."""


class Chunk:
    """Records that were read together, in the order of their offsets; never changed."""

    __slots__ = ("ends", "held", "key_ends", "keyless", "keys", "offsets", "payloads", "tombstones")

    def __init__(
        self,
        offsets: "array[int]",
        payloads: tuple[bytes, "array[int]"],
        keys: tuple[bytes, "array[int]"],
        keyless: frozenset[int],
        tombstones: Mapping[int, int],
    ) -> None:
        self.offsets = offsets
        self.payloads, self.ends = payloads
        """Payloads one after the other, and where each ends."""
        self.keys, self.key_ends = keys
        self.keyless = keyless
        """Which have no key."""
        self.tombstones = tombstones
        """Which have no payload, and their times."""
        columns = (offsets, self.ends, self.key_ends)
        arrays = sum(column.itemsize * len(column) for column in columns)
        self.held = _CHUNK_BYTES + len(self.payloads) + len(self.keys) + arrays
        """Bytes in memory."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> "Chunk":
        """The columns of these; nothing of the messages themselves is kept."""
        values = [message.value() for message in messages]
        keys = [message.key() for message in messages]
        tombstones = {at: messages[at].timestamp()[1] for at, value in enumerate(values) if value is None}
        keyless = frozenset(at for at, key in enumerate(keys) if key is None)
        return cls(
            array("q", [message.offset() or 0 for message in messages]),
            _joined([value or b"" for value in values] if tombstones else values),  # type: ignore[arg-type]  # none is None
            _joined([key or b"" for key in keys] if keyless else keys),  # type: ignore[arg-type]  # likewise
            keyless,
            tombstones,
        )

    @classmethod
    def of_one(cls, offset: int, payload: bytes) -> "Chunk":
        """A record that we made, without a key."""
        return cls(array("q", [offset]), _joined([payload]), _joined([b""]), frozenset((0,)), {})

    def __len__(self) -> int:
        return len(self.offsets)

    def start(self, at: int) -> int:
        """Where the payload of one begins."""
        return self.ends[at - 1] if at else 0

    def payload(self, at: int) -> bytes:
        """The payload of one; empty of a tombstone."""
        return self.payloads[self.start(at) : self.ends[at]]

    def record(self, at: int) -> Record:
        """One by itself."""
        gone = at in self.tombstones
        key_start = self.key_ends[at - 1] if at else 0
        return Record(
            self.offsets[at],
            None if at in self.keyless else self.keys[key_start : self.key_ends[at]],
            None if gone else self.payload(at),
            self.tombstones[at] if gone else 0,
        )

    def part(self, first: int, last: int) -> "Chunk":
        """Records [first, last) by themselves; nothing is shared, so that memory is free when the rest is done."""
        if (first, last) == (0, len(self)):
            return self
        return Chunk(
            self.offsets[first:last],
            _cut(self.payloads, self.ends, first, last),
            _cut(self.keys, self.key_ends, first, last),
            frozenset(at - first for at in self.keyless if first <= at < last),
            {at - first: time for at, time in self.tombstones.items() if first <= at < last},
        )


class Records:
    """Records of one partition, in the order of their offsets."""

    def __init__(self, chunks: Iterable[Chunk] = ()) -> None:
        self.chunks = [chunk for chunk in chunks if len(chunk)]
        self._rows = sum(map(len, self.chunks))
        self.size = sum(len(chunk.payloads) for chunk in self.chunks)
        """Bytes of their payloads."""
        self.held = sum(chunk.held for chunk in self.chunks)
        """Bytes in memory."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> "Records":
        """These, in columns."""
        return cls([Chunk.of(messages)])

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Record]:
        for chunk in self.chunks:
            for at in range(len(chunk)):
                yield chunk.record(at)

    @property
    def end(self) -> int:
        """One past the last offset; 0 where there is none."""
        return self.chunks[-1].offsets[-1] + 1 if self.chunks else 0

    def add(self, chunk: Chunk) -> None:
        """Add records that follow."""
        if len(chunk):
            self.chunks.append(chunk)
            self._rows += len(chunk)
            self.size += len(chunk.payloads)
            self.held += chunk.held

    def followed_by(self, others: "Records") -> "Records":
        """Both, one after the other."""
        return Records([*self.chunks, *others.chunks])

    def split(self, count: int) -> tuple["Records", "Records"]:
        """The first `count`, and the others."""
        first: list[Chunk] = []
        for at, chunk in enumerate(self.chunks):
            if count < len(chunk):
                rest = [chunk.part(count, len(chunk)), *self.chunks[at + 1 :]]
                return Records([*first, chunk.part(0, count)]), Records(rest)
            first.append(chunk)
            count -= len(chunk)
        return Records(first), Records()

    def below(self, offset: int) -> int:
        """How many have an offset below this one."""
        found = 0
        for chunk in self.chunks:
            if chunk.offsets[-1] >= offset:
                return found + bisect_left(chunk.offsets, offset)
            found += len(chunk)
        return found

    def fitting(self, rows: int, size: int) -> int:
        """How many from the front make at most so many rows and payload bytes; at least one, if there is one."""
        found = taken = 0
        for chunk in self.chunks:
            if found + len(chunk) > rows or taken + len(chunk.payloads) > size:
                inside = bisect_left(chunk.ends, size - taken + 1)
                return max(1, min(rows, found + inside))
            found += len(chunk)
            taken += len(chunk.payloads)
        return found


def _joined(values: Sequence[bytes]) -> tuple[bytes, "array[int]"]:
    return b"".join(values), array("Q", accumulate(map(len, values)))


def _cut(joined: bytes, ends: "array[int]", first: int, last: int) -> tuple[bytes, "array[int]"]:
    if first == last:
        return b"", array("Q")
    start = ends[first - 1] if first else 0
    return joined[start : ends[last - 1]], array("Q", [end - start for end in ends[first:last]])
