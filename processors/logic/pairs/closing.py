"""What a window tells of pairs when it is closed: which are unusual, and how the ones that are told of stand."""

from collections import Counter
from collections.abc import Iterator, Sequence

from processors.logic.pairs.counted import Counted, weighing
from processors.logic.pairs.finding import Bounds, Covered, unusual
from processors.logic.pairs.level import ALPHA, Level
from processors.logic.pairs.telling import Window, trend_of
from processors.logic.pairs.tracked import Tracked, Tracking
from processors.logic.pairs.wording import Wording
from processors.logic.rows import AUTHOR_WEIGHT
from schemas.events import Trend

TRACKED_MS = 24 * 3_600_000
"""For so long after its last unusual window a pair is told of."""


class Closing:
    """One window at its end: `tell` what is told of it, then `learn` from it."""

    def __init__(
        self,
        level: Level,
        span: Window,
        counted: Counted,
        tracking: Tracking,
        bounds: Bounds,
    ) -> None:
        self._level = level
        self._span = span
        self._counted = counted
        self._tracking = tracking
        self._bounds = bounds
        self._scale = level.scale(counted.originals, span.kind)
        self._places = tracking.places(counted)
        self._expected = {name: tracking[name].expected(level) for name in self._places}

    def tell(self, computed_at: int) -> Iterator[Trend]:
        """The trends of all pairs that are told of and have mentions, in the order of their names."""
        self._find()
        for name in self.names:
            place = self._places[name]
            posts = [self._counted.posts[number] for number in self._counted.holders(place)]
            yield trend_of(
                self._tracking[name],
                posts,
                self._span,
                weight=self._weight(name),
                score=self._score(name),
                expected=self._expected[name].at(self._scale),
                bounds=self._bounds,
                computed_at=computed_at,
            )

    @property
    def names(self) -> list[str]:
        """The pairs that are told of and have mentions."""
        return sorted(self._places)

    def learn(self) -> None:
        """Learn of it, what is usual from an hour alone."""
        kind, start = self._span.kind, self._span.start
        learns = kind == "1h" and self._level.learn(self._counted)
        for name, place in self._places.items():
            one = self._tracking[name]
            if learns:
                one.usual = self._expected[name].after(self._weight(name), ALPHA, self._scale)
            one.last[kind] = [start, len(self._counted.holders(place))]
            self._tracking.put(one)

    def _find(self) -> None:
        """Track what is unusual, and those that are again for longer."""
        if not self._level.known:
            return
        covered = Covered(self._counted)
        until = self._span.end + TRACKED_MS
        for name in self.names:
            score = self._score(name)
            if score >= self._bounds.score:
                one = self._tracking[name]
                one.until, one.voices, one.score = until, self._voices(name), score
                covered.take(self._places[name])
        told = set(self._places.values())
        for place in unusual(self._level, self._counted, self._span.kind, self._scale, self._bounds):
            if place in told or covered.covers(place) or not covered.hear(place, self._bounds.voices):
                continue
            name, pair = self._counted.name(place), int(self._counted.pairs[place])
            usual = self._level.usual(pair)
            self._places[name] = place
            self._expected[name] = usual
            self._tracking.put(
                Tracked(name, self._span.start, until, usual, self._voices(name), self._score(name))
            )
            covered.take(place)

    def _voices(self, name: str) -> int:
        return int(self._counted.voices[self._places[name]])

    def _weight(self, name: str) -> int:
        return int(self._counted.weights[self._places[name]])

    def _score(self, name: str) -> float:
        return self._bounds.scored(
            self._expected[name].at(self._scale), self._weight(name), self._voices(name)
        )


def so_far(
    pairs: Sequence[Tracked],
    hour: Level,
    posts: Sequence[Wording],
    span: Window,
    bounds: Bounds,
    computed_at: int,
) -> Iterator[Trend]:
    """The trends of pairs in an hour that still runs, of the posts that have come so far."""
    # Posts are gone through once, however many pairs there are.
    having: dict[str, set[int]] = {word: set() for one in pairs for word in one.name.split(" ")}
    for number, post in enumerate(posts):
        for word in post.words:
            if word in having:
                having[word].add(number)
    weighs = weighing(posts)
    # While the hour runs, more than usual can have come, not yet less.
    scale = max(hour.scale(sum(not post.copy for post in posts), "1h"), 1.0)
    for one in pairs:
        first, second = one.name.split(" ")
        numbers = sorted(having[first] & having[second])
        held = [posts[number] for number in numbers]
        voices = Counter(posts[number].voice for number in numbers if weighs[number])
        weight = sum(min(count, AUTHOR_WEIGHT) for count in voices.values())
        usual = one.expected(hour).at(scale)
        yield trend_of(
            one,
            held,
            span,
            weight=weight,
            score=bounds.scored(usual, weight, len(voices)),
            expected=usual,
            bounds=bounds,
            computed_at=computed_at,
        )
