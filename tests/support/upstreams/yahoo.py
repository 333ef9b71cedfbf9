"""The server of the yahoo collector: quotes of a few symbols, each as it was said last."""

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.upstream import Reply
from tests.support.upstreams.scripted import Scripted
from tests.support.yahoo import JSON, FakeYahoo

QUOTE = "/v7/finance/quote"
_FIRST_S = 1_795_000_000


class YahooUpstream(Scripted):
    """A market whose prices never rest; what it says of a symbol replaces what it said before."""

    name = "yahoo"
    malformed = Reply(body=b'{"quoteResponse": {"result": [{"symbol"', headers=JSON)

    def __init__(self, symbols: int = 3) -> None:
        super().__init__()
        self.symbols = [f"S{number:03}.JK" for number in range(symbols)]
        self._said = 0
        self._folder = tempfile.TemporaryDirectory()
        first = (datetime.now(UTC) - timedelta(days=30)).date()
        self.fake = FakeYahoo(self.server, dict.fromkeys(self.symbols, "Asia/Jakarta"), first)
        self.serve(QUOTE, lambda asked, _: self.fake.quote(asked))

    def settings(self) -> dict[str, str]:
        """The watchlist, this server, no history and little patience."""
        watchlist = Path(self._folder.name) / "watchlist.toml"
        watchlist.write_text(f"symbols = {self.symbols}", encoding="utf-8")
        return {
            "DENYUT_YAHOO_WATCHLIST": str(watchlist),
            "DENYUT_YAHOO_URL": self.url,
            "DENYUT_YAHOO_HISTORY_DAYS": "0",
            "DENYUT_YAHOO_GAP_S": "0",
            "DENYUT_YAHOO_TIMEOUT_S": "2",
            "DENYUT_DATA_DIR": self._folder.name,
        }

    def publish(self, n: int) -> list[str]:
        """A new price of the next `n` symbols; which, and since when (`SYMBOL@SECONDS`)."""
        said = []
        for _ in range(n):
            symbol, at = self.symbols[self._said % len(self.symbols)], _FIRST_S + 60 * self._said
            self.fake.say(symbol, 1_000.0 + self._said % 97, at)
            said.append(f"{symbol}@{at}")
            self._said += 1
        return said

    def close(self) -> None:
        """Stop answering."""
        super().close()
        self._folder.cleanup()
