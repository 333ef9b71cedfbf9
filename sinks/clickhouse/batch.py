"""A range of one partition as inserts: grouped by schema id, framed, named by a token that a replay gives again."""

import time
from array import array
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from schemas.codec import Codec, schema_id_of
from schemas.errors import Poison
from schemas.registry import PinnedIds, SchemaIds
from sinks.clickhouse.avro_container import Container, extended
from sinks.clickhouse.types import clickhouse_type
from sinks.ranges import Range
from sinks.records import Positioned

Tombstone = Callable[[str, int], dict[str, Any]]
"""(key, record time) to the record a tombstone lands as."""


@dataclass(frozen=True, slots=True)
class Landed:
    """A landed topic: its name in the catalogue and in Kafka, its id, its event and table."""

    name: str
    full_name: str
    topic_id: str
    event: str
    table: str
    tombstone: Tombstone | None = None


@dataclass(frozen=True, slots=True)
class Insert:
    """One insert: the container of one schema's records of a range; `condition` holds of every row that is read right.

    `blocks` makes the container anew each time, piece by piece.
    """

    table: str
    schema_id: int
    columns: tuple[str, ...]
    structure: str
    condition: str
    token: str
    blocks: Callable[[], Generator[bytes, None, None]]


@dataclass(slots=True)
class Sorted:
    """The records of a range by schema id, and those that cannot land."""

    good: "dict[int, Group]" = field(default_factory=dict)
    bad: list[tuple[Any, Poison]] = field(default_factory=list)

    def offsets(self) -> set[int]:
        """Offsets of all records that can land."""
        return {offset for group in self.good.values() for offset, _, _ in group}

    def offsets_of(self, schema_id: int) -> list[int]:
        """Offsets of one schema's records, in order."""
        return [offset for offset, _, _ in self.good[schema_id]]


Entry = tuple[int, bytes, bool]
"""Offset, payload with its header, whether it is what a tombstone lands as."""


class Group:
    """The entries of one schema id among the records of a range, made as they are asked for: nothing is held twice."""

    __slots__ = ("_chosen", "_made", "_records")

    def __init__(self, records: Sequence[Positioned]) -> None:
        self._records = records
        self._chosen = array("Q")
        self._made: dict[int, bytes] = {}

    def add(self, number: int, made: bytes | None) -> None:
        """The record of that number, in order; `made` is what it lands as if it is a tombstone."""
        self._chosen.append(number)
        if made is not None:
            self._made[number] = made

    def __len__(self) -> int:
        return len(self._chosen)

    def __iter__(self) -> Iterator[Entry]:
        chosen = iter(self._chosen)
        wanted = next(chosen, None)
        for number, record in enumerate(self._records):
            if number != wanted:
                continue
            made = self._made.get(number)
            yield record.offset() or 0, (record.value() or b"") if made is None else made, made is not None
            wanted = next(chosen, None)
            if wanted is None:
                return

    def among(self, offsets: set[int]) -> "Group":
        """Those of these offsets."""
        kept = Group(self._records)
        for number in self._chosen:
            if (self._records[number].offset() or 0) in offsets:
                kept.add(number, self._made.get(number))
        return kept


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
        known = result.good
        for number, record in enumerate(cut.records):
            payload, made = record.value(), None
            try:
                if payload is None:
                    payload = made = self._of_tombstone(landed, record)
                schema_id = schema_id_of(payload)
                if cut.schemas and schema_id not in cut.schemas:
                    continue
                group = known.get(schema_id)
                if group is None:
                    self._expect(landed, schema_id)
                    group = known[schema_id] = Group(cut.records)
            except Poison as error:
                if not cut.schemas:
                    result.bad.append((record, error))
                continue
            group.add(number, made)
        return result

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
                partial(container.blocks, groups.good[schema_id], partition, landed_at),
            )

    def suspects(self, groups: Sorted, schema_ids: Iterable[int], most: int) -> list[int]:
        """Offsets of the first records of these schemas that do not decode here, so many at most.

        Slow, and no more than a hint: ClickHouse is the judge, and it differs (in what is UTF-8, say).
        """
        found: list[int] = []
        for schema_id in schema_ids:
            for offset, payload, _ in groups.good[schema_id]:
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

    def _of_tombstone(self, landed: Landed, record: Any) -> bytes:
        key = record.key()
        if landed.tombstone is None or key is None:
            raise Poison("malformed", "a tombstone where none belongs")
        try:
            name = key.decode()
        except UnicodeDecodeError as error:
            raise Poison("malformed", f"the key of a tombstone is not UTF-8: {error}") from error
        return self._tombstones.encode(landed.event, landed.tombstone(name, record.timestamp()[1]))

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
        "updated_at": max(time_ms, 0),
    }


TOMBSTONES: dict[str, Tombstone] = {"keywords": deleted_keyword}
"""Topics whose tombstones land as rows with deleted = 1, and as what."""
