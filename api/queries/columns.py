"""The columns of an event's table, read as the event itself: times as epoch milliseconds."""

from collections.abc import Mapping
from typing import Any

import orjson

from schemas.registry import load_schema


class Columns:
    """`sql` is what to select; `record` makes the event of a row."""

    def __init__(self, event: str) -> None:
        fields = load_schema(event)["fields"]
        self._names = tuple(field["name"] for field in fields)
        self._times = {field["name"] for field in fields if b"timestamp-millis" in orjson.dumps(field)}
        self.sql = ", ".join(
            f"toUnixTimestamp64Milli(`{name}`) AS `{name}_ms`" if name in self._times else f"`{name}`"
            for name in self._names
        )

    def record(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The event in a row."""
        return {name: row[f"{name}_ms" if name in self._times else name] for name in self._names}
