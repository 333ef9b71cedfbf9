"""What was heard of each platform in all, by window: whether it was heard at all, and how much of it against what is usual.

`enrich` tells every partition of `partials` what a batch adds, before the batch's other partials; so the totals of a window
are whole when the watermark has passed it, as the window itself is. Rows: `5m|start` → {platform: mentions}, which becomes
{platform: [mentions, expected]} when the first window of that time closes and stays so; `starts|5m` → [starts of open ones,
starts of closed ones]; `usual|5m` → [start of the last one, {platform: [mean, windows seen, start of the first]}]; `missed|5m` →
{platform: [[first, last], …]}; `season|platform` (see `logic.seasons`).
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from processors.logic import seasons
from processors.logic.scoring import ALPHAS
from processors.logic.spans import Spans

KINDS = ("5m", "1h")
"""Kinds of windows with totals: of a minute too little is heard, and a day hides an outage."""
YOUNG = 6
"""Windows after which it is known what is usual."""
_PRIOR = 50.0
"""Mentions that a ratio is mixed with, so that chance in a small total moves nothing."""
_JUDGED = 20.0
_MISSED = 0.1
"""Where at least `_JUDGED` mentions are expected and less than this share came, nobody listened."""
_KEPT = 12
_STRETCHES = 64
_NEVER = 1 << 62

Ratio = tuple[float, bool]
"""(how many times what is usual was heard, whether nobody listened)."""


@dataclass(slots=True)
class _Kind:
    """A kind of window while its totals are closed: the next one, and what is usual before it."""

    window: str
    start: int
    end: int
    usual: dict[str, list[Any]]


class Totals:
    """The totals one partition knows; `rows` holds what has changed, None where a row is to be deleted."""

    def __init__(self, row: Callable[[str], Any], spans: Spans) -> None:
        self._row = row
        self._spans = spans
        self.rows: dict[str, Any] = {}
        self._since, self._next_end = 0, 0
        """`advance` has nothing to close before this end while the stretch began at `_since` and nothing more is told."""

    def add(self, counts: Mapping[str, int]) -> None:
        """Count what a batch adds: by `minute platform` (epoch ms) its mentions. Those of closed windows come too late to matter."""
        self._next_end = 0
        for name, count in counts.items():
            minute, _, platform = name.partition(" ")
            for window in KINDS:
                start, _ = self._spans.span(window, int(minute))
                self._count(window, start, platform, count)

    def advance(self, end: int, since: int) -> None:
        """Close the totals of all windows that end by then, in order of their ends, as windows are closed.

        What was learnt before `since`, where the stretch of listened time begins, is of another time.
        """
        if since == self._since and end < self._next_end:
            return
        kinds = [one for one in (self._next(window, since) for window in KINDS) if one is not None]
        closed = set()
        while True:
            ahead = [one for one in kinds if one.end <= end]
            if not ahead:
                break
            # Of equal ends the shorter window, for an hour teaches the season that the next five minutes are measured by.
            kind = min(ahead, key=lambda one: one.end)
            self._close(kind.window, kind.start, kind.usual)
            closed.add(kind.window)
            kind.start, kind.end = self._spans.span(kind.window, kind.end)
        for kind in kinds:
            if kind.window in closed:
                self._put_closed(kind)
        self._since, self._next_end = since, min((kind.end for kind in kinds), default=_NEVER)

    def _put_closed(self, kind: "_Kind") -> None:
        opened, closed = self._get(f"starts|{kind.window}") or ([], [])
        # Where posts are read faster than their windows close, thousands are open: they are in order, and not looked at.
        over = bisect_left(opened, kind.start)
        closed = [*closed, *opened[:over]]
        for old in closed[:-_KEPT]:
            self.rows[f"{kind.window}|{old}"] = None
        self.rows[f"starts|{kind.window}"] = [opened[over:], closed[-_KEPT:]]
        last, _ = self._spans.span(kind.window, kind.start - 1)
        self.rows[f"usual|{kind.window}"] = [last, kind.usual]

    def _next(self, window: str, since: int) -> "_Kind | None":
        """Where to go on with a kind of window; None where nothing was ever told."""
        opened, _ = self._get(f"starts|{window}") or ([], [])
        last, usual = self._usual(window)
        begun = self._spans.span(window, since)[0]
        if last is not None and last < begun:
            last, usual = None, {}
        if last is None:
            # What is older is of another stretch: this partition has no window of it that would have closed it.
            opened = opened[bisect_left(opened, begun) :]
        if last is None and not opened:
            return None
        start, stop = self._spans.span(
            window, opened[0] if last is None else self._spans.span(window, last)[1]
        )
        return _Kind(window, start, stop, dict(usual))

    def over(self, until: int) -> tuple[int, int] | None:
        """(start, end) of the last window that was told of, is not closed and ends by then."""
        told: list[tuple[int, int]] = []
        for window in KINDS:
            opened, _ = self._get(f"starts|{window}") or ([], [])
            begun = bisect_left(opened, until)
            spans = (self._spans.span(window, start) for start in reversed(opened[:begun]))
            told += islice((one for one in spans if one[1] <= until), 1)
        return max(told, key=lambda one: one[1], default=None)

    def ratio(self, window: str, start: int, platform: str, own: float, usual: float) -> Ratio:
        """What was heard in a window of others than a subject that had `own` mentions where `usual` were expected.

        While the window is open, more than usual can be told, not yet less.
        """
        told = (self._get(f"{window}|{start}") or {}).get(platform) if window in KINDS else None
        if told is None:
            return 1.0, False
        closed = isinstance(told, list)
        total, expected = told if closed else (told, self._expected(window, start, platform))
        if expected is None:
            return 1.0, False
        ratio = (max(total - own, 0.0) + _PRIOR) / (max(expected - usual, 0.0) + _PRIOR)
        return (ratio, _nobody(total, expected)) if closed else (max(ratio, 1.0), False)

    def first(self, window: str, platform: str) -> int | None:
        """The start of the first window in which the platform was heard, where totals tell of it."""
        if window not in KINDS:
            return None
        known = self._usual(window)[1].get(platform)
        return None if known is None else int(known[2])

    def missed(self, window: str, platform: str, after: int, before: int) -> int:
        """In how many windows strictly between the two starts nobody listened to the platform."""
        if window not in KINDS:
            return 0
        count = 0
        for first, last in (self._get(f"missed|{window}") or {}).get(platform, ()):
            low, high = max(first, after), min(last, before)
            if low <= high:
                inside = self._spans.gap(window, low, high) + (2 if high > low else 1)
                count += inside - (first <= after <= last) - (first <= before <= last)
        return count

    def _count(self, window: str, start: int, platform: str, count: int) -> None:
        last, _ = self._usual(window)
        if last is not None and start <= last:
            return
        key = f"{window}|{start}"
        row = self._get(key)
        if row is None:
            opened, closed = self._get(f"starts|{window}") or ([], [])
            opened = list(opened)
            insort(opened, start)
            self.rows[f"starts|{window}"] = [opened, closed]
        self.rows[key] = {**(row or {}), platform: (row or {}).get(platform, 0) + count}

    def _close(self, window: str, start: int, usual: dict[str, list[Any]]) -> None:
        counts = self._get(f"{window}|{start}") or {}
        told = {}
        for platform in sorted({*usual, *counts}):
            mean, seen, first = usual.get(platform, (0.0, 0, start))
            count = counts.get(platform, 0)
            season = self._get(f"season|{platform}")
            scale = seasons.factor(season, window, start)
            expected = mean * scale if seen >= YOUNG else None
            told[platform] = [count, expected]
            if _nobody(count, expected):
                self._miss(window, platform, start, start)
                continue
            weight = max(ALPHAS[window][0], 1 / (seen + 1))
            usual[platform] = [mean + weight * (count / scale - mean), seen + 1, first]
            if window == "1h":
                # Every hour is closed, so one in between was missed.
                after = seasons.learnt(season, start, count, mean * scale if seen else count, lambda _: True)
                if after is not None:
                    self.rows[f"season|{platform}"] = after
        if counts:
            self.rows[f"{window}|{start}"] = told

    def _expected(self, window: str, start: int, platform: str) -> float | None:
        mean, seen, _ = self._usual(window)[1].get(platform, (0.0, 0, start))
        return (
            mean * seasons.factor(self._get(f"season|{platform}"), window, start) if seen >= YOUNG else None
        )

    def _miss(self, window: str, platform: str, first: int, last: int) -> None:
        key = f"missed|{window}"
        missed = dict(self._get(key) or {})
        stretches = [list(one) for one in missed.get(platform, ())]
        if stretches and not self._spans.gap(window, stretches[-1][1], first):
            stretches[-1][1] = last
        else:
            stretches.append([first, last])
        missed[platform] = stretches[-_STRETCHES:]
        self.rows[key] = missed

    def _usual(self, window: str) -> tuple[int | None, dict[str, list[Any]]]:
        last, usual = self._get(f"usual|{window}") or (None, {})
        return last, usual

    def _get(self, key: str) -> Any:
        return self.rows[key] if key in self.rows else self._row(key)


def _nobody(count: float, expected: float | None) -> bool:
    return expected is not None and expected >= _JUDGED and count < _MISSED * expected
