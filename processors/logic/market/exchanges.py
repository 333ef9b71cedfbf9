"""The days of exchanges: which trading day of a symbol an instant or a daily candle belongs to."""

import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from processors.logic.spans import Spans
from schemas.errors import Poison
from schemas.events import Instrument

_TABLE = tomllib.loads(Path(__file__).with_name("zones.toml").read_text(encoding="utf-8"))
_SUFFIX = re.compile(r"[.=-][A-Z]+$")
_DAY_MS = 86_400_000
_CACHED = 50_000


class Exchanges:
    """Zones by symbol: what `instruments` says, otherwise what `zones.toml` says of its suffix.

    A zone that changes cuts the days that come after; bars that were cut before keep their bounds.
    """

    def __init__(self) -> None:
        self._named: dict[str, str] = {}
        self._spans: dict[str, Spans] = {}
        self._by_symbol: dict[str, tuple[str, Spans]] = {}

    def put(self, symbol: str, instrument: Instrument | None) -> None:
        """Take what was said of an instrument, None where it was deleted; Poison where its zone does not exist."""
        if instrument is None:
            self._named.pop(symbol, None)
        else:
            try:
                ZoneInfo(instrument["zone"])
            except (KeyError, ValueError, OSError) as error:
                raise Poison("invalid", f"no time zone named {instrument['zone']!r}") from error
            self._named[symbol] = instrument["zone"]
        self._by_symbol.pop(symbol, None)

    def zone(self, symbol: str) -> str:
        """The name of the zone in which the symbol's days are cut."""
        return self._named.get(symbol) or zone_by_name(symbol)

    def day(self, symbol: str, at: int) -> tuple[int, int]:
        """[start, end) of the exchange's day that holds the instant `at`; all in epoch milliseconds."""
        return self._of(symbol)[1].span("1d", at)

    def day_of_candle(self, symbol: str, start: int) -> tuple[int, int]:
        """[start, end) of the exchange's day that a daily candle means.

        A start of exactly midnight UTC names that date; any other names the date it has in the exchange's zone.
        """
        zone, spans = self._of(symbol)
        if start % _DAY_MS:
            return spans.span("1d", start)
        day: date = datetime.fromtimestamp(start / 1000, tz=UTC).date()
        # Noon, for every day has one.
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone))
        return spans.span("1d", int(noon.timestamp()) * 1000)

    def _of(self, symbol: str) -> tuple[str, Spans]:
        known = self._by_symbol.get(symbol)
        if known is None:
            if len(self._by_symbol) >= _CACHED:
                self._by_symbol.clear()
            zone = self.zone(symbol)
            spans = self._spans.get(zone)
            if spans is None:
                spans = self._spans[zone] = Spans(zone)
            known = self._by_symbol[symbol] = (zone, spans)
            if self.zone(symbol) != zone:  # `put` is called from another thread
                self._by_symbol.pop(symbol, None)
        return known


def zone_by_name(symbol: str) -> str:
    """The zone that follows from the symbol alone."""
    named: str | None = _TABLE["symbols"].get(symbol)
    if named is None:
        suffix = _SUFFIX.search(symbol)
        named = _TABLE["suffixes"].get(suffix[0]) if suffix else None
    return named or str(_TABLE["default"])
