"""Framing without decoding: what comes out is a plain Avro file with the position added to each record."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import fastavro
import pytest

from schemas.registry import load_schema
from sinks.clickhouse.avro_container import Container, Run, extended, zigzag
from sinks.records import Chunk
from tests.support.direct import Record
from tests.support.landing import CODEC, mention


def run(records: Sequence[tuple[int, bytes]], *, deleted: bool = False) -> Run:
    """A run of (offset, payload) records."""
    return Run(Chunk.of([Record(*one) for one in records]), 0, len(records), deleted)


def rows(file: bytes) -> Iterator[dict[str, Any]]:
    """The records of a container, as any reader of Avro files sees them."""
    for record in fastavro.reader(io.BytesIO(file)):
        assert isinstance(record, dict)
        yield record


@pytest.mark.parametrize("number", [0, -1, 1, 63, 64, -64, -65, 2**31, -(2**31), 2**63 - 1, -(2**63)])
def test_zigzag_is_avros_long(number: int) -> None:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, "long", number)
    assert zigzag(number) == buffer.getvalue()


def test_records_keep_their_fields_and_get_their_position() -> None:
    originals = [mention(number) for number in range(50)]
    records = [(10_000 + 3 * n, CODEC.encode("mention", original)) for n, original in enumerate(originals)]
    whole = run(records)
    # As two runs, the second of which begins in the middle of its chunk.
    runs = [Run(whole.chunk, 0, 20), Run(whole.chunk, 20, 50)]
    file = b"".join(Container(load_schema("mention")).pieces(runs, 3, 1_790_000_123_456))
    read = list(rows(file))
    assert len(read) == 50
    for n, (found, original) in enumerate(zip(read, originals, strict=True)):
        assert found["kafka_partition"] == 3
        assert found["kafka_offset"] == 10_000 + 3 * n
        assert found["landed_at"].timestamp() == 1_790_000_123.456
        assert found["text"] == original["text"]
        assert found["event_at"].timestamp() == original["event_at"] / 1000
        assert found["keywords"] == original["keywords"]


def test_every_offset_is_written_as_it_is() -> None:
    payload = CODEC.encode("mention", mention(1))
    edges = [near for bits in range(1, 63) for near in ((1 << bits) - 1, 1 << bits, (1 << bits) + 1)]
    offsets = [0, *edges, 5, 63, 64, 127, 128, 70, 3]
    pieces = list(Container(load_schema("mention")).pieces([run([(at, payload) for at in offsets])], 0, 1))
    file = b"".join(pieces)
    assert [row["kafka_offset"] for row in rows(file)] == offsets


def test_the_schema_keeps_logical_types_and_is_not_changed_in_place() -> None:
    before = load_schema("keyword")
    fields = [field["name"] for field in before["fields"]]
    longer = extended(before, deletable=True)
    assert [field["name"] for field in longer["fields"]] == [
        *fields,
        "deleted",
        "kafka_partition",
        "landed_at",
        "kafka_offset",
    ]
    assert [field["name"] for field in before["fields"]] == fields
    updated = next(field for field in longer["fields"] if field["name"] == "updated_at")
    assert updated["type"] == {"type": "long", "logicalType": "timestamp-millis"}


def test_deleted_is_said_record_by_record() -> None:
    keyword = {
        "id": "k",
        "text": "t",
        "category": "c",
        "priority": 3,
        "active": True,
        "languages": ["id"],
        "query": None,
        "monitoring_start": None,
        "updated_at": 1,
    }
    payload = CODEC.encode("keyword", keyword)
    runs = [run([(0, payload)]), run([(1, payload)], deleted=True)]
    file = b"".join(Container(load_schema("keyword"), deletable=True).pieces(runs, 0, 1))
    assert [(row["kafka_offset"], row["deleted"]) for row in rows(file)] == [
        (0, False),
        (1, True),
    ]


def test_a_record_cut_short_does_not_shift_the_next() -> None:
    whole = [CODEC.encode("mention", mention(number)) for number in range(3)]
    records = [(0, whole[0]), (1, whole[1][:-40]), (2, whole[2])]
    file = b"".join(Container(load_schema("mention")).pieces([run(records)], 0, 1))
    reader = rows(file)
    assert next(reader)["kafka_offset"] == 0
    with pytest.raises((EOFError, ValueError, IndexError)):
        next(reader)


def test_a_large_file_comes_in_pieces_that_are_small() -> None:
    payload = CODEC.encode("mention", {**mention(1), "text": "x" * 10_000})
    pieces = list(Container(load_schema("mention")).pieces([run([(at, payload) for at in range(300)])], 0, 1))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 1 << 19
    assert [row["kafka_offset"] for row in rows(b"".join(pieces))] == list(range(300))
