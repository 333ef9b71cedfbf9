"""Re-frames Confluent payloads into an Avro container file, fields added to each record, no record decoded."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.codec import HEADER_BYTES
from schemas.registry import Schema
from sinks.records import Chunk

_MAGIC = b"Obj\x01"
# Any 16 bytes do; they only have to be the same within a file.
_SYNC = b"denyut-container"
_ONE = b"\x02"
_PIECE_BYTES = 1 << 18
"""About what is made at once."""

POSITION_FIELDS: tuple[Mapping[str, Any], ...] = (
    {"name": "kafka_partition", "type": "int"},
    {"name": "landed_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "kafka_offset", "type": "long"},
)
"""What is appended to every record, in this order; the offset last, the only one that changes within a batch."""

DELETED_FIELD: Mapping[str, Any] = {"name": "deleted", "type": "boolean"}
"""Appended before the position where a tombstone lands as a row."""


def zigzag(number: int) -> bytes:
    """An Avro int or long."""
    return _varint((number << 1) ^ (number >> 63))


def _varint(rest: int) -> bytes:
    """A number that is not negative, seven bits a byte, the lowest first."""
    encoded = bytearray()
    while rest > 0x7F:  # noqa: PLR2004 -- seven bits a byte
        encoded.append(rest & 0x7F | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


_LOW_BITS = 6
_LOW = (1 << _LOW_BITS) - 1
_LAST = [bytes([number << 1]) for number in range(_LOW + 1)]
"""The byte of an offset below 64, which has no other."""
_FIRST = [bytes([number << 1 | 0x80]) for number in range(_LOW + 1)]
"""The first byte of any other offset, by its lowest bits."""


def extended(schema: Schema, *, deletable: bool = False) -> Schema:
    """`schema` with the appended fields."""
    added = (DELETED_FIELD, *POSITION_FIELDS) if deletable else POSITION_FIELDS
    return {**schema, "fields": [*schema["fields"], *added]}


@dataclass(frozen=True, slots=True)
class Run:
    """Records [first, last) of a chunk, all of one schema id."""

    chunk: Chunk
    first: int
    last: int
    deleted: bool = False
    """They stand for tombstones."""

    def __len__(self) -> int:
        return self.last - self.first


class Container:
    """Makes container files of one writer's schema.

    Every record is a block of its own: a record cut short then fails by itself instead of shifting what follows it
    into plausible nonsense, and ClickHouse reads such files as fast.
    """

    def __init__(self, schema: Schema, *, deletable: bool = False) -> None:
        written = json.dumps(extended(schema, deletable=deletable)).encode()
        self._deletable = deletable
        self._header = b"".join(
            (
                _MAGIC,
                zigzag(2),
                _text(b"avro.schema"),
                _text(written),
                _text(b"avro.codec"),
                _text(b"null"),
                b"\x00",
            )
        )

    def pieces(self, runs: Iterable[Run], partition: int, landed_at: int) -> Iterator[bytes]:
        """The file of these payloads with their Confluent headers, piece by piece, so that it never is in memory as a whole.

        `landed_at` is in epoch milliseconds.
        """
        position = zigzag(partition) + zigzag(landed_at)
        kept = b"\x00" + position if self._deletable else position
        gone = b"\x01" + position if self._deletable else position
        yield self._header
        parts: list[bytes] = []
        # The mark at a block's end is written with the head of the next, of which there are few.
        heads: dict[int, bytes] = {}
        high, highest, low = b"", 0, _LAST
        filled = 0
        for run in runs:
            chunk = run.chunk
            payloads, before = chunk.payloads, gone if run.deleted else kept
            start, added = chunk.start(run.first), len(before) + len(high) + 1 - HEADER_BYTES
            for offset, end in zip(
                chunk.offsets[run.first : run.last], chunk.ends[run.first : run.last], strict=True
            ):
                # Offsets follow one another: all but the first byte of one is that of the one before, 63 times of 64.
                if offset >> _LOW_BITS != highest:
                    highest = offset >> _LOW_BITS
                    high, low = (_varint(highest), _FIRST) if highest else (b"", _LAST)
                    added = len(before) + len(high) + 1 - HEADER_BYTES
                size = end - start + added
                head = heads.get(size)
                if head is None:
                    head = heads[size] = _SYNC + _ONE + zigzag(size)
                parts += (head, payloads[start + HEADER_BYTES : end], before, low[offset & _LOW], high)
                filled += size
                start = end
                if filled >= _PIECE_BYTES:
                    yield b"".join(parts)
                    parts.clear()
                    filled = 0
        parts.append(_SYNC)
        yield b"".join(parts)


def _text(value: bytes) -> bytes:
    return zigzag(len(value)) + value
