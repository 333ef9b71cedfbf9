"""One recorded CSV row (`date,symbol,open,high,low,close,volume`) as a daily Candle."""

import csv
import math
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from producers.recorded.times import Precision, midnight
from schemas.errors import Fatal, Poison
from schemas.events import Candle, Millis
from schemas.topics import DAY_MS

_REQUIRED = frozenset({"date", "symbol", "close"})
_KNOWN = _REQUIRED | {"open", "high", "low", "volume"}
_ZONES = {".JK": ZoneInfo("Asia/Jakarta")}
_NEW_YORK = ZoneInfo("America/New_York")
_LONG = 2**63


class CandleReader:
    """Reads rows of one file whose first line is `header`; raises Fatal where that lacks a needed column."""

    def __init__(self, header: bytes, collector: str) -> None:
        try:
            names = [name.strip().lower() for name in _fields(header.removeprefix(b"\xef\xbb\xbf"))]
        except Poison as error:
            raise Fatal(f"the first line is no CSV header: {error}") from error
        if not _REQUIRED.issubset(names):
            raise Fatal(f"a CSV of prices begins with {','.join(sorted(_KNOWN))}, not with {header[:120]!r}")
        self._names = names
        self._collector = collector

    def time(self, line: bytes) -> tuple[Millis, Precision, ZoneInfo]:
        """(start of its day, precision, zone of its exchange) of `line`; raises Poison (malformed)."""
        row = self._row(line)
        zone = _zone(row["symbol"])
        return _start(row, zone, 0), "day", zone

    def read(self, line: bytes, shift_ms: int, collected_at: Millis) -> Candle:
        """The candle in `line`, moved by the whole days in `shift_ms`; raises Poison (malformed)."""
        row = self._row(line)
        close = _price(row, "close")
        if close is None:
            raise Poison("malformed", "no close")
        return Candle(
            symbol=row["symbol"],
            interval="1d",
            start=_start(row, _zone(row["symbol"]), shift_ms // DAY_MS),
            open=_price(row, "open"),
            high=_price(row, "high"),
            low=_price(row, "low"),
            close=close,
            volume=_volume(row),
            adjusted=False,
            collected_at=collected_at,
            collector=self._collector,
        )

    def _row(self, line: bytes) -> dict[str, str]:
        values = _fields(line)
        if len(values) != len(self._names):
            raise Poison("malformed", f"{len(values)} values for {len(self._names)} columns")
        row = {name: value.strip() for name, value in zip(self._names, values, strict=True)}
        symbol = row["symbol"] = row["symbol"].lstrip("$").upper()
        if not symbol or "\0" in symbol:
            raise Poison("malformed", "no symbol")
        return row


def _fields(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode()], strict=True), [])
    except (UnicodeDecodeError, csv.Error) as error:
        raise Poison("malformed", f"not CSV: {error}") from error


def _zone(symbol: str) -> ZoneInfo:
    _, dot, exchange = symbol.rpartition(".")
    return _ZONES.get(dot + exchange, _NEW_YORK)


def _start(row: Mapping[str, str], zone: ZoneInfo, days: int) -> Millis:
    try:
        return midnight(row["date"], zone, days)
    except ValueError as error:
        raise Poison("malformed", f"date is not an ISO date: {row['date'][:40]!r}") from error


def _price(row: Mapping[str, str], field: str) -> float | None:
    given = row.get(field, "")
    if not given:
        return None
    try:
        price = float(given)
    except ValueError as error:
        raise Poison("malformed", f"{field} is not a price: {given[:40]!r}") from error
    if not math.isfinite(price) or price < 0:
        raise Poison("malformed", f"{field} is not a price: {given[:40]!r}")
    return price


def _volume(row: Mapping[str, str]) -> int | None:
    volume = _price(row, "volume")
    if volume is None:
        return None
    if not volume.is_integer() or volume >= _LONG:
        raise Poison("malformed", f"volume is not a count: {row['volume'][:40]!r}")
    return int(volume)
