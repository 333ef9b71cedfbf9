"""Schemas and their ids: the Avro files beside this module, with ids pinned in `ids.json` or given by a registry."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

from schemas.errors import Fatal
from schemas.settings import KafkaSettings

Schema = Mapping[str, Any]

FIRST_PINNED = 1_000_000_001
"""Pinned ids begin here, where no registry gets to: ids of both worlds may lie in one topic."""


class SchemaIds(Protocol):
    """Where schema ids come from."""

    def id_of(self, event: str) -> int:
        """The id under which `event` is written today; raises Fatal for an unknown event."""
        ...

    def schema_of(self, schema_id: int) -> tuple[str, Schema]:
        """(event, writer's schema) of an id.

        Raises KeyError, whose text says why, for one that is unknown or of no event of ours; Retryable where that
        cannot be told now.
        """
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


@cache
def released() -> Mapping[int, tuple[str, Schema]]:
    """Pinned id to (event, schema) of every version that was ever released: `history/EVENT/ID.avsc`."""
    folder = files("schemas") / "history"
    return {
        int(path.name.removesuffix(".avsc")): (event.name, json.loads(path.read_text(encoding="utf-8")))
        for event in (folder.iterdir() if folder.is_dir() else ())
        if event.is_dir()
        for path in event.iterdir()
        if path.name.endswith(".avsc")
    }


class PinnedIds:
    """Ids committed in this package: the same on every machine, no registry needed."""

    def __init__(self) -> None:
        self._schemas = {
            **released(),
            **{schema_id: (event, load_schema(event)) for event, schema_id in _pinned().items()},
        }

    def id_of(self, event: str) -> int:
        """The pinned id of `event`."""
        try:
            return _pinned()[event]
        except KeyError:
            raise Fatal(f"event {event!r} has no pinned id in schemas/ids.json") from None

    def schema_of(self, schema_id: int) -> tuple[str, Schema]:
        """The event and schema behind a pinned id, of today or of an earlier release."""
        try:
            return self._schemas[schema_id]
        except KeyError:
            hint = (
                ""
                if schema_id >= FIRST_PINNED
                else ": one of a registry? DENYUT_SCHEMA_REGISTRY_URL names none"
            )
            raise KeyError(f"unknown schema id {schema_id}{hint}") from None


def schema_ids(settings: KafkaSettings) -> SchemaIds:
    """Where this process takes its schema ids from: the registry of the settings, or the pinned ones without one.

    Waits, and logs for what, until the registry knows every event; SIGTERM and SIGINT end the process meanwhile
    with 0 where it is called from the main thread. Raises Fatal where the registry refuses.
    """
    if settings.schema_registry_url is None:
        return PinnedIds()
    # Imported here: an HTTP client takes 10 MB that a process without a registry does not need.
    from schemas.registry_ids import when_known  # noqa: PLC0415

    return when_known(settings)
