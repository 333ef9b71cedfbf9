"""Keywords as tests want them: said directly, or written to the topic."""

from collections.abc import Sequence
from typing import Any

from producers.wanted import Wanted, wanted
from schemas.events import Keyword, Millis


def keyword(name: str, **fields: Any) -> Keyword:
    """The event of a keyword that is active."""
    values: dict[str, Any] = {
        "id": name,
        "text": name,
        "category": "market",
        "priority": 3,
        "active": True,
        "languages": [],
        "query": None,
        "monitoring_start": None,
        "updated_at": 1,
    }
    return Keyword(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


class Said:
    """Keywords that are what a test says, without Kafka."""

    def __init__(self, *keywords: Keyword) -> None:
        self.keywords = list(keywords)

    def active(self, now_ms: Millis) -> Sequence[Wanted]:
        return wanted(self.keywords, now_ms)
