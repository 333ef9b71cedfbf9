"""Yahoo's protocol as yfinance speaks it: cookie, crumb, charts and quotes, of prices that are made up."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.support.upstream import Asked, Reply, Upstream

CRUMB = "aBcDeFgHiJk"
JSON = {"Content-Type": "application/json"}
_RANGES = ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"]


class FakeYahoo:
    """A market that is open every weekday from nine, on an `Upstream`. `symbols` are those it knows, with their zone."""

    def __init__(self, server: Upstream, symbols: dict[str, str], first: date) -> None:
        self.server = server
        self.zones = {symbol: ZoneInfo(zone) for symbol, zone in symbols.items()}
        self.first = first
        self.quotes: dict[str, dict[str, object]] = {}
        server.answers["/"] = Reply(404, headers={"Set-Cookie": "A3=d=x; Path=/; Max-Age=31557600"})
        server.answers["/v1/test/getcrumb"] = Reply(
            body=CRUMB.encode(), headers={"Content-Type": "text/plain"}
        )
        server.answers["/v7/finance/quote"] = self.quote
        for symbol in symbols:
            server.answers[f"/v8/finance/chart/{symbol}"] = self.chart

    def days(self, symbol: str) -> list[date]:
        """Every trading day, to today."""
        today = datetime.now(self.zones[symbol]).date()
        days = [self.first + timedelta(days=number) for number in range((today - self.first).days + 1)]
        return [day for day in days if day.weekday() < 5]

    def quote(self, asked: Asked) -> Reply:
        """`/v7/finance/quote`: only with the crumb."""
        if asked.query.get("crumb") != CRUMB:
            error = {"code": "Unauthorized", "description": "Invalid Crumb"}
            return Reply(401, json.dumps({"finance": {"result": None, "error": error}}).encode(), JSON)
        known = [self.quotes[one] for one in asked.query["symbols"].split(",") if one in self.quotes]
        return Reply(
            body=json.dumps({"quoteResponse": {"result": known, "error": None}}).encode(), headers=JSON
        )

    def chart(self, asked: Asked) -> Reply:
        """`/v8/finance/chart/SYMBOL`: daily rows, stamped with the opening, or hourly ones of seven hours a day."""
        symbol = asked.path.rpartition("/")[2]
        zone = self.zones[symbol]
        hourly = asked.query.get("interval") == "1h"
        hours = range(9, 16) if hourly else (9,)
        opened = {
            round(datetime.combine(day, time(hour), zone).timestamp()): day
            for day in self.days(symbol)
            for hour in hours
        }
        now = datetime.now(UTC).timestamp()
        if "period1" in asked.query:
            begin, end = int(asked.query["period1"]), int(asked.query["period2"])
        else:
            begin, end = max(opened), round(now)
        stamps = [at for at in opened if begin <= at < end]
        closes = [close(opened[at]) for at in stamps]
        rows = {
            "open": [value - 1 for value in closes],
            "high": [value + 2 for value in closes],
            "low": [value - 2 for value in closes],
            "close": closes,
            "volume": [1_000 + number for number in range(len(stamps))],
        }
        meta: dict[str, object] = {
            "currency": "IDR",
            "symbol": symbol,
            "exchangeName": "JKT",
            "instrumentType": "EQUITY",
            "regularMarketTime": max(opened),
            "regularMarketPrice": close(opened[max(opened)]),
            "gmtoffset": 25_200,
            "timezone": "WIB",
            "exchangeTimezoneName": zone.key,
            "priceHint": 2,
            "dataGranularity": asked.query.get("interval", "1d"),
            "range": "",
            "validRanges": _RANGES,
        }
        if hourly:
            meta["tradingPeriods"] = [
                [{"timezone": "WIB", "start": at, "end": at + 7 * 3_600, "gmtoffset": 25_200}]
                for at in sorted(opened)[::7]
                if begin <= at < end
            ]
        result = {
            "meta": meta,
            "timestamp": stamps,
            "indicators": {"quote": [rows], "adjclose": [{"adjclose": closes}]},
        }
        return Reply(body=json.dumps({"chart": {"result": [result], "error": None}}).encode(), headers=JSON)

    def say(self, symbol: str, price: float, at: int, **more: object) -> None:
        """Let `symbol` have this price since `at` (epoch seconds)."""
        self.quotes[symbol] = {
            "symbol": symbol,
            "regularMarketPrice": price,
            "regularMarketTime": at,
            "regularMarketChange": -1.5,
            "regularMarketVolume": 12_345,
            "currency": "IDR",
            "exchange": "JKT",
            "marketState": "REGULAR",
            **more,
        }


def close(day: date) -> float:
    """The made-up closing price of a day."""
    return 1_000.0 + day.toordinal() % 97


def unknown(symbol: str) -> Reply:
    """What Yahoo says of a symbol that it does not know."""
    error = {"code": "Not Found", "description": f"No data found, symbol {symbol} may be delisted"}
    return Reply(404, json.dumps({"chart": {"result": None, "error": error}}).encode(), JSON)
