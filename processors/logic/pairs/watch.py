"""Pairs of words, window by window: what is usual is learnt of all, and those that are unusual are told of for a while.

Everything follows from the posts in the order of their time, whatever order they came in, as long as they come before their window is
closed. Rows: `wordings` (see `held`), `sketches` (`5m|chunk`, see `sketch`), `pairs` (see `tracked`), and of the marks `closed` and `sketched`. The
sketches are stored now and then; until then the posts they have learnt of are kept, and teach restored ones again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processors.logic.pairs.closing import Closing, so_far
from processors.logic.pairs.counted import count
from processors.logic.pairs.finding import Bounds
from processors.logic.pairs.held import STEP_MS, Held
from processors.logic.pairs.level import SIZES_MS, Level
from processors.logic.pairs.telling import Window
from processors.logic.pairs.tracked import Tracking
from processors.logic.pairs.wording import Wording
from schemas.events import Trend

Marks = Mapping[str, Any]
Rows = Iterator[tuple[str, Any]]

_HOUR_MS = SIZES_MS["1h"]
_STEPS = _HOUR_MS // STEP_MS
_AT_MOST = 2_000
"""Trends after which further windows wait for the next batch."""
_SKETCHED = 5_000
"""Posts after which the sketches are stored again: what a restart has to learn of once more."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Posts held of five minutes (`each`) and in all (`most`), pairs told of (`tracked`), and how long without a post all is learnt anew."""

    each: int
    most: int
    tracked: int
    quiet_ms: int
    bounds: Bounds


class Watch:
    """All that is remembered of pairs. It changes at once; where that does not commit, it must be made anew of its rows."""

    def __init__(self, limits: Limits) -> None:
        self._bounds = limits.bounds
        self._levels = {window: Level(window, limits.quiet_ms) for window in SIZES_MS}
        self._closed = dict.fromkeys(SIZES_MS, 0)
        """By kind of window, the end of the last one that was closed."""
        self._held = Held(limits.each, limits.most)
        self._open: set[tuple[int, int, str]] = set()
        """(end, size, kind) of the windows to be closed, in that order."""
        self._tracking = Tracking(limits.tracked)
        self._learnt = 0
        """Posts of windows learnt of since the sketches were stored."""
        self._sketched: Marks = self._levels_now()

    def __len__(self) -> int:
        """Posts held."""
        return len(self._held)

    def add(self, post: Wording) -> None:
        """Count a post; one that comes after its window was closed is left out."""
        if post.event_at >= max(self._closed.values()) and self._held.add(post):
            self._note(post.event_at)

    def advance(self, until: int, computed_at: int) -> Iterator[Trend]:
        """Close the windows that end by then and tell of their pairs, and further ones where too many posts are held."""
        told = 0
        for end, _, kind in self._due(max(until, self._forced())):
            for trend in self._close(kind, end, computed_at):
                told += 1
                yield trend
            if told >= _AT_MOST:
                break

    def owes(self, until: int) -> bool:
        """Whether windows that end by then have still to be closed."""
        return any(end <= until for end, _, _ in self._open)

    def wordings(self, offset: int) -> Rows:
        """Rows of posts that have changed; `offset` is that of the batch. To be asked after `sketches`."""
        return self._held.rows(offset)

    def sketches(self) -> Rows:
        """All rows of the sketches, where it is time to store them; what they have learnt of is let go."""
        if self._learnt < _SKETCHED and not self._held.surplus:
            return
        self._learnt = 0
        self._sketched = self._levels_now()
        for window, level in self._levels.items():
            for key, row in level.sketch.rows():
                yield f"{window}|{key}", row
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
        for window, (closed, *kept) in self._sketched.items():
            rows = {
                key.removeprefix(f"{window}|"): row
                for key, row in sketches.items()
                if key.startswith(f"{window}|")
            }
            self._levels[window].restore(kept, rows)
            self._closed[window] = closed
        for start in self._held:
            self._note(start)
        closed = marks.get("closed", self._closed)
        for end, size, kind in sorted(self._open):
            if end <= closed[kind]:
                level = self._levels[kind]
                level.begin(end - size)
                self._learn_again(level, end, size)
        self._closed = dict(closed)

    def _learn_again(self, level: Level, end: int, size: int) -> None:
        posts = self._held.between(end - size, end)
        level.learn(count(posts))
        self._done(end, size, level.window, posts)

    def _levels_now(self) -> Marks:
        return {window: [self._closed[window], *level.marks()] for window, level in self._levels.items()}

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
            until = start - start % _HOUR_MS + _HOUR_MS
        return until

    def _close(self, kind: str, end: int, computed_at: int) -> Iterator[Trend]:
        level, size = self._levels[kind], SIZES_MS[kind]
        start = end - size
        if level.begin(start) and kind == "5m":
            self._tracking.clear()
        self._tracking.forget(end)
        posts = self._held.between(start, end)
        # Each five minutes of an hour make a revision of it, its end one more.
        window = Window(kind, start, end, _STEPS if kind == "1h" else 1, closed=True)
        closing = Closing(level, window, count(posts), self._tracking, self._levels, self._bounds)
        yield from closing.tell(computed_at)
        if kind == "5m" and end % _HOUR_MS:
            yield from self._so_far(closing.names, end, computed_at)
        closing.learn()
        self._done(end, size, kind, posts)

    def _so_far(self, names: Sequence[str], end: int, computed_at: int) -> Iterator[Trend]:
        """The hour up to `end`, of the pairs that its last five minutes tell of."""
        if not names:
            return
        hour, start = self._levels["1h"], end - end % _HOUR_MS
        hour.begin(start)
        posts = self._held.between(start, end)
        window = Window("1h", start, start + _HOUR_MS, (end - start) // STEP_MS, closed=False)
        for name in names:
            yield so_far(self._tracking[name], hour, posts, window, self._bounds, computed_at)

    def _done(self, end: int, size: int, kind: str, posts: Sequence[Wording]) -> None:
        self._closed[kind] = end
        self._open.discard((end, size, kind))
        if size == STEP_MS:
            self._learnt += len(posts)
