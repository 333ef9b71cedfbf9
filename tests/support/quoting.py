"""Quotes of some symbols in many zones, and the bars that they make, counted in the simplest way."""

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas.events import Quote
from tests.support.bars import MINUTE, OPENING, quote

ZONES = {
    "AMZN": "America/New_York",
    "BHP": "America/New_York",
    "^GSPC": "America/New_York",
    "BBCA.JK": "Asia/Jakarta",
    "TLKM.JK": "Asia/Jakarta",
    "7203.T": "Asia/Tokyo",
    "EURUSD=X": "UTC",
}
Prices = tuple[float, float, float, float, int, int]


def keyed(events: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(event["symbol"], event) for event in events]


def latest(bars: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for bar in bars:
        known = found.get(bar["id"])
        assert bar["revision"] == (1 if known is None else known["revision"] + 1), (
            "each revision once, in order"
        )
        found[bar["id"]] = bar
    return found


def prices_of(bar: Mapping[str, Any]) -> Prices:
    return bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"], bar["ticks"]


def midnight(symbol: str, at: int) -> int:
    zone = ZoneInfo(ZONES[symbol])
    local = datetime.fromtimestamp(at / 1000, zone)
    return round(datetime(local.year, local.month, local.day, tzinfo=zone).timestamp() * 1000)


def truth(quotes: Iterable[Quote]) -> dict[str, Prices]:
    """What the quotes say, counted in the simplest way: prices of every minute and day, by the id of its bar."""
    distinct = {(q["symbol"], q["market_time"], q["price"], q["day_volume"] or 0) for q in quotes}
    grouped: dict[str, list[tuple[int, float, int]]] = defaultdict(list)
    for symbol, at, price, volume in sorted(distinct):
        grouped[f"{symbol}:1d:{midnight(symbol, at)}"].append((at, price, volume))
        grouped[f"{symbol}:1m:{at - at % MINUTE}"].append((at, price, volume))
    traded: dict[tuple[str, int], int] = defaultdict(int)
    bars: dict[str, Prices] = {}
    for bar_id in sorted(grouped, key=lambda bar_id: int(bar_id.rsplit(":", 1)[1])):
        symbol, interval, _ = bar_id.rsplit(":", 2)
        ticks = grouped[bar_id]
        prices = [price for _, price, _ in ticks]
        volume = max(volume for _, _, volume in ticks)
        if interval == "1m":
            day = midnight(symbol, ticks[0][0])
            before, traded[symbol, day] = traded[symbol, day], max(traded[symbol, day], volume)
            volume = traded[symbol, day] - before
        bars[bar_id] = (prices[0], max(prices), min(prices), prices[-1], volume, len(ticks))
    return bars


def some_quotes(count: int, dice: random.Random) -> list[Quote]:
    """In order of time within a few minutes, one in eight read again later."""
    made: list[Quote] = []
    volumes: dict[tuple[str, int], int] = defaultdict(int)
    for number in range(count):
        symbol = dice.choice(list(ZONES))
        at = OPENING + number * 7_000
        day = midnight(symbol, at)
        volumes[symbol, day] += dice.randrange(0, 90)
        made.append(quote(at, dice.randrange(1_000, 1_200) / 8, volumes[symbol, day], symbol))
    delayed = [(number + dice.uniform(0, 40), one) for number, one in enumerate(made)]
    again = [(number + dice.uniform(0, 400), one) for number, one in enumerate(made) if dice.random() < 0.125]
    return [one for _, one in sorted(delayed + again, key=lambda pair: pair[0])]
