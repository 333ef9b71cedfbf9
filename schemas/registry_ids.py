"""Schema ids that a registry gives: looked up at the start, those met while reading fetched by id, all of them kept."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType

import structlog

from schemas.canonical import canonical
from schemas.errors import Fatal, Retryable
from schemas.registry import FIRST_PINNED, PinnedIds, Schema, events, load_schema
from schemas.registry_server import RegistryServer
from schemas.settings import KafkaSettings, SchemaSettings
from schemas.topics import AVRO, TOPICS

log = structlog.get_logger()

_PAUSE_S = 1.0
_SAY_S = 15.0
_REFUSAL_S = 5.0
_UNKNOWN_S = 60.0
_UNKNOWN_MOST = 10_000


def subjects(prefix: str) -> dict[str, str]:
    """Subject to event, by the name of the topic (TopicNameStrategy): `denyut.posts-value` is a post; of topics in Avro."""
    return {
        f"{topic.full_name(prefix)}-value": topic.event
        for topic in TOPICS.values()
        if topic.content_type == AVRO
    }


def find(server: RegistryServer, subject: str, schema: Schema) -> int | None:
    """The id under which a subject has this schema, however the registry formats it; None where it has not."""
    wanted = canonical(schema)
    for number in reversed(server.versions(subject)):
        found = server.version(subject, number)
        if found is not None and canonical(found[1]) == wanted:
            return found[0]
    return None


class RegistryIds:
    """Ids of a registry; pinned ones, met in records of another time, are known too.

    Raises Retryable where the registry is away or does not know every event yet, Fatal where it refuses.
    Afterwards only ids that were never met need the registry.
    """

    def __init__(self, server: RegistryServer, prefix: str) -> None:
        self._server = server
        self._pinned = PinnedIds()
        self._names = {canonical(load_schema(event))["name"]: event for event in events()}
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, tuple[str, Schema]] = {}
        self._unknown: dict[int, tuple[float, str]] = {}
        self._away: tuple[float, str] = (0.0, "")
        for subject, event in subjects(prefix).items():
            schema_id = find(server, subject, load_schema(event))
            if schema_id is None:
                raise Retryable(
                    f"schema registry {server.url} has no schema like ours under {subject}: "
                    "run `python -m deploy schemas register`"
                )
            if schema_id >= FIRST_PINNED:
                raise Fatal(
                    f"schema registry {server.url} gives id {schema_id}: those from {FIRST_PINNED} on are ours"
                )
            self._ids[event] = schema_id
            self._schemas[schema_id] = event, load_schema(event)

    def id_of(self, event: str) -> int:
        """The registry's id of `event`."""
        try:
            return self._ids[event]
        except KeyError:
            raise Fatal(f"event {event!r} is in no topic") from None

    def schema_of(self, schema_id: int) -> tuple[str, Schema]:
        """The event and schema behind an id; one never met is fetched, which may block for some seconds."""
        if schema_id >= FIRST_PINNED:
            return self._pinned.schema_of(schema_id)
        known = self._schemas.get(schema_id)
        if known is None:
            known = self._schemas[schema_id] = self._fetched(schema_id)
        return known

    def _fetched(self, schema_id: int) -> tuple[str, Schema]:
        """Neither a registry that is away nor an id that is none is asked for at every record."""
        now = time.monotonic()
        until, reason = self._unknown.get(schema_id, (0.0, ""))
        if now < until:
            raise KeyError(reason)
        until, reason = self._away
        if now < until:
            raise Retryable(reason)
        try:
            schema = self._server.schema(schema_id)
        except Retryable as error:
            self._away = now + _REFUSAL_S, str(error)
            raise
        name = None if schema is None else _name(schema)
        if name in self._names:
            return self._names[name], schema
        what = "is unknown" if schema is None else f"is a {name}, no event of ours,"
        reason = f"schema id {schema_id} {what} at schema registry {self._server.url}"
        if len(self._unknown) >= _UNKNOWN_MOST:
            self._unknown.clear()
        self._unknown[schema_id] = now + _UNKNOWN_S, reason
        raise KeyError(reason)


def _name(schema: object) -> str | None:
    """The full name of a record; None of anything else."""
    try:
        plain = canonical(schema)
    except Fatal:
        return None
    return str(plain["name"]) if isinstance(plain, dict) and plain.get("type") == "record" else None


def when_known(settings: KafkaSettings) -> RegistryIds:
    """The registry's ids, once it has all of them, one for the whole process; see `schemas.registry.schema_ids`."""
    registry = {name: getattr(settings, name) for name in SchemaSettings.model_fields}
    return _when_known(SchemaSettings.model_construct(**registry), settings.topic_prefix)


@cache
def _when_known(settings: SchemaSettings, prefix: str) -> RegistryIds:
    server = RegistryServer(settings)
    said, said_at = "", 0.0
    with _ended_by_signals():
        while True:
            try:
                return RegistryIds(server, prefix)
            except Retryable as error:
                now = time.monotonic()
                if str(error) != said or now - said_at >= _SAY_S:
                    log.warning("waiting_for_schemas", reason=str(error))
                    said, said_at = str(error), now
            time.sleep(_PAUSE_S)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """SIGTERM and SIGINT end the process in order: nobody has taken them over yet while it starts.

    The handler only raises. It may run between any two steps of the main thread, also while that writes a log line:
    to log there would wait for ever for the lock that is held below it.
    """
    told: list[signal.Signals] = []

    def end(number: int, _: FrameType | None) -> None:
        told.append(signal.Signals(number))
        raise SystemExit(0)

    before = {}
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            before[number] = signal.signal(number, end)
    except ValueError:  # not the main thread: whoever runs it deals with signals
        pass
    try:
        yield
    except SystemExit:
        log.info("told_to_stop", signal=told[0].name)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
