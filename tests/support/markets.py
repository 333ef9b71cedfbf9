"""Alerts, prices and runs for tests."""

import time
from typing import Any

DAY = 86_400_000
MINUTE = 60_000


def _now() -> int:
    return time.time_ns() // 1_000_000


def alert(number: int, **changes: Any) -> dict[str, Any]:
    """A whole alert; its id is made of its fields unless given."""
    now = _now()
    start = now // 3_600_000 * 3_600_000
    record: dict[str, Any] = {
        "rule_id": f"rule-{number}",
        "rule_revision": 1,
        "owner": None,
        "kind": "volume_spike",
        "severity": "warning",
        "subject": "all:",
        "platform": "",
        "window": "1h",
        "start": start,
        "end": start + 3_600_000,
        "observed": 19.0,
        "expected": 6.0,
        "score": 4.2,
        "explanation": f"19 mentions where about 6 are usual ({number})",
        "terms": {"saham": 7, "turun": 5},
        "sources": {"x": 12, "detik.com": 7},
        "samples": [],
        "removal_of": "sources",
        "removal": {"x": 12},
        "removal_note": "Without x (12), or without any 5 of its 19 mentions it would have been quiet.",
        "held": 0,
        "fired_at": now,
        "cooldown_until": now + 3_600_000,
        "computed_at": now,
    }
    record |= changes
    return {"id": "{rule_id}:{rule_revision}:{subject}:{start}".format(**record), **record}


def bar(symbol: str, interval: str, start: int, close: float, **changes: Any) -> dict[str, Any]:
    """A whole bar that opens one below its close."""
    length = DAY if interval == "1d" else MINUTE
    record: dict[str, Any] = {
        "symbol": symbol,
        "interval": interval,
        "start": start,
        "end": start + length,
        "revision": 1,
        "open": close - 1,
        "high": close + 1,
        "low": close - 2,
        "close": close,
        "volume": 1000,
        "ticks": 3,
        "closed": True,
        "late": 0,
        "indicators": {},
        "signals": [],
        "computed_at": _now(),
    }
    return {"id": f"{symbol}:{interval}:{start}", **record, **changes}


def quote(symbol: str, price: float, **changes: Any) -> dict[str, Any]:
    """A whole quote of now."""
    now = _now()
    record: dict[str, Any] = {
        "symbol": symbol,
        "price": price,
        "change": 5.0,
        "day_volume": 1_000_000,
        "currency": "IDR",
        "exchange": "JKT",
        "market_time": now,
        "collected_at": now,
        "collector": "test",
    }
    return record | changes


def run(collector: str, source: str, started_at: int, **changes: Any) -> dict[str, Any]:
    """A whole run of a second."""
    record: dict[str, Any] = {
        "id": f"{collector}:{started_at}",
        "collector": collector,
        "source": source,
        "started_at": started_at,
        "ended_at": started_at + 1000,
        "outcome": "ok",
        "items": 5,
        "published": 5,
        "oldest_item_at": started_at - 60_000,
        "newest_item_at": started_at,
        "quota_left": None,
        "request_id": None,
        "error": None,
    }
    return record | changes
