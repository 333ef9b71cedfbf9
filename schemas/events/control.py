"""What people tell the parts: keywords, instruments, rules, and that a source be collected now."""

from collections.abc import Sequence
from typing import Literal, TypedDict

from schemas.events.kinds import AlertKind, Millis, Severity


class Keyword(TypedDict):
    """A phrase to look for; control state, a tombstone deletes."""

    id: str
    text: str
    category: str
    priority: int
    active: bool
    languages: Sequence[str]
    query: str | None
    monitoring_start: Millis | None
    updated_at: Millis


class Instrument(TypedDict):
    """A tradable thing; control state, a tombstone deletes."""

    symbol: str
    name: str
    aliases: Sequence[str]
    exchange: str
    zone: str
    currency: str
    active: bool
    updated_at: Millis


class Rule(TypedDict):
    """What to be told of; control state, a tombstone deletes."""

    id: str
    revision: int
    owner: str | None
    name: str
    kind: AlertKind
    subject: str
    platform: str
    window: str
    threshold: float
    change: float
    minimum: int
    early: bool
    severity: Severity
    cooldown_s: int
    quiet_from: str | None
    quiet_to: str | None
    quiet_zone: str | None
    active: bool
    updated_at: Millis


class Request(TypedDict):
    """Something that is asked for now."""

    id: str
    action: Literal["collect"]
    target: str
    source: str | None
    keywords: Sequence[str]
    requested_at: Millis
