"""Which pairs of a window are unusual: the highest scores, of one burst one pair."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from processors.logic.ewma import Baseline
from processors.logic.pairs.counted import Counted
from processors.logic.pairs.level import Level

_LOOKED_AT = 300
"""Unusual pairs of one window that are looked at, those with the highest scores: what they cost is bounded."""
_COVERED = 0.5
"""A pair whose posts are to this share those of pairs that are told of already is of the same burst."""
_NEW_OF_VOICE = 10
"""New pairs of one window for which an author is a voice: a few authors cannot make hundreds."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """From when on a pair is unusual: its score, and least posts (as they are weighed) and voices."""

    score: float
    mentions: int
    voices: int
    bias: float

    def scored(self, usual: Baseline, weight: int, voices: int) -> float:
        """The score of so many posts (as they are weighed) of so many voices; no more than 0 for fewer than must be."""
        score = usual.score(weight, self.bias)
        return score if weight >= self.mentions and voices >= self.voices else min(score, 0.0)


def unusual(level: Level, counted: Counted, window: str, scale: float, bounds: Bounds) -> list[int]:
    """The places of the unusual pairs of a window of that scale, the highest score first; equal ones in the order of their hashes."""
    enough = (counted.weights >= bounds.mentions) & (counted.voices >= bounds.voices)
    places = np.flatnonzero(enough).astype(np.int32)
    # A burst itself says nothing about how much comes besides; but what most posts say is none.
    others = np.maximum(counted.originals - counted.weights[places], counted.originals // 2)
    places = places[level.comparable(others, window)]
    if not len(places):
        return []
    scores = level.scores(counted, places, scale, bounds.bias)
    order = np.argsort(-scores, kind="stable")[:_LOOKED_AT]
    order = order[scores[order] >= bounds.score]
    found: list[int] = places[order].tolist()
    return found


class Covered:
    """The posts of a window that pairs which are told of account for, and for how many new ones each author was a voice."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._posts: set[int] = set()
        self._heard: Counter[str] = Counter()

    def take(self, place: int) -> None:
        """A pair is told of."""
        self._posts.update(self._counted.holders(place))

    def covers(self, place: int) -> bool:
        """Whether a pair is of a burst that is told of already."""
        holders = self._counted.holders(place)
        return sum(number in self._posts for number in holders) >= _COVERED * len(holders)

    def hear(self, place: int, least: int) -> bool:
        """Hear the voices of a new pair; whether so many of them have not been heard too often."""
        posts = [self._counted.posts[number] for number in self._counted.holders(place)]
        fresh = {post.voice for post in posts if not post.copy and self._heard[post.voice] < _NEW_OF_VOICE}
        if len(fresh) < least:
            return False
        self._heard.update(fresh)
        return True
