"""Pairs of words, window by window: what is usual is learnt of all, and those that are unusual are told of for a while.

Everything follows from the posts in the order of their time, whatever order they came in, as long as they come before their window is
closed. Rows: `wordings` (see `held`), `sketches` (see `sketch`), `pairs` (see `tracked`), and of the marks `closed` and `sketched`. The
sketch is stored now and then; until then the posts it has learnt of are kept, and teach a restored one again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.logic.pairs.closing import Closing, so_far
from processors.logic.pairs.counted import count
from processors.logic.pairs.finding import Bounds
from processors.logic.pairs.held import STEP_MS, Held
from processors.logic.pairs.level import HOUR_MS, SIZES_MS, Level
from processors.logic.pairs.telling import Window
from processors.logic.pairs.tracked import Tracking
from processors.logic.pairs.wording import Wording
from schemas.events import Trend

Marks = Mapping[str, Any]
Rows = Iterator[tuple[str, Any]]

_STEPS = HOUR_MS // STEP_MS
_AT_MOST = 2_000
"""Trends after which further windows wait for the next batch."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Posts held of five minutes (`each`) and in all (`most`), pairs told of (`tracked`), and how long without a post all is learnt anew.

    `lateness_ms`: for so long after its end a window waits for posts, for sources that are polled tell of theirs later.
    `sketched`: posts after which the sketch is stored again, which is what a restart has to learn of once more.
    """

    each: int
    most: int
    tracked: int
    quiet_ms: int
    lateness_ms: int
    bounds: Bounds
    sketched: int = 5_000


class Watch:
    """All that is remembered of pairs. It changes at once; where that does not commit, it must be made anew of its rows."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._level = Level(limits.quiet_ms)
        self._closed = dict.fromkeys(SIZES_MS, 0)
        """By kind of window, the end of the last one that was closed."""
        self._over = 0
        """The latest of these ends: what is of an hour before comes too late, and what is earlier for its five minutes."""
        self._held = Held(limits.each, limits.most)
        self._open: set[tuple[int, int, str]] = set()
        """(end, size, kind) of the windows to be closed, in that order."""
        self._tracking = Tracking(limits.tracked)
        self._learnt = 0
        """Posts learnt of since the sketch was stored."""
        self._sketched = self._level_now()

    def __len__(self) -> int:
        """Posts held."""
        return len(self._held)

    def add(self, post: Wording) -> None:
        """Count a post in the windows that are open; one that comes after its hour was closed is left out."""
        if post.event_at >= self._over - self._over % HOUR_MS and self._held.add(post):
            self._note(post.event_at)

    def advance(self, until: int, computed_at: int) -> Iterator[Trend]:
        """Read up to `until`, close the windows that ended long enough before, and further ones where too many posts are held."""
        told = 0
        for end, _, kind in self._due(max(until - self._limits.lateness_ms, self._forced())):
            for trend in self._close(kind, end, computed_at):
                told += 1
                yield trend
            if told >= _AT_MOST:
                break

    def owes(self, until: int) -> bool:
        """Whether windows that ended long enough before have still to be closed."""
        return bool(self._due(until - self._limits.lateness_ms))

    def wordings(self, offset: int) -> Rows:
        """Rows of posts that have changed; `offset` is that of the batch. To be asked after `sketches`."""
        return self._held.rows(offset)

    def sketches(self) -> Rows:
        """All rows of the sketch, where it is time to store it; the posts that it has learnt of are let go."""
        if self._learnt < self._limits.sketched and not self._held.surplus:
            return
        self._learnt = 0
        self._sketched = self._level_now()
        yield from self._level.rows().items()
        for start in [start for start in self._held if start < self._closed["1h"]]:
            self._held.drop(start)

    def pairs(self) -> Rows:
        """Rows of pairs that have changed."""
        return self._tracking.rows()

    def marks(self) -> Marks:
        """What must be stored besides."""
        return {"closed": dict(self._closed), "sketched": self._sketched}

    def restore(
        self,
        wordings: Mapping[str, Any],
        sketches: Mapping[str, str],
        pairs: Mapping[str, Any],
        marks: Marks,
    ) -> None:
        """Take what rows and marks told; on a new one only."""
        self._held.restore(wordings)
        self._tracking.restore(pairs)
        self._sketched = marks.get("sketched", self._sketched)
        self._closed["1h"], *kept = self._sketched
        self._level.restore(kept, sketches)
        closed = marks.get("closed", self._closed)
        for start in sorted({start - start % HOUR_MS for start in self._held}):
            if self._closed["1h"] < start + HOUR_MS <= closed["1h"]:
                self._level.begin(start)
                posts = self._held.between(start, start + HOUR_MS)
                self._level.learn(count(posts))
                self._learnt += len(posts)
        self._closed = dict(closed)
        self._over = max(closed.values())
        for start in self._held:
            self._note(start)

    def _level_now(self) -> list[Any]:
        return [self._closed["1h"], *self._level.marks()]

    def _note(self, at: int) -> None:
        for kind, size in SIZES_MS.items():
            end = at - at % size + size
            if end > self._closed[kind]:
                self._open.add((end, size, kind))

    def _due(self, until: int) -> Sequence[tuple[int, int, str]]:
        return sorted(one for one in self._open if one[0] <= until)

    def _forced(self) -> int:
        """The end of the hours to be closed before their time: a partition of posts may stand far behind, and memory is bounded."""
        surplus, until = self._held.surplus, 0
        for start in sorted(self._held) if surplus else ():
            if surplus <= 0:
                break
            surplus -= len(self._held.of(start))
            until = start - start % HOUR_MS + HOUR_MS
        return until

    def _close(self, kind: str, end: int, computed_at: int) -> Iterator[Trend]:
        size = SIZES_MS[kind]
        start = end - size
        self._closed[kind] = end
        self._over = max(self._over, end)
        self._open.discard((end, size, kind))
        if self._level.begin(start - start % HOUR_MS):
            self._tracking.clear()
        self._tracking.forget(end)
        posts = self._held.between(start, end)
        self._learnt += len(posts) if kind == "1h" else 0
        if kind == "5m" and len(posts) < self._limits.bounds.mentions and not self._tracking.touched(posts):
            # Too few for a burst, and nothing to be told: of most five minutes nothing need be counted.
            return
        # Each five minutes of an hour make a revision of it, its end the last.
        window = Window(kind, start, end, _STEPS if kind == "1h" else 1, closed=True)
        closing = Closing(self._level, window, count(posts), self._tracking, self._limits.bounds)
        yield from closing.tell(computed_at)
        if kind == "5m" and end % HOUR_MS:
            yield from self._so_far(closing.names, end, computed_at)
        closing.learn()
        self._tracking.forget(end)

    def _so_far(self, names: Sequence[str], end: int, computed_at: int) -> Iterator[Trend]:
        """The hour up to `end`, of the pairs that its last five minutes tell of."""
        start = end - end % HOUR_MS
        posts = self._held.between(start, end) if names else []
        window = Window("1h", start, start + HOUR_MS, (end - start) // STEP_MS, closed=False)
        pairs = [self._tracking[name] for name in names]
        return so_far(pairs, self._level, posts, window, self._limits.bounds, computed_at)
