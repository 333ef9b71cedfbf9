"""A story as it is remembered, and the topic that stories make: sums over them, exact whatever comes and goes."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from processors.logic.topics.rate import Rate
from processors.logic.topics.weights import Vector, cosine, dot, squared
from processors.logic.topics.words import terms_in
from schemas.events import Millis

Moods = tuple[int, int, int]
"""Positive, negative and neutral posts."""


@dataclass(slots=True)
class Kept:
    """One story of the window."""

    id: str
    runs: list[list[str]]
    vector: Vector
    hashtags: list[str]
    touched: int
    """Number of the record that told of it last."""
    topic: str
    similarity: float
    """To its topic without it, as it joined: 1 where it began the topic."""
    moods: Moods
    first_seen: Millis
    last_seen: Millis
    updated_at: Millis

    @property
    def mentions(self) -> int:
        """Its posts."""
        return sum(self.moods)

    def terms(self) -> Iterator[str]:
        """Its words and pairs."""
        return terms_in(self.runs)

    def words(self) -> set[str]:
        """Its different words."""
        return {word for run in self.runs for word in run}


@dataclass(slots=True)
class Group:
    """One topic. What follows from its stories (`stories` to `moods`) is kept as sums, the rest as rows."""

    id: str
    opened: int
    """Number of the record it began with: of two topics that become one, the id of the older one stays."""
    changed: int
    """Number of the record that changed it last: its revision."""
    told: bool
    """Whether others have heard of it."""
    first_seen: Millis
    last_seen: Millis
    updated_at: Millis
    rate: Rate
    stories: set[str] = field(default_factory=set)
    sums: Vector = field(default_factory=dict)
    squared: int = 0
    words: Counter[str] = field(default_factory=Counter)
    """Mentions by word, each word of a story once."""
    hashtags: Counter[str] = field(default_factory=Counter)
    moods: Moods = (0, 0, 0)

    @property
    def mentions(self) -> int:
        """Posts of its stories."""
        return sum(self.moods)

    def likeness(self, vector: Vector) -> float:
        """Cosine of a vector to the sum of its stories."""
        return cosine(dot(vector, self.sums), squared(vector), self.squared)

    def cohesion(self) -> float:
        """The mean cosine of two of its stories."""
        count = len(self.stories)
        if count < 2:  # noqa: PLR2004 -- of one story there is no pair
            return 1.0
        alone = count * 1_000_000
        return (self.squared - alone) / (alone * (count - 1))

    def add(self, story: Kept) -> None:
        """Take a story in."""
        self.stories.add(story.id)
        for term, weight in story.vector.items():
            before = self.sums.get(term, 0)
            self.squared += weight * (2 * before + weight)
            self.sums[term] = before + weight
        self.count(story, story.moods)
        self.first_seen = min(self.first_seen, story.first_seen)
        self.last_seen = max(self.last_seen, story.last_seen)
        self.updated_at = max(self.updated_at, story.updated_at)

    def remove(self, story: Kept) -> None:
        """Let a story go."""
        self.stories.remove(story.id)
        for term, weight in story.vector.items():
            after = self.sums[term] - weight
            self.squared -= weight * (2 * after + weight)
            if after:
                self.sums[term] = after
            else:
                del self.sums[term]
        positive, negative, neutral = story.moods
        self.count(story, (-positive, -negative, -neutral))

    def count(self, story: Kept, moods: Moods) -> None:
        """More posts of one of its stories, or fewer."""
        self.moods = tuple(map(sum, zip(self.moods, moods, strict=True)))  # type: ignore[assignment]  # three of three
        mentions = sum(moods)
        if mentions:
            _count(self.words, story.words(), mentions)
            _count(self.hashtags, story.hashtags, mentions)


def _count(counts: Counter[str], names: set[str] | list[str], mentions: int) -> None:
    for name in names:
        after = counts[name] + mentions
        if after:
            counts[name] = after
        else:
            del counts[name]
