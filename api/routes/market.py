"""GET /api/v1/market/…: bars, newest quotes, and the symbols there are prices of."""

import asyncio
import time
from typing import Annotated, Any

from pydantic import Field, StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from api.answers import json_answer
from api.parameters import MANY, Instant, Invalid, Parameters, Symbol, read
from api.queries import market as query
from api.services import services

_DAY_MS = 86_400_000
_USUAL_MS = {"1m": _DAY_MS, "1d": 365 * _DAY_MS}
"""What is answered where no beginning is given."""


class BarsParameters(Parameters):
    """Parameters of the bars."""

    symbol: Symbol = Field(description="instrument symbol")
    interval: Annotated[str, StringConstraints(pattern="^(1m|1d)$")] = Field("1d", description="1m or 1d")
    since: Instant | None = Field(
        None,
        alias="from",
        description="earliest start, inclusive; by default a day (1m) or 365 days (1d) before `to`",
    )
    until: Instant | None = Field(None, alias="to", description="latest start, exclusive; now by default")
    limit: int = Field(1500, ge=1, le=10_000, description="newest bars in the answer")


class QuotesParameters(Parameters):
    """Parameters of the quotes."""

    symbol: list[Symbol] = Field([], max_length=MANY, description="instrument symbols; all by default")


class SymbolsParameters(Parameters):
    """None are taken."""


async def bars(request: Request) -> Response:
    """Prices of one instrument in intervals, the latest revision of each, oldest first."""
    parameters = read(BarsParameters, request.query_params)
    until = time.time_ns() // 1_000_000 if parameters.until is None else parameters.until
    since = parameters.since
    if since is None:
        since = max(until - _USUAL_MS[parameters.interval], 0)
    if since > until:
        raise Invalid.one("from", "must not be after `to`")
    found = await query.bars(
        services(request).store, parameters.symbol, parameters.interval, since, until, parameters.limit
    )
    return json_answer(
        {
            "symbol": parameters.symbol,
            "interval": parameters.interval,
            "from": since,
            "to": until,
            "bars": found,
        }
    )


async def quotes(request: Request) -> Response:
    """The newest quote of each symbol."""
    parameters = read(QuotesParameters, request.query_params)
    return json_answer({"quotes": await query.quotes(services(request).store, parameters.symbol)})


async def symbols(request: Request) -> Response:
    """The symbols that have prices: which bars of them there are, and the newest quote."""
    read(SymbolsParameters, request.query_params)
    store = services(request).store
    intervals, newest = await asyncio.gather(query.intervals(store), query.quotes(store, []))
    found: dict[str, dict[str, Any]] = {
        quote["symbol"]: {"symbol": quote["symbol"], "intervals": [], "quote": quote} for quote in newest
    }
    for row in intervals:
        symbol = row.pop("symbol")
        one = found.setdefault(symbol, {"symbol": symbol, "intervals": [], "quote": None})
        one["intervals"].append(row)
    return json_answer({"symbols": [found[name] for name in sorted(found)]})
