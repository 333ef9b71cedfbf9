"""Schemas and their ids: the Avro files beside this module, with ids pinned in `ids.json`."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from schemas.errors import Fatal

Schema = Mapping[str, Any]


class SchemaIds(Protocol):
    """Where schema ids come from."""

    def id_of(self, event: str) -> int:
        """The id under which `event` is written today; raises Fatal for an unknown event."""
        ...

    def schema_of(self, schema_id: int) -> tuple[str, Schema]:
        """(event, writer's schema) of an id; raises KeyError for an unknown one."""
        ...


@cache
def load_schema(event: str) -> Schema:
    """The current Avro schema of an event, as written in `events/EVENT.avsc`; raises Fatal if there is none."""
    path = files("schemas") / "events" / f"{event}.avsc"
    try:
        schema: Schema = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Fatal(f"no schema for event {event!r}") from None
    return schema


@cache
def _pinned() -> Mapping[str, int]:
    ids: Mapping[str, int] = json.loads((files("schemas") / "ids.json").read_text(encoding="utf-8"))
    return ids


def events() -> tuple[str, ...]:
    """Every event that has a pinned id, in the order of the ids."""
    return tuple(_pinned())


class PinnedIds:
    """Ids committed in this package: the same on every machine, no registry needed."""

    def __init__(self) -> None:
        self._events = {schema_id: event for event, schema_id in _pinned().items()}

    def id_of(self, event: str) -> int:
        """The pinned id of `event`."""
        try:
            return _pinned()[event]
        except KeyError:
            raise Fatal(f"event {event!r} has no pinned id in schemas/ids.json") from None

    def schema_of(self, schema_id: int) -> tuple[str, Schema]:
        """The event and schema behind a pinned id."""
        event = self._events[schema_id]
        return event, load_schema(event)
