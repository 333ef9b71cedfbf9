"""Mentions per hour of a topic, and how unusual they are."""

from typing import NamedTuple

from processors.logic.ewma import Baseline
from schemas.events import Millis

HOUR_MS = 3_600_000
ALPHA = 0.05
"""Weight of an hour once as many are known (20): about a day counts."""
BIAS = 2.0
"""Mentions an hour by which expectation and spread are raised at least: a few where none were are no burst."""
BEFORE = 24
"""Hours without a mention that a new topic is given at most, as far as the stage was listening."""


class Rate(NamedTuple):
    """Mentions of the hour under way and of the one before it, and what the hours before those let expect."""

    hour: int
    """Hours since the epoch."""
    current: int
    earlier: int
    mean: float
    variance: float
    seen: int

    @classmethod
    def new(cls, at: Millis, listened: int) -> "Rate":
        """Of a topic that begins at `at`, after `listened` hours in which it might have been heard of."""
        usual = Baseline().after_zeros(min(listened, BEFORE), ALPHA)
        return cls(at // HOUR_MS, 0, 0, usual.mean, usual.variance, usual.seen)

    def at(self, hour: int) -> "Rate":
        """The same seen from a later hour: hours that are over go into what is usual."""
        passed = hour - self.hour
        if passed <= 0:
            return self
        usual = Baseline(self.mean, self.variance, self.seen).after(self.earlier, ALPHA)
        if passed == 1:
            return Rate(hour, 0, self.current, usual.mean, usual.variance, usual.seen)
        usual = usual.after(self.current, ALPHA).after_zeros(passed - 2, ALPHA)
        return Rate(hour, 0, 0, usual.mean, usual.variance, usual.seen)

    def after(self, at: Millis, mentions: int) -> "Rate":
        """With mentions at an event time; those of more than an hour ago change nothing, for what was usual then is settled."""
        moved = self.at(at // HOUR_MS)
        behind = moved.hour - at // HOUR_MS
        if behind == 0:
            return moved._replace(current=moved.current + mentions)
        return moved._replace(earlier=moved.earlier + mentions) if behind == 1 else moved

    def score(self) -> float:
        """Deviations of the fuller of the hour under way and the one before it from what is usual; see `Baseline.score`."""
        return Baseline(self.mean, self.variance, self.seen).score(max(self.current, self.earlier), BIAS)

    def rising(self) -> bool:
        """Whether the score is above zero, without computing it."""
        return self.seen > 0 and max(self.current, self.earlier) > max(self.mean, BIAS)
