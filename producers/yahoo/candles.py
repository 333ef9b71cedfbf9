"""History as candles, span by span: only what is complete, each once, from where the cursor stands."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from threading import Event
from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from producers.base import Batch, Cursor, Item, Refused
from producers.clock import now_ms
from producers.yahoo.client import Row, Yahoo
from schemas.errors import Poison
from schemas.events import Candle, Millis
from schemas.topics import DAY_MS

Interval = Literal["1m", "5m", "1h", "1d"]

LENGTHS_MS: Mapping[Interval, int] = {"1m": 60_000, "5m": 300_000, "1h": 3_600_000, "1d": DAY_MS}
_SPANS_DAYS: Mapping[Interval, int] = {"1m": 7, "5m": 50, "1h": 365, "1d": 3650}
"""Days that are asked for at once; Yahoo gives less than a longer span of short intervals."""

OLDEST_DAYS: Mapping[Interval, int] = {"1m": 29, "5m": 59, "1h": 729}
"""How far back Yahoo goes."""


class Place(BaseModel):
    """The cursor of one symbol: what lies before `asked` is read, `last` is the start of its newest candle."""

    model_config = ConfigDict(frozen=True)

    asked: Millis
    last: Millis = 0

    @classmethod
    def stored(cls, value: str | None) -> "Place | None":
        """The place in a cursor; None where there is none that can be read."""
        try:
            return None if value is None else cls.model_validate_json(value)
        except ValidationError:
            return None


@dataclass(frozen=True, slots=True)
class History:
    """One symbol from one day on; `checkpoint` is the name of its cursor."""

    symbol: str
    interval: Interval
    first: date
    checkpoint: str
    collector: str

    @property
    def first_ms(self) -> Millis:
        """Its beginning, about: the day as it begins in UTC."""
        return round(datetime.combine(self.first, time(), UTC).timestamp() * 1000)

    def due(self, place: Place | None, now: Millis) -> bool:
        """Whether there can be a complete candle that is not read yet."""
        return place is None or not place.last or now >= place.last + 2 * LENGTHS_MS[self.interval]

    def batches(self, yahoo: Yahoo, cursors: Mapping[str, str], stop: Event) -> Iterator[tuple[Batch, float]]:
        """(what a span holds, the share of the whole that is read with it), to the present.

        Raises Backpressure, Lasting or Retryable.
        """
        now = now_ms()
        place = Place.stored(cursors.get(self.checkpoint))
        begun = self.first_ms
        while not stop.is_set():
            asked = begun if place is None else place.asked
            end = min(now, asked + _SPANS_DAYS[self.interval] * DAY_MS)
            start: date | int = self.first if place is None else asked // 1000
            found = yahoo.history(self.symbol, start, end // 1000, self.interval, stop)
            last = 0 if place is None else place.last
            fresh = [row for row in found.rows if row.start > last and row.day >= self.first]
            complete = [row for row in fresh if row.start + LENGTHS_MS[self.interval] <= now]
            last = complete[-1].start if complete else last
            # The end is asked for again: what is not complete yet, or not listed yet, lies there.
            reached = end if end < now else max(asked, last + LENGTHS_MS[self.interval]) if last else asked
            place = Place(asked=reached, last=last)
            items = [self._item(row) for row in complete]
            cursor = Cursor(self.checkpoint, place.model_dump_json())
            remark = None if found.reason is None else f"{self.symbol}: {found.reason}"
            yield Batch(items, (cursor,), remark), min(1.0, (end - begun) / max(1, now - begun))
            if end >= now:
                return

    def _item(self, row: Row) -> Item | Refused:
        origin = f"{self.collector}:{self.symbol}:{self.interval}:{row.start}"
        raw = orjson.dumps(row[:1] + row[2:])
        if not math.isfinite(row.close) or row.close < 0:
            return Refused(origin, raw, len(raw), Poison("malformed", "no close"))
        # A currency has no volume, which yfinance calls 0.
        volume = None if self.symbol.endswith("=X") else row.volume
        candle = Candle(
            symbol=self.symbol,
            interval=self.interval,
            start=row.start,
            open=_price(row.open),
            high=_price(row.high),
            low=_price(row.low),
            close=row.close,
            volume=volume,
            adjusted=False,
            collected_at=now_ms(),
            collector=self.collector,
        )
        return Item("candles", candle, origin, raw)


def _price(value: float) -> float | None:
    return value if math.isfinite(value) else None
