"""Which bars of one partition are over: by the times of its quotes, or by the clock where they have stopped."""

from dataclasses import dataclass, replace

from schemas.events import Millis


@dataclass(frozen=True, slots=True)
class Passing:
    """The latest market time read, and when that moved (processing time, seconds)."""

    watermark: Millis
    moved_at: float

    def hear(self, market_time: Millis, now_s: float) -> "Passing":
        """After a quote of that time."""
        return replace(self, watermark=market_time, moved_at=now_s) if market_time > self.watermark else self

    def over(self, now_s: float, clock_ms: Millis, idle_s: float, *, caught_up: bool) -> Millis:
        """Bars that end at or before this instant are over.

        A watermark that has not moved for `idle_s`, while all was read, waits for nobody: the clock decides then. A collector
        may be down meanwhile; what it brings later revises the closed bars.
        """
        silent = caught_up and now_s - self.moved_at >= idle_s
        return max(self.watermark, clock_ms) if silent else self.watermark
