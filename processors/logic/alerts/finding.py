"""What a rule has found, and the alert that tells of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from processors.logic.alerts.removal import Removal
from schemas.events import Alert, Millis, Rule, Trend

_ONCE_MS = 100 * 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Finding:
    """That a rule holds for a subject in [start, end), with the evidence; `fired_at` is event time."""

    start: Millis
    end: Millis
    fired_at: Millis
    observed: float
    expected: float
    score: float
    explanation: str
    terms: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    samples: Sequence[str] = ()
    removal: Removal = field(default_factory=Removal)


def from_trend(
    trend: Trend, observed: float, expected: float, score: float, explanation: str, removal: Removal
) -> Finding:
    """A finding in a window of a trend, with the trend's words, sources and posts."""
    return Finding(
        trend["start"],
        trend["end"],
        fired_at(trend["start"], trend["end"], trend["computed_at"], closed=trend["closed"]),
        observed,
        expected,
        score,
        explanation,
        trend["terms"],
        trend["sources"],
        trend["samples"],
        removal,
    )


def fired_at(start: Millis, end: Millis, computed_at: Millis, *, closed: bool) -> Millis:
    """The event time of what a revision of a window shows.

    The end of a closed window; of an open one when the revision was made, within the window: for live events that is event
    time, and for replayed ones, which are made long after, the end.
    """
    return end if closed else min(max(computed_at, start), end)


def alert_id(rule: Rule, subject: str, start: Millis) -> str:
    """rule:revision:subject:window start; a rule's id has no colon."""
    return f"{rule['id']}:{rule['revision']}:{subject}:{start}"


def cooldown_ms(rule: Rule) -> Millis:
    """How long after an alert the rule keeps quiet about its subject; a topic is new once."""
    return _ONCE_MS if rule["kind"] == "new_topic" else rule["cooldown_s"] * 1000


def alert(rule: Rule, subject: str, found: Finding, held: int, computed_at: Millis) -> Alert:
    """The event; `held` were held back before it."""
    return {
        "id": alert_id(rule, subject, found.start),
        "rule_id": rule["id"],
        "rule_revision": rule["revision"],
        "owner": rule["owner"],
        "kind": rule["kind"],
        "severity": rule["severity"],
        "subject": subject,
        "platform": rule["platform"],
        "window": rule["window"],
        "start": found.start,
        "end": found.end,
        "observed": found.observed,
        "expected": found.expected,
        "score": found.score,
        "explanation": found.explanation,
        "terms": found.terms,
        "sources": found.sources,
        "samples": found.samples,
        "removal_of": found.removal.of,
        "removal": found.removal.parts,
        "removal_note": found.removal.note,
        "held": held,
        "fired_at": found.fired_at,
        "cooldown_until": found.fired_at + cooldown_ms(rule),
        "computed_at": computed_at,
    }
