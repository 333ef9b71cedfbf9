"""Whose turn it is by the clock."""

from collections.abc import Sequence
from typing import TypeVar

from producers.clock import now_ms
from schemas.events import Millis

_HOUR_MS = 3_600_000
T = TypeVar("T")


def of_the_hour(these: Sequence[T], now: Millis | None = None) -> T:
    """One of `these`, the next one each hour; there is at least one."""
    return these[(now_ms() if now is None else now) // _HOUR_MS % len(these)]
