"""When each source of a collector is due: its own interval with jitter, a growing back-off after failures."""

import random
from collections.abc import Callable, Iterable

from producers.base import Lasting
from schemas.errors import Backpressure, Retryable

JITTER = 0.1
"""Share by which an interval varies up and down, so that what began together does not stay together."""

_LASTING_S, _LASTING_MOST_S = 900.0, 21_600.0
_FULL_MOST_S = 3_600.0
_DOUBLINGS = 30
"""Enough to reach any limit; a source that fails for weeks must not overflow a float."""


class Schedule:
    """Sources and when they are due, in seconds of the caller's clock; a source under way is not due."""

    def __init__(
        self, sources: Iterable[str], longest_s: float, chance: Callable[[], float] = random.random
    ) -> None:
        """All are due at 0; `longest_s` bounds the back-off of an ordinary failure, `chance` gives [0, 1)."""
        self._due = dict.fromkeys(sources, 0.0)
        self._failures = dict.fromkeys(self._due, 0)
        self._longest_s = longest_s
        self._chance = chance

    def due(self, now: float) -> list[str]:
        """What is due, longest waiting first."""
        return sorted((source for source, at in self._due.items() if at <= now), key=self._due.__getitem__)

    def next_at(self) -> float | None:
        """When the next one is due; None where none waits."""
        return min(self._due.values(), default=None)

    def begin(self, source: str) -> None:
        """`source` is under way until it succeeded or failed."""
        del self._due[source]

    def hurry(self, source: str, now: float) -> None:
        """Due now where it waits for its interval, or is finished; one that failed is left alone for as long as it should be."""
        if not self._failures[source]:
            self._due[source] = min(now, self._due.get(source, now))

    def succeeded(self, source: str, now: float, interval_s: float | None) -> None:
        """Due again after `interval_s`, give or take; never where that is None."""
        self._failures[source] = 0
        if interval_s is not None:
            self._due[source] = now + interval_s * (1 + JITTER * (2 * self._chance() - 1))

    def failed(self, source: str, now: float, error: Retryable) -> float:
        """Due again after the seconds that are returned."""
        self._failures[source] += 1
        wait_s = backoff_s(error, self._failures[source], self._longest_s, self._chance)
        self._due[source] = now + wait_s
        return wait_s


def backoff_s(error: Retryable, failures: int, longest_s: float, chance: Callable[[], float]) -> float:
    """Seconds to wait after the `failures`-th failure in a row (from 1).

    Doubles with every failure. Never less than a Backpressure asks for; a Lasting begins at a quarter of an hour.
    """
    doubled = 2.0 ** min(failures - 1, _DOUBLINGS)
    if isinstance(error, Backpressure):
        plain = max(error.retry_after, min(_FULL_MOST_S, error.retry_after * doubled))
        return plain * (1 + 0.25 * chance())
    if isinstance(error, Lasting):
        plain = min(_LASTING_MOST_S, _LASTING_S * doubled)
    else:
        plain = min(longest_s, 2 * doubled)
    return plain * (0.5 + 0.5 * chance())
