"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], what: str, patience_s: float = 120) -> None:
    """Poll until the condition holds; TimeoutError naming `what` if it does not in time."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience_s:.0f} s: {what}")
        time.sleep(0.05)
