"""What a partition of `trends` owes its readers now: windows to close, revisions to send, rows to drop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import merge
from itertools import chain, islice, takewhile
from typing import NamedTuple

from processors.logic import rows
from processors.logic.bounded import top
from processors.logic.ewma import display
from processors.logic.folding import Step
from processors.logic.held import Held
from processors.logic.rows import CHANGED, CLOSED, END, PUBLISHED, REVISION, STATS, Row, Stat
from processors.logic.scoring import telling
from processors.logic.spans import MINUTE_MS, WINDOWS
from processors.logic.totals import YOUNG
from processors.logic.usual import Expected, measured_by
from schemas.events import Trend

MAX_TERMS = 20
MAX_SOURCES = 20
_LONGEST_MS = {"1m": MINUTE_MS, "5m": 5 * MINUTE_MS, "1h": 60 * MINUTE_MS, "1d": 25 * 60 * MINUTE_MS}
"""A day on which the clocks are put back has an hour more."""


class Published(NamedTuple):
    """A revision to be sent under the key `subject`; `alone`: with platform '' it says the same and is to be sent too."""

    subject: str
    trend: Trend
    alone: bool


@dataclass(frozen=True, slots=True)
class Publisher:
    """Closes, publishes and drops windows, at most `at_most` of each in one call.

    `rings`: for how long (ms of event time) a window is kept after its end, by kind; `held_rows`: how many windows are kept in all, and how many baselines;
    `bias`: see `ewma`; a window of fewer than `least` mentions or `voices` authors does not score above 0.
    """

    rings: Mapping[str, int]
    at_most: int
    held_rows: int
    bias: float
    least: int
    voices: int

    def publish(
        self,
        step: Step,
        held: Held,
        closing: int | None,
        dropping: int | None,
        computed_at: int,
        *,
        provisional: bool,
    ) -> Iterator[Published]:
        """Close what is over and send it, with `provisional` also what has changed and is open; then drop what is old.

        Call it after `step.finish`; the step then holds the rows that go with what was sent.
        """
        for key in self._due(step, held, closing, provisional=provisional):
            row = step.row(key)
            if row is None:
                continue
            if closing is not None and row[END] <= closing and not row[CLOSED]:
                row = step.close(key)
            yield from self._trends(step, key, row, computed_at)
            step.published(key)
        if closing is not None:
            self._close_totals(step, held, closing)
        self._drop(step, held, dropping)

    def _due(self, step: Step, held: Held, closing: int | None, *, provisional: bool) -> list[str]:
        due: dict[str, None] = {}
        if closing is not None:
            # In order of their ends whatever batch they came in, for what one teaches the next is measured by.
            for _, key in merge(
                held.closable(closing), sorted(step.closable(closing), key=_in_order), key=_in_order
            ):
                if len(due) >= self.at_most:
                    break
                due[key] = None
        if provisional:
            for key in chain(held.dirty, step.dirty()):
                if len(due) >= self.at_most:
                    break
                due[key] = None
        return list(due)

    @staticmethod
    def _close_totals(step: Step, held: Held, closing: int) -> None:
        """Close the totals of what is over where no window of it is left to close, for this partition may have none for long."""
        if next(step.still_open(held, closing), None) is not None:
            return
        over = step.totals.over(closing)
        if over is not None:
            step.totals.advance(over[1], step.heard.since(*over))

    def _drop(self, step: Step, held: Held, dropping: int | None) -> None:
        """Drop what is a ring's length old, or too much, the oldest first: windows by their ends, what is usual by the last window that has taught it.

        Measured by how far windows are closed: where far more is over than one call closes, as after an outage, what was closed last is
        old already, but its successors are still to be measured by it.
        """
        closed = step.closed_up_to(held)
        dropped = 0
        if dropping is not None:
            reached = dropping if closed is None else min(dropping, closed - 1)
            for window in WINDOWS:
                until = reached - self.rings[window]
                ended = [*islice(held.ended(window, until), self.at_most), *step.ended(window, until)]
                dropped += self._drop_closed(step, iter(ended), self.at_most - dropped)
                last = until - _LONGEST_MS[window]
                for key in islice(held.taught.up_to(window, last), self.at_most):
                    step.usual.forget(key, last)
        surplus = len(held) - dropped - self.held_rows
        if surplus > 0:
            oldest = takewhile(lambda item: closed is None or item[0] <= closed, held.oldest())
            self._drop_closed(step, oldest, min(surplus, self.at_most))
        surplus = len(held.taught) - self.held_rows
        for last, key in islice(held.taught.oldest(), min(max(surplus, 0), self.at_most)):
            step.usual.forget(key, last)

    @staticmethod
    def _drop_closed(step: Step, windows: Iterator[tuple[int, str]], at_most: int) -> int:
        """Drop of these what is closed and published; returns how many."""
        dropped = 0
        for end, key in windows:
            if dropped >= at_most:
                break
            row = step.row(key)
            if row is not None and row[CLOSED] and row[REVISION] == row[PUBLISHED]:
                step.drop(key, end)
                dropped += 1
        return dropped

    def _trends(self, step: Step, key: str, row: Row, computed_at: int) -> Iterator[Published]:
        window, start, subject = rows.parts_of(key)
        before_start, _ = step.spans.span(window, start - 1)
        before = step.row(rows.key_of(window, before_start, subject))
        # The one before it may have been dropped where there was too much; then how fast it grows is not known.
        covered = before_start >= step.usual.since(window, start) and start > step.floors.get(window, 0)
        minutes = (row[END] - start) / MINUTE_MS
        stats: dict[str, Stat] = row[STATS]
        baselines = step.usual.baselines(window, subject, start)
        alone = rows.alone(stats, baselines) and (before is None or before[STATS].keys() == stats.keys())
        views = list(stats.items()) if alone else [*stats.items(), ("", rows.over_platforms(stats.values()))]
        kind, _, name = subject.partition(":")
        weighed = {platform: rows.weighed(stat) for platform, stat in stats.items()}
        expected = step.expected(key, row, {platform: one[0] for platform, one in weighed.items()})
        weighed[""] = (sum(one[0] for one in weighed.values()), sum(one[1] for one in weighed.values()))
        for platform, stat in views:
            if platform and stat[CHANGED] <= row[PUBLISHED]:
                continue
            mentions = stat[rows.MENTIONS]
            weight, voices = weighed[platform]
            memories = measured_by(expected, platform)
            score, baseline = telling(memories, weight, self.bias)
            if mentions < self.least or voices < self.voices:
                score = min(score, 0.0)
            measures = []
            # All platforms together are measured by what came from a new one, too: that is nothing to be held against fewer.
            if score > 0 and (platform or not any(_new(expected, one) for one in stats)):
                measures = [one.measure(self.bias) for one in memories]
            trend: Trend = {
                "id": trend_id(subject, platform, window, start),
                "revision": row[REVISION],
                "subject_kind": kind,
                "subject": name,
                "platform": platform,
                "window": window,
                "start": start,
                "end": row[END],
                "mentions": mentions,
                "copies": stat[rows.COPIES],
                "authors": rows.author_count(stat),
                "positive": stat[rows.POSITIVE],
                "negative": stat[rows.NEGATIVE],
                "neutral": stat[rows.NEUTRAL],
                "engagement": stat[rows.ENGAGEMENT],
                "velocity": (mentions - _mentions(before, platform)) / minutes if covered else 0.0,
                "score": score,
                "display_score": display(score),
                "baseline": baseline.mean,
                "learnt": baseline.seen,
                "least": max(self.least, self.voices),
                "weight": weight,
                "expected": [usual for usual, _ in measures],
                "spread": [spread for _, spread in measures],
                "terms": top(stat[rows.TERMS], MAX_TERMS),
                "sources": top(stat[rows.SOURCES], MAX_SOURCES),
                "samples": stat[rows.SAMPLES],
                "closed": bool(row[CLOSED]),
                "late": stat[rows.LATE],
                "computed_at": computed_at,
            }
            yield Published(subject, trend, alone)


def _in_order(item: tuple[int, str]) -> tuple[int, int]:
    end, key = item
    return end, WINDOWS.index(rows.window_of(key))


def trend_id(subject: str, platform: str, window: str, start: int) -> str:
    """The id of a trend; `subject` is `kind:value`, `start` in epoch milliseconds."""
    return f"{subject}:{platform}:{window}:{start}"


def _new(expected: Expected, platform: str) -> bool:
    return measured_by(expected, platform)[0].seen < YOUNG


def _mentions(row: Row | None, platform: str) -> int:
    if row is None:
        return 0
    stats: dict[str, Stat] = row[STATS]
    if not platform:
        return sum(stat[rows.MENTIONS] for stat in stats.values())
    stat = stats.get(platform)
    return 0 if stat is None else int(stat[rows.MENTIONS])
