"""Times of posts: the present in milliseconds, and which time counts as a post's event time."""

import time

from schemas.events import Millis

AHEAD_MS = 5 * 60_000
"""How far ahead of the clock a source may be before its time is not believed."""


def now_ms() -> Millis:
    """The present."""
    return time.time_ns() // 1_000_000


def event_at(published_at: Millis | None, collected_at: Millis) -> Millis:
    """`published_at`, or `collected_at` where that is missing or more than five minutes ahead of it."""
    if published_at is None or published_at > collected_at + AHEAD_MS:
        return collected_at
    return published_at
