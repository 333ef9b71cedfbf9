"""Holds windows and bars against rules, with what is remembered of their subjects; the stage and the backtest both ask it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from processors.logic.alerts import shares
from processors.logic.alerts.finding import Finding
from processors.logic.alerts.judging import asks_trend, judge_bar, judge_trend
from schemas.events import Bar, Rule, Trend


class Judge:
    """Reads the usual sentiment of a subject through `share` and collects its changes in `shares` (see `logic.alerts.shares`)."""

    def __init__(self, share: Callable[[str], Any]) -> None:
        self._share = share
        self.shares: dict[str, Any] = {}

    def trend(self, rules: Sequence[Rule], subject: str, trend: Trend) -> Iterator[tuple[Rule, Finding]]:
        """What the rules that ask for this kind of window find in a revision of it."""
        asking = [rule for rule in rules if asks_trend(rule, trend["platform"], trend["window"])]
        usual = None
        if any(rule["kind"] == "sentiment_shift" for rule in asking):
            usual = self._learn(subject, trend)
        for rule in asking:
            found = judge_trend(rule, subject, trend, usual)
            if found is not None:
                yield rule, found

    @staticmethod
    def bar(rules: Sequence[Rule], bar: Bar) -> Iterator[tuple[Rule, Finding]]:
        """What the rules that ask for this kind of bar find in a revision of it."""
        for rule in rules:
            found = judge_bar(rule, bar) if rule["window"] == bar["interval"] else None
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
