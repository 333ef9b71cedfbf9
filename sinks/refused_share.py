"""How much of what comes cannot land: above a limit the fault is ours and not the rows', and landing stops."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from schemas.errors import Fatal


@dataclass(frozen=True, slots=True)
class Tolerance:
    """More than `share` of the records of the last `window_s` seconds refused, and at least `least`: too much."""

    share: float
    least: int
    window_s: float


Before = Callable[[float], tuple[int, int]]
"""What had landed and what had been refused in the last so many seconds before these counts began."""


class RefusedShare:
    """Counts by topic over a sliding window. May be used from several threads."""

    def __init__(self, tolerance: Tolerance, clock: Callable[[], float] = time.monotonic) -> None:
        self._tolerance = tolerance
        self._clock = clock
        self._began = clock()
        self._counts: dict[str, deque[tuple[float, int, int]]] = {}
        self._lock = Lock()

    def check(self, topic: str, good: int, bad: int, reason: str, before: Before) -> None:
        """Raise Fatal where these, with what was counted, are too much; to be called before anything is given up.

        `before` is asked for as long as the window reaches back to when others counted; what it raises is raised.
        """
        limit = self._tolerance
        reach_s = limit.window_s - (self._clock() - self._began)
        earlier = before(reach_s) if reach_s > 0 else (0, 0)
        with self._lock:
            counts = self._recent(topic)
            landed = good + earlier[0] + sum(count for _, count, _ in counts)
            refused = bad + earlier[1] + sum(count for _, _, count in counts)
        share = refused / max(1, landed + refused)
        if refused >= limit.least and share > limit.share:
            raise Fatal(
                f"{topic}: {refused} of the {landed + refused} records of the last {limit.window_s:g} s cannot land "
                f"({share:.0%}, more than {limit.share:.0%}): the fault is ours or the table's, not the records'; "
                f"no more of them becomes a dead letter. The last: {reason}"
            )

    def add(self, topic: str, good: int, bad: int) -> None:
        """Count what has landed and what has become dead letters."""
        with self._lock:
            self._recent(topic).append((self._clock(), good, bad))

    def _recent(self, topic: str) -> deque[tuple[float, int, int]]:
        counts = self._counts.setdefault(topic, deque())
        oldest = self._clock() - self._tolerance.window_s
        while counts and counts[0][0] < oldest:
            counts.popleft()
        return counts
