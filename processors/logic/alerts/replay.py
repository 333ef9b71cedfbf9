"""What one rule would have told of, had it been in force while a history of windows, bars or runs was read."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

from processors.logic.alerts.finding import Finding, alert
from processors.logic.alerts.halves import Halves
from processors.logic.alerts.history import History, Raising
from processors.logic.alerts.judge import Judge
from processors.logic.alerts.rules import RuleBook
from processors.logic.alerts.silence import due_at, heard, name_of, source_silent
from schemas.events import Alert, Bar, Millis, Rule, Run, Topic, Trend


class Replay:
    """Takes events in the order of their partition, as the stage does; `computed_at` of its alerts is 0, for none was sent."""

    def __init__(self, rule: Rule) -> None:
        """Raises Poison for a rule that nobody can watch for."""
        self._book = RuleBook()
        self._book.put(rule["id"], rule)
        # Nothing is ever committed here: all there is, is what this one reading raises and learns.
        self._raising = Raising(History(), math.inf)
        self._judge = Judge(lambda _: None, Halves(), math.inf)
        self._sources: dict[str, Any] = {}

    def trends(self, trends: Iterable[tuple[str, Trend]]) -> Iterator[Alert]:
        """Alerts about revisions of windows, each with its subject (`kind:value`)."""
        for subject, trend in trends:
            rules = self._book.watching("trends", subject)
            yield from self._told(subject, self._judge.trend(rules, subject, trend))

    def bars(self, bars: Iterable[Bar]) -> Iterator[Alert]:
        """Alerts about revisions of bars."""
        for bar in bars:
            subject = f"symbol:{bar['symbol']}"
            yield from self._told(subject, self._judge.bar(self._book.watching("bars", subject), bar))

    def closes(self, bars: Iterable[Bar]) -> Iterator[Alert]:
        """Alerts about closed bars that part with a mood that was read before, or will be by a mood that is read after."""
        for bar in bars:
            if bar["closed"]:
                subject = f"symbol:{bar['symbol']}"
                rules = self._book.watching("closes", subject)
                yield from self._told(subject, self._judge.close(rules, subject, bar))

    def topics(self, topics: Iterable[Topic]) -> Iterator[Alert]:
        """Alerts about revisions of topics."""
        for topic in topics:
            subject = f"topic:{topic['id']}"
            yield from self._told(subject, self._judge.topic(self._book.watching("topics", subject), topic))

    def runs(self, runs: Iterable[Run], until: Millis) -> Iterator[Alert]:
        """Alerts about sources that were silent for too long at some moment before `until`, each when it had just become too long."""
        for run in runs:
            name = name_of(run)
            yield from self._silence(name, run["ended_at"])
            row = heard(self._sources.get(name), run)
            if row is not None:
                self._sources[name] = row
        for name in sorted(self._sources):
            yield from self._silence(name, until)

    def _silence(self, name: str, until: Millis) -> Iterator[Alert]:
        row = self._sources.get(name)
        if row is None:
            return
        subject = f"source:{name}"
        for rule in self._book.watching("runs", subject):
            late = due_at(rule, row) + 1
            found = source_silent(rule, name, row, late) if late < until else None
            if found is not None:
                yield from self._told(subject, [(rule, found)])

    def _told(self, subject: str, found: Iterable[tuple[Rule, Finding]]) -> Iterator[Alert]:
        for rule, finding in found:
            held = self._raising.raises(rule, subject, finding)
            if held is not None:
                yield alert(rule, subject, finding, held, 0)
