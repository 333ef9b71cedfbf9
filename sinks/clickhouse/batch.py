"""A range of one partition as inserts: grouped by schema id, framed, named by a token that a replay gives again."""

import time
from collections.abc import Iterable
from typing import Any

from schemas.codec import HEADER_BYTES, Codec, schema_id_of
from schemas.errors import Poison
from schemas.registry import PinnedIds, SchemaIds
from sinks.clickhouse.avro_container import Container, Run, extended
from sinks.clickhouse.groups import File, Group, Insert, Landed, Sorted, Tombstone
from sinks.clickhouse.types import clickhouse_type
from sinks.ranges import Range
from sinks.records import Chunk, Record


class Framer:
    """Sorts records by the schema id in their header and frames each group; decodes nothing."""

    def __init__(self, ids: SchemaIds) -> None:
        self._ids = ids
        self._codec = Codec(ids)
        # What a tombstone lands as is made here: under an id, and so a token, that no registry has a say in.
        self._tombstones = Codec(PinnedIds())
        self._made: dict[tuple[int, bool], tuple[Container, tuple[str, ...], str]] = {}

    def sort(self, landed: Landed, cut: Range) -> Sorted:
        """Group by header; no header, an unknown schema or another event's schema is bad.

        Of a range that is a part of a split one, only records of its schema ids: the others are dealt with.
        """
        result = Sorted()
        for chunk in cut.records.chunks:
            self._sort(landed, chunk, cut.schemas, result)
        return result

    def _sort(self, landed: Landed, chunk: Chunk, only: tuple[int, ...], result: Sorted) -> None:
        """Put the records of a chunk where they belong, those that follow one another under one header at once."""
        payloads = chunk.payloads
        header, group, first, start = b"", None, 0, 0
        for at, end in enumerate(chunk.ends):
            found = payloads[start : start + HEADER_BYTES]
            if found != header or end - start < HEADER_BYTES:
                if group is not None and first < at:
                    group.runs.append(Run(chunk, first, at))
                header, group, first = b"", None, at
                if at in chunk.tombstones:
                    self._sort_tombstone(landed, chunk.record(at), only, result)
                else:
                    try:
                        group = self._group(landed, schema_id_of(chunk.payload(at)), only, result)
                        header = found
                    except Poison as error:
                        if not only:
                            result.bad.append((chunk.record(at), error))
            start = end
        if group is not None:
            group.runs.append(Run(chunk, first, len(chunk)))

    def _group(self, landed: Landed, schema_id: int, only: tuple[int, ...], result: Sorted) -> Group | None:
        """Where records of this schema id belong; None if they are dealt with. Raises Poison if nowhere."""
        if only and schema_id not in only:
            return None
        group = result.good.get(schema_id)
        if group is None:
            self._expect(landed, schema_id)
            group = result.good[schema_id] = Group()
        return group

    def _sort_tombstone(self, landed: Landed, record: Record, only: tuple[int, ...], result: Sorted) -> None:
        try:
            payload = self._of_tombstone(landed, record)
            group = self._group(landed, schema_id_of(payload), only, result)
        except Poison as error:
            if not only:
                result.bad.append((record, error))
            return
        if group is not None:
            group.runs.append(Run(Chunk.of_one(record.offset, payload), 0, 1, deleted=True))

    def frame(self, landed: Landed, partition: int, cut: Range, groups: Sorted) -> Iterable[Insert]:
        """One insert for each schema id, in the order of the ids."""
        landed_at = time.time_ns() // 1_000_000
        condition = (
            f"kafka_partition = {partition} AND toUnixTimestamp64Milli(landed_at) = {landed_at} "
            f"AND kafka_offset >= {cut.start} AND kafka_offset < {cut.end}"
        )
        for schema_id in sorted(groups.good):
            container, columns, structure = self._made_for(landed, schema_id)
            yield Insert(
                landed.table,
                schema_id,
                columns,
                structure,
                condition,
                f"{landed.topic_id}:{partition}:{cut.start}-{cut.end}:{schema_id}",
                File(container, groups.good[schema_id], partition, landed_at),
            )

    def suspects(self, groups: Sorted, schema_ids: Iterable[int], most: int) -> list[int]:
        """Offsets of the first records of these schemas that do not decode here, so many at most.

        Slow, and no more than a hint: ClickHouse is the judge, and it differs (in what is UTF-8, say).
        """
        found: list[int] = []
        for schema_id in schema_ids:
            for offset, payload in groups.good[schema_id].payloads():
                if len(found) == most:
                    return found
                if self.fault(payload) is not None:
                    found.append(offset)
        return found

    def fault(self, payload: bytes) -> Poison | None:
        """Why a payload does not decode; None if it does."""
        try:
            self._codec.decode(payload)
        except Poison as error:
            return error
        return None

    def _made_for(self, landed: Landed, schema_id: int) -> tuple[Container, tuple[str, ...], str]:
        deletable = landed.tombstone is not None
        made = self._made.get((schema_id, deletable))
        if made is None:
            schema = self._ids.schema_of(schema_id)[1]
            fields = extended(schema, deletable=deletable)["fields"]
            columns = tuple(str(item["name"]) for item in fields)
            structure = ", ".join(f"`{item['name']}` {clickhouse_type(item['type'])}" for item in fields)
            made = (Container(schema, deletable=deletable), columns, structure)
            self._made[schema_id, deletable] = made
        return made

    def _of_tombstone(self, landed: Landed, record: Record) -> bytes:
        if landed.tombstone is None or record.key is None:
            raise Poison("malformed", "a tombstone where none belongs")
        try:
            name = record.key.decode()
        except UnicodeDecodeError as error:
            raise Poison("malformed", f"the key of a tombstone is not UTF-8: {error}") from error
        return self._tombstones.encode(landed.event, landed.tombstone(name, record.time))

    def _expect(self, landed: Landed, schema_id: int) -> None:
        try:
            event = self._ids.schema_of(schema_id)[0]
        except KeyError as error:
            raise Poison("undecodable", str(error.args[0])) from None
        if event != landed.event:
            raise Poison("invalid", f"a {event} in {landed.name}, where a {landed.event} belongs")


def deleted_keyword(key: str, time_ms: int) -> dict[str, Any]:
    """The keyword a tombstone lands as; its `deleted` is appended like its position."""
    return {
        "id": key,
        "text": "",
        "category": "",
        "priority": 1,
        "active": False,
        "languages": [],
        "query": None,
        "monitoring_start": None,
        "updated_at": max(time_ms, 0),
    }


TOMBSTONES: dict[str, Tombstone] = {"keywords": deleted_keyword}
"""Topics whose tombstones land as rows with deleted = 1, and as what."""
