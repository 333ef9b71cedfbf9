"""Holds windows, bars and topics against rules, with what is remembered of their subjects; the stage and the backtest both ask it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from processors.logic.alerts import shares
from processors.logic.alerts.divergence import divergence
from processors.logic.alerts.finding import Finding
from processors.logic.alerts.halves import Halves, Pair, Pairing, close_of, mood_of
from processors.logic.alerts.judging import asks_mood, asks_trend, judge_bar, judge_trend
from processors.logic.alerts.topic import new_topic
from schemas.events import Bar, Rule, Topic, Trend

Found = Iterator[tuple[Rule, Finding]]


class Judge:
    """Reads the usual sentiment of a subject through `share` and what waits for its other half in `halves`.

    Collects their changes in `shares` (see `logic.alerts.shares`) and `pairing` (see `logic.alerts.halves`), which keeps at most
    `halves_kept` halves.
    """

    def __init__(self, share: Callable[[str], Any], halves: Halves, halves_kept: float) -> None:
        self._share = share
        self.shares: dict[str, Any] = {}
        self.pairing = Pairing(halves, halves_kept)

    def trend(self, rules: Sequence[Rule], subject: str, trend: Trend) -> Found:
        """What the rules that ask for this kind of window find in a revision of it."""
        asking = [rule for rule in rules if asks_trend(rule, trend["platform"], trend["window"])]
        usual = None
        if any(map(asks_mood, asking)):
            usual = self._learn(subject, trend)
        pairs: list[Pair] = []
        if trend["closed"] and any(rule["kind"] == "divergence" for rule in asking):
            mood = mood_of(trend, usual)
            pairs = self.pairing.mood(trend["window"], trend["platform"], subject, mood)
        for rule in asking:
            if rule["kind"] == "divergence":
                yield from _apart(rule, subject, pairs)
            elif (found := judge_trend(rule, subject, trend, usual)) is not None:
                yield rule, found

    def close(self, rules: Sequence[Rule], subject: str, bar: Bar) -> Found:
        """What rules of divergence find in a closed bar; of its first closed revision alone."""
        asking = [rule for rule in rules if rule["window"] == bar["interval"]]
        close = close_of(bar)
        if not asking or close is None or not self.pairing.close(bar["interval"], subject, close):
            return
        for rule in asking:
            yield from _apart(
                rule, subject, self.pairing.pair(bar["interval"], rule["platform"], subject, close)
            )

    @staticmethod
    def bar(rules: Sequence[Rule], bar: Bar) -> Found:
        """What the rules that ask for this kind of bar find in a revision of it."""
        for rule in rules:
            found = judge_bar(rule, bar) if rule["window"] == bar["interval"] else None
            if found is not None:
                yield rule, found

    @staticmethod
    def topic(rules: Sequence[Rule], topic: Topic) -> Found:
        """What the rules find in a revision of a topic."""
        for rule in rules:
            found = new_topic(rule, topic)
            if found is not None:
                yield rule, found

    def _learn(self, subject: str, trend: Trend) -> shares.Usual | None:
        """What was usual before this window, which is learnt from where it is closed."""
        key = f"{trend['window']}|{subject}|{trend['platform']}"
        row = self.shares.get(key) or self._share(key)
        after = shares.learnt(row, trend)
        if after is not None:
            self.shares[key] = after
        return shares.usual(row, trend)


def _apart(rule: Rule, subject: str, pairs: Sequence[Pair]) -> Found:
    for pair in pairs:
        found = divergence(rule, subject, pair)
        if found is not None:
            yield rule, found
