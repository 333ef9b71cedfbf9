"""The server of the yahoo collector: the quotes of a watchlist, behind cookie and crumb, and the charts that `check` asks for."""

import json
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from yfinance.data import YfData

from producers import registry
from producers.base import Collector
from producers.settings import ProducerSettings
from tests.support.upstream import Asked, Reply
from tests.support.upstreams.scripted import Scripted, Twist
from tests.support.yahoo import JSON, FakeYahoo

SYMBOLS = [f"S{number:03}.JK" for number in range(500)]
QUOTE = "/v7/finance/quote"
_DAY_S = 86_400
_CACHE = tempfile.TemporaryDirectory()
"""Of yfinance, which opens its files once in a process."""


class YahooUpstream(Scripted):
    """An exchange whose symbols have no price at first; each thing published is the price of the next one, in place of its last.

    Prices are a second apart and begin `since_s` ago.
    """

    name = "yahoo"
    topic = "quotes"

    def __init__(self, symbols: int = 24, since_s: int = 3_600) -> None:
        super().__init__()
        self.symbols = SYMBOLS[:symbols]
        first = (datetime.now(UTC) - timedelta(days=9)).date()
        self.fake = FakeYahoo(self.server, dict.fromkeys(self.symbols, "Asia/Jakarta"), first)
        self.serve(QUOTE, self._quote)
        self._folder = tempfile.TemporaryDirectory()
        self._began = round(time.time()) - since_s
        self._count = 0

    @property
    def requests(self) -> Sequence[Asked]:
        """What was asked for prices; what leads to cookies goes to several hosts, which are one here."""
        return [one for one in self.server.asked if one.path.startswith(("/v7/", "/v8/"))]

    def settings(self) -> dict[str, str]:
        """The watchlist, quotes alone, and this server."""
        watchlist = Path(self._folder.name) / "watchlist.toml"
        watchlist.write_text(f"symbols = {json.dumps(self.symbols)}\n", encoding="utf-8")
        return {
            "DENYUT_YAHOO_URL": self.url,
            "DENYUT_YAHOO_WATCHLIST": str(watchlist),
            "DENYUT_YAHOO_HISTORY_DAYS": "0",
            "DENYUT_YAHOO_GAP_S": "0",
            "DENYUT_DATA_DIR": _CACHE.name,
        }

    def build(self, settings: ProducerSettings) -> Collector:
        """The collector; yfinance keeps cookie and crumb for the whole process, and this one begins without."""
        YfData._instances.clear()
        YfData.cache_get.cache_clear()
        return registry.build(self.name, settings)

    def publish(self, n: int) -> list[str]:
        """Prices of `n` more symbols, a second apart."""
        found = []
        for _ in range(n):
            symbol, at = self.symbols[self._count % len(self.symbols)], self._began + self._count
            self.fake.say(symbol, 1_000.5 + self._count, at)
            found.append(f"{symbol}@{at * 1000}")
            self._count += 1
        return found

    def close(self) -> None:
        """Stop answering."""
        super().close()
        self._folder.cleanup()

    def _quote(self, asked: Asked, twist: Twist | None) -> Reply:
        reply = self.fake.quote(asked)
        if twist is None or reply.status != 200:
            return reply
        answer: dict[str, Any] = json.loads(reply.body)
        for row in answer["quoteResponse"]["result"]:
            match twist:
                case "drift-unknown":
                    row["mood"] = {"calm": True}
                case "drift-missing":
                    del row["regularMarketPrice"]
                case "skew":
                    row["regularMarketTime"] += _DAY_S
        return Reply(body=json.dumps(answer).encode(), headers=JSON)
