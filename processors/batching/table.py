"""A table: rows in memory per partition, and the form they have in their changelog."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import orjson

from processors.record import Record
from schemas.errors import Fatal

_NO_ROWS: Mapping[str, Any] = MappingProxyType({})


class BatchTable:
    """Rows of JSON-like values under string keys, one compacted changelog partition per input partition.

    Values are plain Python objects; whoever holds one treats it as immutable. Rows change only through
    `Batch.put`, after the transaction that carries them has committed. A table belongs to one handler.
    """

    def __init__(self, name: str, changelog: str) -> None:
        self.name = name
        self.changelog = changelog
        self.owner: str | None = None
        self._rows: dict[int, dict[str, Any]] = {}

    def rows(self, partition: int) -> Mapping[str, Any]:
        """All committed rows of one partition; a live view, not to be kept across awaits."""
        rows = self._rows.get(partition)
        return _NO_ROWS if rows is None else MappingProxyType(rows)

    def get(self, partition: int, key: str) -> Any:
        """The committed value of one key, or None."""
        rows = self._rows.get(partition)
        return None if rows is None else rows.get(key)

    def claim(self, handler: str) -> None:
        """Note that `handler` writes here; Fatal if another one does, for their lanes would overwrite each other."""
        if self.owner is None:
            self.owner = handler
        elif self.owner != handler:
            raise Fatal(f"table {self.name} is written by {self.owner} and by {handler}")

    def apply(self, partition: int, writes: Mapping[str, Any]) -> None:
        """Take over what a transaction has committed; None deletes."""
        rows = self._rows.setdefault(partition, {})
        for key, value in writes.items():
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value

    def load(self, partition: int, records: Iterable[Record]) -> None:
        """Take over changelog records in their order."""
        rows = self._rows.setdefault(partition, {})
        for record in records:
            if record.key is None:
                continue
            key = record.key.decode()
            if record.value is None:
                rows.pop(key, None)
            else:
                rows[key] = orjson.loads(record.value)

    def drop(self, partition: int) -> None:
        """Forget one partition."""
        self._rows.pop(partition, None)

    def held(self) -> set[int]:
        """The partitions that are in memory."""
        return set(self._rows)

    def changelog_records(self, writes: Mapping[str, Any]) -> list[tuple[bytes, bytes | None]]:
        """Key and value of the changelog record of each write; a deletion is a tombstone."""
        return [
            (key.encode(), None if value is None else orjson.dumps(value)) for key, value in writes.items()
        ]
