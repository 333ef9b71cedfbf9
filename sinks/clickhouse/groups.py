"""What a batch is made of: the landed topic, its records by schema id, and the insert of each."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from schemas.errors import Poison
from sinks.clickhouse.avro_container import Container, Run
from sinks.records import Record

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
    """One insert: the container of one schema's records of a range; `condition` holds of every row that is read right."""

    table: str
    schema_id: int
    columns: tuple[str, ...]
    structure: str
    condition: str
    token: str
    file: Iterable[bytes]
    """The container, piece by piece; may be gone through more than once."""


@dataclass(frozen=True, slots=True)
class File:
    """A container that is made while it is sent, each time anew."""

    container: Container
    runs: "Group"
    partition: int
    landed_at: int

    def __iter__(self) -> Iterator[bytes]:
        return self.container.pieces(self.runs, self.partition, self.landed_at)


class Group:
    """Records of one schema id, in the order of their offsets."""

    def __init__(self, runs: Iterable[Run] = ()) -> None:
        self.runs = list(runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def offsets(self) -> list[int]:
        """Their offsets."""
        return [offset for run in self.runs for offset in run.chunk.offsets[run.first : run.last]]

    def payloads(self) -> Iterator[tuple[int, bytes]]:
        """(offset, payload) of each."""
        for run in self.runs:
            for at in range(run.first, run.last):
                yield run.chunk.offsets[at], run.chunk.payload(at)

    def only(self, offsets: Collection[int]) -> "Group":
        """Those at these offsets."""
        return Group(
            Run(run.chunk, at, at + 1, run.deleted)
            for run in self.runs
            for at in range(run.first, run.last)
            if run.chunk.offsets[at] in offsets
        )


@dataclass(slots=True)
class Sorted:
    """The records of a range by schema id, and those that cannot land."""

    good: dict[int, Group] = field(default_factory=dict)
    bad: list[tuple[Record, Poison]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """How many can land."""
        return sum(map(len, self.good.values()))

    def offsets(self) -> set[int]:
        """Offsets of all records that can land."""
        return {offset for group in self.good.values() for offset in group.offsets()}

    def only(self, offsets: Collection[int]) -> "Sorted":
        """Those at these offsets, by schema id."""
        kept = {schema_id: group.only(offsets) for schema_id, group in self.good.items()}
        return Sorted({schema_id: group for schema_id, group in kept.items() if len(group)})
