"""Windows as they were published, and as partials make them, counted in the simplest way."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from schemas.events import Partial
from tests.support.windows import HOUR, MINUTE

WINDOW_MS = {"1m": MINUTE, "5m": 5 * MINUTE, "1h": HOUR}


def latest(trends: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for trend in trends:
        known = found.get(trend["id"])
        assert known is None or known["revision"] != trend["revision"], "a revision is published once"
        if known is None or trend["revision"] > known["revision"]:
            found[trend["id"]] = trend
    return found


def truth(partials: Iterable[Partial], window: str) -> Counter[tuple[str, str, int]]:
    counts: Counter[tuple[str, str, int]] = Counter()
    for one in partials:
        start = one["bucket"] - one["bucket"] % WINDOW_MS[window]
        for platform in ("", one["platform"]):
            counts[f"{one['subject_kind']}:{one['subject']}", platform, start] += one["mentions"]
    return counts


def found(trends: dict[str, dict[str, Any]], window: str) -> Counter[tuple[str, str, int]]:
    return Counter(
        {
            (f"{trend['subject_kind']}:{trend['subject']}", trend["platform"], trend["start"]): trend[
                "mentions"
            ]
            for trend in trends.values()
            if trend["window"] == window
        }
    )
