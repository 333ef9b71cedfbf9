"""Bars, the newest quotes, and which instruments there are prices of."""

from collections.abc import Sequence
from typing import Any

from api.queries.columns import Columns
from api.store import Store
from schemas.tables import BARS, QUOTES

_BAR = Columns("bar")
_QUOTE = Columns("quote")

_BARS = f"""
SELECT {_BAR.sql}
FROM (
  SELECT * FROM {BARS}
  WHERE symbol = {{symbol:String}} AND interval = {{interval:String}}
    AND `start` >= fromUnixTimestamp64Milli({{since:Int64}}, 'UTC')
    AND `start` < fromUnixTimestamp64Milli({{until:Int64}}, 'UTC')
  ORDER BY revision DESC LIMIT 1 BY id
)
ORDER BY `start` DESC
LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in

_QUOTES = f"""
SELECT {_QUOTE.sql}
FROM (
  SELECT * FROM {QUOTES}
  WHERE empty({{symbol:Array(String)}}) OR has({{symbol:Array(String)}}, symbol)
  ORDER BY market_time DESC, collected_at DESC, kafka_offset DESC LIMIT 1 BY symbol
)
ORDER BY symbol
"""  # noqa: S608 -- only names of our own schema are put in

_SYMBOLS = f"""
SELECT symbol, interval, uniqExact(id) AS bars, toUnixTimestamp64Milli(min(b.start)) AS first,
       toUnixTimestamp64Milli(max(b.start)) AS last, argMax(b.close, (b.start, b.revision)) AS close
FROM {BARS} AS b
GROUP BY symbol, interval
ORDER BY symbol, interval
"""  # noqa: S608 -- only names of our own schema are put in


async def bars(
    store: Store, symbol: str, interval: str, since: int, until: int, limit: int
) -> list[dict[str, Any]]:
    """The latest revisions of the newest `limit` bars that start in [since, until) milliseconds, oldest first."""
    given = {"symbol": symbol, "interval": interval, "since": since, "until": until, "limit": limit}
    return [_BAR.record(row) for row in reversed(await store.rows(_BARS, given))]


async def quotes(store: Store, symbols: Sequence[str]) -> list[dict[str, Any]]:
    """The newest quote of each symbol (of all where none are named), by symbol."""
    return [_QUOTE.record(row) for row in await store.rows(_QUOTES, {"symbol": list(symbols)})]


async def intervals(store: Store) -> list[dict[str, Any]]:
    """Of each symbol and interval: how many bars, starts of the first and last in milliseconds, the last close."""
    return await store.rows(_SYMBOLS, {})
