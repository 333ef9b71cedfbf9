"""How long X asks to be left alone: by Retry-After, by the reset of its window, or for a whole window."""

from collections.abc import Mapping
from datetime import datetime

from producers.waits import retry_after_s

_WINDOW_S = 900.0
"""X's limits are of requests in 15 minutes."""


def full_s(headers: Mapping[str, str], now: datetime) -> float:
    """Seconds to wait after HTTP 429, by the headers of that answer (looked up without regard to case)."""
    after_s = retry_after_s(headers.get("retry-after"), now)
    if after_s is not None:
        return after_s
    reset = headers.get("x-rate-limit-reset", "")
    if not (reset.isascii() and reset.isdigit()):
        return _WINDOW_S
    # No window is longer than its length, whatever a wrong clock makes of its end.
    return min(max(float(reset) - now.timestamp(), 1.0), _WINDOW_S)
