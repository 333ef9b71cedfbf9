"""Back-fill: the history of given symbols as candles, once; cut, it goes on where it stood."""

from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from threading import Event

import structlog

from producers.base import Batch, Lasting
from producers.collectors.yahoo import NAME
from producers.settings import ProducerSettings
from producers.yahoo.candles import OLDEST_DAYS, History, Interval
from producers.yahoo.client import Yahoo
from producers.yahoo.watchlist import as_symbols
from schemas.errors import Fatal

Tell = Callable[[str, float], None]
"""Told of each symbol which share of it is acknowledged."""


class Backfill:
    """Each symbol is a source. `unknown` are those that Yahoo knows no prices of."""

    name = NAME
    parallel = 1
    timeout_s = None

    def __init__(
        self, settings: ProducerSettings, symbols: Sequence[str], first: date, interval: Interval
    ) -> None:
        if first >= datetime.now(UTC).date():
            raise Fatal(f"{first} is not in the past")
        named, oldest = first, _oldest(interval)
        if oldest is not None and first < oldest:
            structlog.get_logger().warning("back_fill_shortened", interval=interval, first=str(oldest))
            first = oldest
        self._yahoo = Yahoo(settings)
        self.tell: Tell = lambda _symbol, _share: None
        self._histories = {
            symbol: History(symbol, interval, first, f"backfill/{interval}/{symbol}/{named}", NAME)
            for symbol in as_symbols(list(symbols))
        }
        self.unknown: list[str] = []

    def sources(self) -> Sequence[str]:
        """Every symbol."""
        return list(self._histories)

    def next_run_s(self, source: str) -> float | None:  # noqa: ARG002 -- of the protocol
        """Each is filled in once."""
        return None

    def check(self) -> str:
        """The symbols."""
        return f"history of {', '.join(self._histories)}"

    def reach(self, patience_s: float) -> str:
        """Whether Yahoo answers."""
        self._yahoo.reach(next(iter(self._histories)), patience_s)
        return "Yahoo answers"

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        """The candles of one symbol from where its cursor stands."""
        try:
            for batch, share in self._histories[source].batches(self._yahoo, cursors, stop):
                yield batch
                self.tell(source, share)
        except Lasting as error:
            if error.denied:
                raise
            structlog.get_logger().warning("symbol_unknown", symbol=source, error=str(error))
            self.unknown.append(source)
            yield Batch((), (), str(error))
        self.tell(source, 1.0)


def _oldest(interval: Interval) -> date | None:
    days = OLDEST_DAYS.get(interval)
    return None if days is None else (datetime.now(UTC) - timedelta(days=days)).date()
