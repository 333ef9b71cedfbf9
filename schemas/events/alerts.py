"""Alerts."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from schemas.events.kinds import AlertKind, Millis, Severity


class Alert(TypedDict):
    """Something a rule watches for has happened, with its evidence."""

    id: str
    rule_id: str
    rule_revision: int
    owner: str | None
    kind: AlertKind
    severity: Severity
    subject: str
    platform: str
    window: str
    start: Millis
    end: Millis
    observed: float
    expected: float
    score: float
    explanation: str
    terms: Mapping[str, int]
    sources: Mapping[str, int]
    samples: Sequence[str]
    removal_of: str
    removal: Mapping[str, int]
    removal_note: str
    held: int
    fired_at: Millis
    cooldown_until: Millis
    computed_at: Millis
