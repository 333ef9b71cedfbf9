"""The row of one bar: its layout, how quotes and candles enter it, and the prices it stands for.

A row is a JSON list, laid out by the constants below. `QUOTED` is what the quotes say (or None), `CANDLE` the candle
`[collected_at, open, high, low, close, volume]` (or None), `SEEN` the marks of the quotes of a minute, `DAY` the start of the
exchange's day, `BASE` what had been traded of that day before the bar, `DIGEST` stands for what was published last. Whatever order
quotes come in, and however often, they make the same `QUOTED`: first and last are told by their time (then volume, then
price), the rest are extremes.
"""

from struct import pack
from typing import Any, NamedTuple
from zlib import crc32

from schemas.events import Candle, Quote

Row = list[Any]
Quoted = list[Any]

END, REVISION, DIGEST, CLOSED, DIRTY, LATE, DAY, BASE, QUOTED, CANDLE, SEEN = range(11)

_OPEN, _OPEN_AT, _CLOSE, _CLOSE_AT, _HIGH, _LOW, _TICKS, _TOP = range(8)
"""Of `QUOTED`: `…_AT` are `[market_time, day_volume, price]`; a day_volume that is not told is -1, also as the top."""

INTERVALS = ("1m", "1d")
MINUTE_MS = 60_000
_UNTOLD = -1


class Prices(NamedTuple):
    """What a bar says."""

    open: float
    high: float
    low: float
    close: float
    volume: int
    ticks: int


def key_of(interval: str, start: int, symbol: str) -> str:
    """The row's key."""
    return f"{interval}|{start}|{symbol}"


def parts_of(key: str) -> tuple[str, int, str]:
    """(interval, start, symbol) of a row's key."""
    interval, start, symbol = key.split("|", 2)
    return interval, int(start), symbol


def new_row(end: int, day: int) -> Row:
    """A bar nothing is known of yet."""
    return [end, 0, 0, 0, 0, 0, day, 0, None, None, []]


def copied(row: Row) -> Row:
    """A copy that may be changed."""
    copy = row[:]
    copy[SEEN] = row[SEEN][:]
    quoted = row[QUOTED]
    if quoted is not None:
        copy[QUOTED] = quoted[:]
    return copy


def mark_of(quote: Quote) -> int:
    """What tells a quote from the others of its minute: its time, price and volume of the day."""
    volume = quote["day_volume"]
    rest = crc32(pack("<dq", quote["price"], _UNTOLD if volume is None else volume))
    return (quote["market_time"] % MINUTE_MS) << 32 | rest


def add(row: Row, quote: Quote, ticks: int) -> None:
    """Take a quote into a row that may be changed, counting `ticks` (1; 0 where it may have been counted before)."""
    price, at = quote["price"], quote["market_time"]
    volume = quote["day_volume"]
    traded = _UNTOLD if volume is None else volume
    quoted = row[QUOTED]
    order = [at, traded, price]
    if quoted is None:
        row[QUOTED] = [price, order, price, order, price, price, ticks, traded]
        return
    if order < quoted[_OPEN_AT]:
        quoted[_OPEN], quoted[_OPEN_AT] = price, order
    if order > quoted[_CLOSE_AT]:
        quoted[_CLOSE], quoted[_CLOSE_AT] = price, order
    quoted[_HIGH] = max(quoted[_HIGH], price)
    quoted[_LOW] = min(quoted[_LOW], price)
    quoted[_TOP] = max(quoted[_TOP], traded)
    quoted[_TICKS] += ticks


def peak(row: Row) -> int:
    """The most that is known to have been traded in the exchange's day up to the end of the bar."""
    quoted = row[QUOTED]
    return int(row[BASE]) if quoted is None else max(row[BASE], quoted[_TOP])


def said_by(candle: Candle) -> list[Any]:
    """A candle as a row keeps it."""
    return [candle["collected_at"], *(candle[name] for name in ("open", "high", "low", "close", "volume"))]


def is_final(said: list[Any], end: int) -> bool:
    """Whether a candle was collected when the bar that ends at `end` was over."""
    return bool(said[0] >= end)


def prices(row: Row) -> Prices:
    """What the row stands for.

    A final candle alone decides; where it is silent, the quotes do. One that was collected while the bar was open holds what
    had happened until then: quotes extend it, and those made after it close it.
    """
    quoted, said = row[QUOTED], row[CANDLE]
    if said is None:
        return _of_quotes(row)
    collected_at, opened, high, low, close, volume = said
    if quoted is None:
        first, last, traded = (close if opened is None else opened), close, volume or 0
        return Prices(
            first,
            max(first, last) if high is None else high,
            min(first, last) if low is None else low,
            last,
            traded,
            1,
        )
    seen = _of_quotes(row)
    first = seen.open if opened is None else opened
    if is_final(said, row[END]):
        return Prices(
            first,
            max(seen.high, first, close) if high is None else high,
            min(seen.low, first, close) if low is None else low,
            close,
            seen.volume if volume is None else volume,
            1,
        )
    last = seen.close if quoted[_CLOSE_AT][0] >= collected_at else close
    return Prices(
        first,
        max(seen.high, first, last, close if high is None else high),
        min(seen.low, first, last, close if low is None else low),
        last,
        max(seen.volume, volume or 0),
        seen.ticks + 1,
    )


def _of_quotes(row: Row) -> Prices:
    quoted = row[QUOTED]
    return Prices(
        quoted[_OPEN],
        quoted[_HIGH],
        quoted[_LOW],
        quoted[_CLOSE],
        max(quoted[_TOP] - row[BASE], 0),
        quoted[_TICKS],
    )
