"""What a partition of `trends` owes its readers now: windows to close, revisions to send, rows to drop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from processors.logic import rows
from processors.logic.bounded import top
from processors.logic.ewma import Baseline, display
from processors.logic.folding import Step
from processors.logic.held import Held
from processors.logic.rows import CHANGED, CLOSED, END, EXPECTED, PUBLISHED, REVISION, STATS, Row, Stat
from processors.logic.spans import MINUTE_MS, WINDOWS
from schemas.events import Trend

MAX_TERMS = 20
MAX_SOURCES = 20


@dataclass(frozen=True, slots=True)
class Publisher:
    """Closes, publishes and drops windows, at most `at_most` of each in one call.

    `rings`: for how long (ms of event time) a window is kept after its end, by kind; `held_rows`: how many windows are kept in all.
    """

    rings: Mapping[str, int]
    at_most: int
    held_rows: int
    bias: float

    def publish(
        self, step: Step, held: Held, closing: int | None, dropping: int | None, computed_at: int
    ) -> Iterator[tuple[str, Trend]]:
        """Yields (subject key, trend) of every revision to be sent; the step holds the rows that go with them."""
        for key in self._due(held, closing):
            row = step.row(key)
            if row is None:
                continue
            if closing is not None and row[END] <= closing and not row[CLOSED]:
                row = step.close(key)
            yield from self._trends(step, key, row, computed_at)
            step.published(key)
        self._drop(step, held, dropping)

    def _due(self, held: Held, closing: int | None) -> list[str]:
        due = {} if closing is None else dict.fromkeys(islice(held.closable(closing), self.at_most))
        for key in held.dirty:
            if len(due) >= self.at_most:
                break
            due[key] = None
        return list(due)

    def _drop(self, step: Step, held: Held, dropping: int | None) -> None:
        dropped = 0
        if dropping is not None:
            for window in WINDOWS:
                ended = held.ended(window, dropping - self.rings[window])
                dropped += self._drop_closed(step, ended, self.at_most - dropped)
        surplus = len(held) - dropped - self.held_rows
        if surplus > 0:
            self._drop_closed(step, held.oldest(), min(surplus, self.at_most))

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

    def _trends(self, step: Step, key: str, row: Row, computed_at: int) -> Iterator[tuple[str, Trend]]:
        window, start, subject = rows.parts_of(key)
        before_start, _ = step.spans.span(window, start - 1)
        before = step.row(rows.key_of(window, before_start, subject))
        covered = before_start >= step.since.get(window, start)
        stats: dict[str, Stat] = row[STATS]
        for platform, stat in [*stats.items(), ("", rows.over_platforms(stats.values()))]:
            if platform and stat[CHANGED] <= row[PUBLISHED]:
                continue
            mentions = stat[rows.MENTIONS]
            earlier = _mentions(before, platform)
            velocity = (mentions - earlier) / ((row[END] - start) / MINUTE_MS) if covered else 0.0
            baseline = Baseline(*(row[EXPECTED].get(platform) or step.expectation(key, platform)))
            score = baseline.score(mentions, self.bias)
            kind, _, name = subject.partition(":")
            yield (
                subject,
                {
                    "id": f"{subject}:{platform}:{window}:{start}",
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
                    "velocity": velocity,
                    "score": score,
                    "display_score": display(score),
                    "baseline": baseline.mean,
                    "terms": top(stat[rows.TERMS], MAX_TERMS),
                    "sources": top(stat[rows.SOURCES], MAX_SOURCES),
                    "samples": stat[rows.SAMPLES],
                    "closed": bool(row[CLOSED]),
                    "late": stat[rows.LATE],
                    "computed_at": computed_at,
                },
            )


def _mentions(row: Row | None, platform: str) -> int:
    if row is None:
        return 0
    stats: dict[str, Stat] = row[STATS]
    if not platform:
        return sum(stat[rows.MENTIONS] for stat in stats.values())
    stat = stats.get(platform)
    return 0 if stat is None else int(stat[rows.MENTIONS])
