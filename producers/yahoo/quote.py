"""One row of Yahoo's quotes as a Quote."""

import math
from collections.abc import Mapping
from typing import Any

from schemas.errors import Poison
from schemas.events import Millis, Quote

_LONG = 2**63


def as_quote(row: Mapping[str, Any], collector: str, collected_at: Millis) -> Quote:
    """The quote in `row`; raises Poison (malformed) where it lacks a symbol, a price or its time."""
    symbol = row.get("symbol")
    if not isinstance(symbol, str) or not symbol.strip():
        raise Poison("malformed", "no symbol")
    price = _number(row, "regularMarketPrice")
    if price is None or price < 0:
        raise Poison("malformed", "no price")
    at = _number(row, "regularMarketTime")
    if at is None or not 0 < at < _LONG // 1000:
        raise Poison("malformed", "no time of the price")
    volume = _number(row, "regularMarketVolume")
    if volume is not None and not 0 <= volume < _LONG:
        raise Poison("malformed", f"a volume of {volume:g}")
    return Quote(
        symbol=symbol.strip().upper(),
        price=price,
        change=_number(row, "regularMarketChange"),
        day_volume=None if volume is None else int(volume),
        currency=str(row.get("currency") or ""),
        exchange=str(row.get("exchange") or ""),
        market_time=round(at * 1000),
        collected_at=collected_at,
        collector=collector,
    )


def _number(row: Mapping[str, Any], field: str) -> float | None:
    value = row.get(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Poison("malformed", f"{field} is not a number: {value!r:.40}")
    return float(value)
