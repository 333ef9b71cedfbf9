"""Drives the logic of `market` over rows in a dictionary, with the commits and crashes a worker would have."""

import json
from collections.abc import Sequence
from typing import Any, cast

from processors.logic.market.exchanges import Exchanges
from processors.logic.market.held import Held
from processors.logic.market.publishing import Publisher
from processors.logic.market.step import Step
from schemas.events import Bar, Candle, Quote

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
MONDAY = 1_440_388_800_000
"""2015-08-24 00:00 in New York (04:00 UTC)."""
OPENING = MONDAY + 9 * 60 * MINUTE + 30 * MINUTE
"""2015-08-24 09:30 in New York."""


def quote(at: int, price: float, volume: int | None = None, symbol: str = "AMZN", **fields: Any) -> Quote:
    """A quote of `symbol` at `at`."""
    values: dict[str, Any] = {
        "symbol": symbol,
        "price": price,
        "change": None,
        "day_volume": volume,
        "currency": "USD",
        "exchange": "NMS",
        "market_time": at,
        "collected_at": at + 500,
        "collector": "test",
    }
    return Quote(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def candle(start: int, close: float, symbol: str = "AMZN", **fields: Any) -> Candle:
    """A daily candle of `symbol`, collected years later unless said otherwise."""
    values: dict[str, Any] = {
        "symbol": symbol,
        "interval": "1d",
        "start": start,
        "open": close,
        "high": close,
        "low": close,
        "close": close,
        "volume": 100,
        "adjusted": False,
        "collected_at": start + 4_000 * DAY,
        "collector": "test",
    }
    return Candle(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


class Partition:
    """One partition's rows and everything it has published."""

    def __init__(
        self, *, minute_bars: int = 10_000, day_bars: int = 10_000, marks: int = 5_000, at_most: int = 10_000
    ) -> None:
        self.exchanges = Exchanges()
        self.publisher = Publisher(
            at_most=at_most, held_rows={"1m": minute_bars, "1d": day_bars}, threshold=0.05
        )
        self.marks = marks
        self.rows: dict[str, Any] = {}
        self.floors: dict[str, Any] = {}
        self.held = Held()
        self.published: list[Bar] = []
        self.owed = 0

    def take(self, events: Sequence[Quote | Candle], over: int = 0, *, provisional: bool = True) -> list[Bar]:
        """One committed batch; returns what was published."""
        step = self.step()
        for event in events:
            if "interval" in event:
                step.candle(cast("Candle", event))
            else:
                step.quote(event)
        step.finish()
        sent = list(self.publisher.publish(step, self.held, over, 0, provisional=provisional))
        self.owed = step.owed(self.held, over)
        # Through JSON, as the changelog has them, so that nothing is shared with the step.
        for key, row in json.loads(json.dumps(dict(step.bar_rows))).items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row
        self.floors.update(step.floor_rows)
        for key, end, row in step.changes():
            self.held.take(key, end, row)
        self.published += sent
        return sent

    def step(self) -> Step:
        """A step over what is committed."""
        return Step(
            bar=self.rows.get,
            floor=self.floors.get,
            held=self.held,
            exchanges=self.exchanges,
            marks=self.marks,
        )

    def drain(self, over: int = 0) -> None:
        """Steps without input until nothing is owed."""
        self.take([], over)
        steps = 0
        while self.owed:
            self.take([], over)
            steps += 1
            assert steps < 10_000, "what is owed must come to an end"

    def crash(self) -> None:
        """Lose all memory and come back from what the changelogs hold."""
        self.held = Held()
        self.held.restore(self.rows)

    def latest(self) -> dict[str, Bar]:
        """The highest revision of every bar."""
        latest: dict[str, Bar] = {}
        for bar in self.published:
            known = latest.get(bar["id"])
            assert known is None or bar["revision"] == known["revision"] + 1, "revisions have no gaps"
            latest[bar["id"]] = bar
        return latest

    def said(self) -> dict[str, dict[str, Any]]:
        """What the latest bars say, without how often they were revised."""
        apart = {"revision", "computed_at"}
        return {
            key: {name: value for name, value in bar.items() if name not in apart}
            for key, bar in sorted(self.latest().items())
        }
