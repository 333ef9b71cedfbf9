"""Registers every event's schema under its topic's subject, and says what a registry has."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.errors import Fatal
from schemas.registry import load_schema
from schemas.registry_ids import find, subjects
from schemas.registry_server import COMPATIBILITY, RegistryServer
from schemas.settings import KafkaSettings


@dataclass(frozen=True, slots=True)
class Registered:
    """One subject: the id of our schema (None where it has not got it), and what is wrong, empty if nothing."""

    subject: str
    event: str
    schema_id: int | None
    new: bool = False
    wrong: str = ""


def register(settings: KafkaSettings) -> list[Registered]:
    """Register what is missing and set every subject to the rule. Idempotent.

    Raises Retryable where the registry is away, Fatal where it refuses a schema (`Incompatible`) or us.
    """
    done = []
    with RegistryServer(settings) as server:
        for subject, event in subjects(settings.topic_prefix).items():
            schema = load_schema(event)
            known = bool(server.versions(subject))
            # The rule comes first where it can: a new version must keep to it. Some registries know no rule of a
            # subject that is not there.
            if known and server.compatibility(subject) != COMPATIBILITY:
                server.set_compatibility(subject)
            schema_id = find(server, subject, schema)
            new = schema_id is None
            if schema_id is None:
                schema_id = server.register(subject, schema)
            if not known:
                server.set_compatibility(subject)
            done.append(Registered(subject, event, schema_id, new))
    return done


def check(settings: KafkaSettings) -> Iterator[Registered]:
    """What the registry has of ours, and whether it would take what it has not; changes nothing.

    Raises Retryable where the registry is away, Fatal where it refuses us.
    """
    with RegistryServer(settings) as server:
        for subject, event in subjects(settings.topic_prefix).items():
            schema = load_schema(event)
            schema_id = find(server, subject, schema)
            yield Registered(subject, event, schema_id, wrong=_wrong(server, subject, event, schema_id))


def _wrong(server: RegistryServer, subject: str, event: str, schema_id: int | None) -> str:
    if schema_id is None:
        if not server.versions(subject):
            return "not registered"
        try:
            fits = server.is_compatible(subject, load_schema(event))
        except Fatal as error:
            return str(error)
        return (
            "other versions are registered, ours is not" if fits else "incompatible with an earlier version"
        )
    rule = server.compatibility(subject)
    return "" if rule == COMPATIBILITY else f"its rule is {rule}, not {COMPATIBILITY}"
