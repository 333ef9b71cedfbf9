"""Bounds what libraries log: one line of code is heard 20 times a minute at most, and how much more it said is told."""

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import RLock

from structlog.typing import EventDict

MOST_RECORDS = 20
"""Records of one line of code that are let through in a window."""
WINDOW_S = 60.0
"""How long a window is; it begins with its first record, not at a full minute."""
MOST_LINES = 1_000
"""Lines of code that are counted at a time."""


@dataclass(slots=True)
class _Window:
    began: float
    passed: int = 0
    left_out: int = 0


class Flood(logging.Filter):
    """Leaves out what one line of code logs after `MOST_RECORDS` records in `WINDOW_S`; what is critical always passes, uncounted.

    The first record of a line's next window carries, for `tell`, how many were left out. They are never told of where the line
    logs no more, or where `MOST_LINES` other lines began a window since: then the line is forgotten, and counted from nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._windows: OrderedDict[tuple[str, str, int], _Window] = OrderedDict()
        # Handlers filter before they take their own lock. A finaliser may log while this thread holds this one: asyncio's do.
        self._lock = RLock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged; its message and arguments stay as they are, for other handlers read them too."""
        if record.levelno >= logging.CRITICAL:
            return True
        # The logger's name as well: some libraries log everything through one line of a wrapper.
        line = (record.name, record.pathname, record.lineno)
        with self._lock:
            now = self._clock()
            window = self._windows.get(line)
            if window is None or now - window.began >= WINDOW_S:
                if window is not None and window.left_out:
                    # Not "in the last 60 s": the line may have been quiet for hours since.
                    since = math.ceil(now - window.began)
                    record.__dict__["left_out"] = (
                        f" (and {window.left_out:,} more like it in the last {since:,} s)"
                    )
                window = self._windows[line] = _Window(now)
                self._windows.move_to_end(line)  # so that the first is the one that began longest ago
                if len(self._windows) > MOST_LINES:
                    self._windows.popitem(last=False)
            passes = window.passed < MOST_RECORDS
            window.passed += passes
            window.left_out += not passes
        return passes


def tell(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Append what `Flood` noted on the record to its message, in the `foreign_pre_chain` of structlog's `ProcessorFormatter`.

    A filter of Python 3.11 cannot hand on a changed copy of a record; the formatter works on one.
    """
    event["event"] += getattr(event["_record"], "left_out", "")
    return event
