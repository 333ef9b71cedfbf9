"""Which alerts were raised: none is raised twice, and a rule keeps quiet about a subject for a while."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from processors.logic.alerts.finding import Finding, alert_id
from schemas.events import Millis, Rule

FiredRow = list[Any]
"""[fired_at, cooldown_until], under the alert's id."""


class _Raised(NamedTuple):
    start: Millis
    fired_at: Millis
    until: Millis


class History:
    """The alerts one partition remembers, in the order they were raised. Everything here follows from the rows.

    A window raises at most one alert of a rule's revision about a subject. Two alerts of a rule about a subject are never nearer
    to one another than its cooldown in event time, whichever came first: an older window that closes after a newer one
    raised an alert is quiet if it lies within the cooldown before it, and counts by itself if it lies further back. So a replay
    of old events is not silenced by new ones. The cooldown belongs to the rule: a new revision inherits it.

    Only so many alerts are kept (a setting); the ones raised first are forgotten first. Should a window be revised again after
    its alert was forgotten, it can raise it once more, under the same id.
    """

    def __init__(self) -> None:
        self._raised: dict[tuple[str, str], dict[str, _Raised]] = {}

    def take(self, key: str, row: FiredRow | None) -> None:
        """A row was committed, or (None) deleted."""
        rule_id, subject, start = _parts(key)
        about = self._raised.setdefault((rule_id, subject), {})
        if row is None:
            about.pop(key, None)
            if not about:
                del self._raised[rule_id, subject]
        else:
            about[key] = _Raised(start, *row)

    def restore(self, rows: Mapping[str, FiredRow]) -> None:
        """Start from committed rows."""
        for key, row in rows.items():
            self.take(key, row)

    def about(self, rule_id: str, subject: str) -> Mapping[str, _Raised]:
        """By alert id: what the rule has raised about the subject."""
        return self._raised.get((rule_id, subject), {})


class Raising:
    """What one batch raises on top of a history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._fresh = History()
        self.rows: dict[str, FiredRow] = {}

    def raises(self, rule: Rule, subject: str, found: Finding) -> bool:
        """Whether this is worth an alert; if so it is remembered as raised."""
        key = alert_id(rule, subject, found.start)
        cooldown_ms = rule["cooldown_s"] * 1000
        for history in (self._history, self._fresh):
            about = history.about(rule["id"], subject)
            if key in about:
                return False
            for raised in about.values():
                if raised.fired_at <= found.fired_at < raised.until:
                    return False
                if found.fired_at < raised.fired_at < found.fired_at + cooldown_ms:
                    return False
        row = [found.fired_at, found.fired_at + cooldown_ms]
        self.rows[key] = row
        self._fresh.take(key, row)
        return True


def _parts(key: str) -> tuple[str, str, Millis]:
    """(rule id, subject, window start) of an alert's id."""
    rule_id, _, rest = key.split(":", 2)
    subject, _, start = rest.rpartition(":")
    return rule_id, subject, int(start)
