"""The clock of the stages."""

import time

from schemas.events import Millis


def now_ms() -> Millis:
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1_000_000
