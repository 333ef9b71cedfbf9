"""The event that the stream's bench sends: a whole mention whose text carries a mark and the time at which it was sent."""

import time
from typing import Any

import orjson

from tests.support.mentions import mention

MARK = "¤"
MARK_BYTE = MARK.encode()[-1]
"""Stands once in each event and nowhere else, so that a reader counts events by counting one byte, however the stream is cut."""
DIGITS = 16
KEYWORDS = 100
"""Where clients filter, each event has one keyword of so many."""


def event(number: int, keyword: str | None = None) -> dict[str, Any]:
    """A mention sent now."""
    text = f"{MARK}{time.time_ns() // 1000:0{DIGITS}d} saham nomor {number} naik terus, kata mereka yang tahu di pasar hari ini"
    return mention(number, text=text, keywords=[] if keyword is None else [keyword])


def as_json(number: int) -> str:
    """The same as JSON on one line."""
    return orjson.dumps(event(number)).decode()
