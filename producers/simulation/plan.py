"""The plan: how much is said about what in any minute - the rhythm of the day, and the planted bursts."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from producers.simulation.world import Subject, subjects
from schemas.events import Millis

MINUTE_MS = 60_000
_DAY_MINUTES = 1_440
_JAKARTA_MINUTES = 7 * 60
"""Jakarta is seven hours ahead of UTC all the year."""

# How much is said in each hour in Jakarta, against the mean of the day.
_HOURS = (
    30,
    20,
    15,
    15,
    25,
    50,
    80,
    105,
    120,
    130,
    130,
    125,
    140,
    125,
    115,
    115,
    120,
    125,
    135,
    155,
    165,
    150,
    105,
    60,
)
_MEAN_HOUR = sum(_HOURS) / len(_HOURS)

_FACTORS = (12.0, 25.0)
_DURATIONS_MIN = (2, 4)


@dataclass(frozen=True, slots=True)
class Burst:
    """`subject` is talked about `factor` times as much from `start` (inclusive) to `end`, in one mood; whole minutes."""

    subject: Subject
    start: Millis
    end: Millis
    factor: float
    mood: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Posts per second by minute, from the seed alone: one burst in every `burst_minutes`."""

    seed: int
    rate: float
    rhythm: bool
    burst_minutes: int

    def bursts(self, start: Millis, end: Millis) -> Iterator[Burst]:
        """The planted bursts that touch [start, end), in order."""
        slot_ms = self.burst_minutes * MINUTE_MS
        for slot in range(start // slot_ms, (end - 1) // slot_ms + 1):
            burst = _burst(self.seed, self.burst_minutes, slot)
            if burst.start < end and burst.end > start:
                yield burst

    def weights(self, minute: int) -> tuple[float, list[float], Burst | None]:
        """(posts per second, weight of each subject, burst) of the minute that many minutes after the epoch."""
        weights = [subject.weight for subject in subjects()]
        usual = sum(weights)
        at = minute * MINUTE_MS
        burst = next(self.bursts(at, at + MINUTE_MS), None)
        if burst is not None:
            weights[subjects().index(burst.subject)] *= burst.factor
        rhythm = _rhythm(minute) if self.rhythm else 1.0
        return self.rate * rhythm * sum(weights) / usual, weights, burst


@lru_cache(maxsize=64)
def _burst(seed: int, slot_minutes: int, slot: int) -> Burst:
    """The burst of the slot that many slots after the epoch; it ends before its slot does."""
    dice = random.Random(f"burst/{seed}/{slot_minutes}/{slot}")  # noqa: S311 -- a plan, not a secret
    subject = dice.choice(subjects())
    duration = min(dice.randint(*_DURATIONS_MIN), slot_minutes - 1)
    start = slot * slot_minutes + dice.randint(1, slot_minutes - duration)
    mood = dice.choice((-0.9, -0.9, 0.9) if subject.mood <= 0 else (-0.9, 0.9, 0.9))
    factor = dice.uniform(*_FACTORS)
    return Burst(subject, start * MINUTE_MS, (start + duration) * MINUTE_MS, factor, mood)


def _rhythm(minute: int) -> float:
    """How much is said in this minute against the mean of the day."""
    hour, past = divmod((minute + _JAKARTA_MINUTES) % _DAY_MINUTES, 60)
    here, after = _HOURS[hour], _HOURS[(hour + 1) % len(_HOURS)]
    return (here + (after - here) * past / 60) / _MEAN_HOUR
