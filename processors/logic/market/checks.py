"""Refuses quotes and candles that no bar can be made of."""

from math import isfinite

from schemas.errors import Poison
from schemas.events import Candle, Millis, Quote

_AHEAD_MS = 86_400_000
"""How far ahead of its collection an event may claim to be; a candle of today may be dated by its day's end."""
_YEAR_2200 = 7_258_118_400_000
"""Beyond it there are no days."""


def check_quote(quote: Quote) -> None:
    """Raise Poison (invalid) where price, volume or time cannot be."""
    if not isfinite(quote["price"]):
        raise Poison("invalid", f"price {quote['price']}")
    if (quote["day_volume"] or 0) < 0:
        raise Poison("invalid", f"day_volume {quote['day_volume']}")
    _check_time("market_time", quote["market_time"], quote["collected_at"])


def check_candle(candle: Candle) -> None:
    """Raise Poison (invalid) where a price, the volume or the time cannot be."""
    for name in ("open", "high", "low", "close"):
        price = candle[name]
        if price is not None and not isfinite(price):
            raise Poison("invalid", f"{name} {price}")
    if (candle["volume"] or 0) < 0:
        raise Poison("invalid", f"volume {candle['volume']}")
    _check_time("start", candle["start"], candle["collected_at"])


def _check_time(name: str, at: Millis, collected_at: Millis) -> None:
    if not 0 <= at <= min(collected_at, _YEAR_2200) + _AHEAD_MS:
        raise Poison("invalid", f"{name} {at} of something collected at {collected_at}")
