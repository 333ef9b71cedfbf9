"""Which alerts were raised: none is raised twice, a rule keeps quiet about a subject for a while, and what was held back is counted."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from processors.logic.alerts.arrivals import Arrivals, Arriving
from processors.logic.alerts.finding import Finding, alert_id, cooldown_ms
from processors.logic.alerts.quiet import quiet_hours
from schemas.events import Millis, Rule

FiredRow = list[Any]
"""[fired_at, cooldown_until, held, number] under the alert's id: whether quiet hours held it back, and `logic.alerts.arrivals`.

Rows that were written before there were quiet hours have neither.
"""


class _Raised(NamedTuple):
    start: Millis
    fired_at: Millis
    until: Millis
    held: bool = False
    number: int = 0


class History:
    """The alerts one partition remembers, in the order they were raised. Everything here follows from the rows.

    A window raises at most one alert of a rule's revision about a subject. Two alerts of a rule about a subject are never nearer
    to one another than its cooldown in event time, whichever came first: an older window that closes after a newer one
    raised an alert is quiet if it lies within the cooldown before it, and counts by itself if it lies further back. So a replay
    of old events is not silenced by new ones. The cooldown belongs to the rule: a new revision inherits it.

    What fires in the rule's quiet hours is held back: remembered, so that it is counted once and by the same cooldown, but it
    silences nothing that fires outside them. The next alert that is sent says how many were held back since the one before it, by event
    time, and counts none that another one has counted.

    Only so many alerts are kept (a setting); the ones raised first are forgotten as soon as one more is raised. Should a window be revised again after
    its alert was forgotten, it can raise it once more, under the same id.
    """

    def __init__(self) -> None:
        self._raised: dict[tuple[str, str], dict[str, _Raised]] = {}
        self.arrivals = Arrivals()

    def take(self, key: str, row: FiredRow | None) -> None:
        """A row was committed, or (None) deleted."""
        rule_id, subject, start = _parts(key)
        about = self._raised.setdefault((rule_id, subject), {})
        if row is None:
            self.arrivals.take(key, None)
            about.pop(key, None)
            if not about:
                del self._raised[rule_id, subject]
        else:
            raised = about[key] = _Raised(start, *row)
            self.arrivals.take(key, raised.number)

    def restore(self, rows: Mapping[str, FiredRow]) -> None:
        """Start from committed rows."""
        ordered = sorted((_Raised(0, *row).number, row[0], key) for key, row in rows.items())
        for _, _, key in ordered:
            self.take(key, rows[key])

    def about(self, rule_id: str, subject: str) -> Mapping[str, _Raised]:
        """By alert id: what the rule has raised about the subject."""
        return self._raised.get((rule_id, subject), {})


class Raising:
    """What one batch raises on top of a history."""

    def __init__(self, history: History, at_most: float) -> None:
        self._history = history
        self._fresh = History()
        self.arriving = Arriving(history.arrivals, at_most)

    def raises(self, rule: Rule, subject: str, found: Finding) -> int | None:
        """None where this is not sent; otherwise how many were held back since the last that was, and it is remembered as raised."""
        quiet = quiet_hours(rule)
        held = quiet is not None and quiet.covers(found.fired_at)
        key = alert_id(rule, subject, found.start)
        about, fresh = (one.about(rule["id"], subject) for one in (self._history, self._fresh))
        if fresh or self.arriving.replaced:
            kept = {one: raised for one, raised in about.items() if one not in self.arriving.replaced}
            about = {**kept, **fresh}
        same = about.get(key)
        if same is not None and (held or not same.held):
            return None
        cooldown = cooldown_ms(rule)
        # What was sent silences everything within its cooldown, what was held back only what would be held back too.
        for raised in about.values():
            if raised.held > held:
                continue
            if raised.fired_at <= found.fired_at < raised.until:
                return None
            if found.fired_at < raised.fired_at < found.fired_at + cooldown:
                return None
        row, gone = self.arriving.add(key, [found.fired_at, found.fired_at + cooldown, held])
        self._fresh.take(key, row)
        for one in gone:
            self._fresh.take(one, None)
        return None if held else _held_before(about, key, found.fired_at)


def _held_before(about: Mapping[str, _Raised], key: str, fired_at: Millis) -> int:
    """How many were held back before this instant and after the last alert sent before it, and were not counted by a later one."""
    sent = [one for one in about.values() if not one.held]
    since = max((one.fired_at for one in sent if one.fired_at < fired_at), default=-1)
    held = (one for other, one in about.items() if one.held and other != key)
    return sum(since < one.fired_at <= fired_at and not _counted(one, sent) for one in held)


def _counted(held: _Raised, sent: Iterable[_Raised]) -> bool:
    """Whether one that was sent after this was raised has counted it: one before which none stood between the two."""
    later = [one for one in sent if one.fired_at >= held.fired_at]
    before = min((one.fired_at for one in later if one.number < held.number), default=math.inf)
    return any(one.fired_at <= before for one in later if one.number > held.number)


def _parts(key: str) -> tuple[str, str, Millis]:
    """(rule id, subject, window start) of an alert's id."""
    rule_id, _, rest = key.split(":", 2)
    subject, _, start = rest.rpartition(":")
    return rule_id, subject, int(start)
