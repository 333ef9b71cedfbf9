"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], what: str, patience_s: float = 120) -> None:
    """Poll until the condition holds; TimeoutError naming `what` if it does not in time."""
    deadline = time.monotonic() + patience_s
    while True:
        asked = time.monotonic()
        if condition():
            return
        now = time.monotonic()
        if now > deadline:
            raise TimeoutError(f"not within {patience_s:.0f} s: {what}")
        # What is waited for needs the processor more than the question does.
        time.sleep(min(max(0.05, 4 * (now - asked)), 0.5))
