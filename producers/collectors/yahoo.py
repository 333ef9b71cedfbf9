"""Yahoo: quotes of a watchlist, polled and off its stream, and the daily candles that lead up to them."""

from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import orjson
import structlog

from producers.base import Batch, Cursor, Item, Lasting, Refused
from producers.clock import now_ms
from producers.settings import ProducerSettings
from producers.yahoo.candles import History, Place
from producers.yahoo.client import Unreadable, Yahoo
from producers.yahoo.live import LIVE, Live
from producers.yahoo.quote import as_quote
from producers.yahoo.told import state_of, stored, told
from producers.yahoo.watchlist import SHIPPED, load_watchlist
from schemas.errors import Poison

NAME = "yahoo"
QUOTES, HISTORY = "quotes", "history"


class YahooPrices:
    """Sources: the quotes of the whole list in one request, the history of its symbols one by one, and the stream."""

    name = NAME
    parallel = 3

    def __init__(self, settings: ProducerSettings) -> None:
        self._symbols = load_watchlist(settings.yahoo_watchlist)
        self._list: Path = settings.yahoo_watchlist or SHIPPED
        self._yahoo = Yahoo(settings)
        self._interval_s = settings.yahoo_interval_s
        self._every_s = settings.yahoo_history_every_s
        self._days = settings.yahoo_history_days
        self._live = Live(settings, self._symbols, NAME) if settings.yahoo_live else None
        self.timeout_s: float | None = settings.run_timeout_s

    def sources(self) -> Sequence[str]:
        """Quotes, and history and stream where they are wanted."""
        return [QUOTES, *([HISTORY] if self._days else []), *([LIVE] if self._live else [])]

    def next_run_s(self, source: str) -> float | None:
        """The interval of each, for ever; the stream goes on at once."""
        return {QUOTES: self._interval_s, LIVE: 0.0}.get(source, self._every_s)

    def check(self) -> str:
        """How many symbols of which list, and how often."""
        days = f", {self._days} days of candles before" if self._days else ""
        live = ", and as they change" if self._live else ""
        return f"quotes of {len(self._symbols)} symbols of {self._list}, every {self._interval_s:g} s{live}{days}"

    def reach(self, patience_s: float) -> str:
        """Whether Yahoo answers, and lets us into its stream where that is wanted."""
        self._yahoo.reach(self._symbols[0], patience_s)
        if self._live is not None:
            self._live.reach(patience_s)
        return f"Yahoo answers for {self._symbols[0]}{', and its stream lets us in' if self._live else ''}"

    def canary(self, query: str, stop: Event) -> int:
        """How many prices Yahoo has of the symbol `query`."""
        return len(self._yahoo.quotes([query], stop))

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """What is new of each."""
        if source == LIVE and self._live is not None:
            yield from self._live.collect(cursors, QUOTES, stop)
        else:
            yield from self._quotes(cursors, stop) if source == QUOTES else self._history(cursors, stop)

    def _quotes(self, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        known = told(cursors.get(QUOTES))
        live = told(cursors.get(LIVE))
        rows = self._yahoo.quotes(self._symbols, stop)
        now = now_ms()
        items: list[Item | Refused] = []
        seen = dict(known)
        answered = set()
        for row in rows:
            symbol = str(row.get("symbol") or "").strip().upper()
            answered.add(symbol)
            raw = orjson.dumps(row, default=str)
            try:
                quote = as_quote(row, NAME, now)
                state = state_of(quote)
                found: Item | Refused = Item("quotes", quote, f"{NAME}:{symbol}:{state}", raw)
            except Poison as why:
                state = f"refused {why.detail}"
                found = Refused(f"{NAME}:{symbol}", raw, len(raw), why)
            # A market that is closed says the same all night, and the stream may have said it before.
            if known.get(symbol) != state:
                seen[symbol] = state
                if live.get(symbol) != state:
                    items.append(found)
        silent = [symbol for symbol in self._symbols if symbol not in answered]
        remark = f"no answer for {', '.join(silent)}" if silent else None
        kept = {
            symbol: state for symbol, state in seen.items() if symbol in self._symbols or symbol in answered
        }
        yield Batch(items, (Cursor(QUOTES, stored(kept)),), remark)

    def _history(self, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        first = (datetime.now(UTC) - timedelta(days=self._days)).date()
        unknown = []
        unreadable: Unreadable | None = None
        for symbol in self._symbols:
            history = History(symbol, "1d", first, f"{HISTORY}/1d/{symbol}", NAME)
            if stop.is_set():
                return
            if not history.due(Place.stored(cursors.get(history.checkpoint)), now_ms()):
                continue
            try:
                for batch, _ in history.batches(self._yahoo, cursors, stop):
                    yield batch
            except Lasting as error:
                if error.denied:
                    raise
                # One symbol that is gone must not keep the others from being read.
                structlog.get_logger().warning("symbol_unknown", symbol=symbol, error=str(error))
                unknown.append(symbol)
            except Unreadable as error:
                # Nor must one whose answer nobody can read; the run still fails for it, after the others.
                structlog.get_logger().warning("symbol_unreadable", symbol=symbol, error=str(error))
                unreadable = error
        if unknown:
            yield Batch((), (), f"unknown to Yahoo: {', '.join(unknown)}")
        if unreadable is not None:
            raise unreadable


def build(settings: ProducerSettings) -> YahooPrices:
    """The collector as configured."""
    return YahooPrices(settings)
