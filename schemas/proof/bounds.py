"""What a proof is about: hours of collection, sources, and up to when enrichment counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas import tables

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_NEVER = 5_662_310_400_000
"""Before the last day that a Date holds (6 June 2149)."""
_AHEAD_MS = DAY_MS
_BEHIND_MS = 31 * DAY_MS
"""How much before and after its collection a post may have been enriched: collectors' clocks differ, topics keep a week."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hours of collection that [since, until) touches (ms; None: unbounded), of these sources (none: of all).

    A source is `platform/source` as in the ledger, or the part after the slash. What was enriched at `as_of` (ms) or
    later counts on neither side: a batch's receipt, mentions and dead letters carry the same time, so whatever is still
    on its way is left out whole.
    """

    as_of: int
    since: int | None = None
    until: int | None = None
    sources: Sequence[str] = ()

    def days(self, kept: Mapping[str, int], *of: str) -> dict[str, Any]:
        """The first and the last day of collection within the bounds, as far back as all these tables have kept."""
        since, until = self._hours()
        start = max(since, *(kept[table] for table in of))
        return {"first_day": _day(start), "last_day": _day(max(until, start) - 1)}

    def _hours(self) -> tuple[int, int]:
        since = 0 if self.since is None else self.since // HOUR_MS * HOUR_MS
        until = _NEVER if self.until is None else min(_NEVER, -(-self.until // HOUR_MS) * HOUR_MS)
        return since, until

    def parameters(self, kept: Mapping[str, int]) -> dict[str, Any]:
        """The parameters of every question; nothing before what the tables have kept is asked about."""
        since, until = self._hours()
        start = max(since, kept[tables.MENTIONS], kept[tables.RECEIPTS])
        until = max(until, start)
        return {
            "since": start,
            "until": until,
            "enriched_since": max(0, start - _AHEAD_MS),
            "enriched_until": min(_NEVER, until + _BEHIND_MS),
            "sources": list(self.sources),
            "as_of": self.as_of,
            "mentions_since": kept[tables.MENTIONS],
            "posts_since": kept[tables.POSTS],
            "letters_since": kept[tables.DEAD_LETTERS],
        }


def _day(millis: int) -> str:
    return datetime.fromtimestamp(max(0, millis) / 1000, UTC).date().isoformat()


def kept_since(days: Mapping[str, int], now_ms: int) -> dict[str, int]:
    """From when on each table still has every row, given how many days it keeps them (0: for ever); ms."""
    today = now_ms // DAY_MS * DAY_MS
    return {table: today - (count - 1) * DAY_MS if count else 0 for table, count in days.items()}


@dataclass(frozen=True, slots=True)
class Frame:
    """The offsets of `posts` by partition (first and last) and the hours (ms, first and last) that the bounds touch."""

    offsets: Mapping[int, tuple[int, int]]
    hours: tuple[int, int]

    def parameters(self) -> dict[str, Any]:
        """As parameters of the questions about receipts and what landed."""
        partitions = sorted(self.offsets)
        return {
            "partitions": partitions,
            "lows": [self.offsets[one][0] for one in partitions],
            "highs": [self.offsets[one][1] for one in partitions],
            "first_hour": self.hours[0],
            "last_hour": self.hours[1],
        }

    def widened(self, neighbours: Mapping[int, tuple[int, int]]) -> dict[int, tuple[int, int]]:
        """The offsets up to the nearest receipts outside, (last before, first after) each, -1 where there is none."""
        wide = {}
        for partition, (low, high) in self.offsets.items():
            before, after = neighbours.get(partition, (-1, -1))
            wide[partition] = (low if before < 0 else before + 1, high if after < 0 else after - 1)
        return wide
