"""Prices: quotes, candles as a source tells them, bars as `market` makes them."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from schemas.events.kinds import Millis


class Quote(TypedDict):
    """The last price of an instrument at a time."""

    symbol: str
    price: float
    change: float | None
    day_volume: int | None
    currency: str
    exchange: str
    market_time: Millis
    collected_at: Millis
    collector: str


class Candle(TypedDict):
    """An OHLCV row as a source gives it."""

    symbol: str
    interval: str
    start: Millis
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume: int | None
    adjusted: bool
    collected_at: Millis
    collector: str


class Bar(TypedDict):
    """Prices of an instrument in one interval, with indicators; a higher revision replaces a lower one."""

    id: str
    symbol: str
    interval: str
    start: Millis
    end: Millis
    revision: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    ticks: int
    closed: bool
    late: int
    indicators: Mapping[str, float]
    signals: Sequence[str]
    computed_at: Millis
