"""What a partition of `market` owes its readers now: bars to close, revisions to send, rows to drop."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain, islice

from processors.logic.market import rows
from processors.logic.market.held import Held
from processors.logic.market.indicators import LONGEST_PAUSE_MS, WINDOW, Closed, against, signals, windowed
from processors.logic.market.rows import CLOSED, DAY, DIGEST, DIRTY, END, LATE, REVISION, Row
from processors.logic.market.step import Step
from schemas.events import Bar, Millis
from schemas.topics import DAY_MS


@dataclass(frozen=True, slots=True)
class Publisher:
    """Closes, publishes and drops bars, at most `at_most` of each in one call.

    `held_rows`: how many bars of an interval are kept; the newest of each symbol is kept in any case. `threshold`: the
    change of a day, a fraction, from which it is a signal.
    """

    at_most: int
    held_rows: Mapping[str, int]
    threshold: float

    def publish(
        self, step: Step, held: Held, over: Millis, computed_at: Millis, *, provisional: bool
    ) -> Iterator[Bar]:
        """Close what ended at or before `over`, with `provisional` also look at what has changed; send what differs.

        Call it after `step.finish`; the step then holds the rows that go with what was sent.
        """
        for key in self._due(step, held, over, provisional=provisional):
            row = step.row(key)
            if row is None:
                continue
            if row[END] <= over and not row[CLOSED]:
                row = step.close(key, row)
            bar = self._bar(step, key, row, computed_at)
            digest = _digest(bar)
            row = step.published(key, row)
            if digest != row[DIGEST]:
                row[DIGEST] = digest
                row[REVISION] += 1
                bar["revision"] = row[REVISION]
                yield bar
        for interval, most in self.held_rows.items():
            self._drop(step, held, interval, most)

    def _due(self, step: Step, held: Held, over: Millis, *, provisional: bool) -> list[str]:
        due = dict.fromkeys(islice(chain(held.closable(over), step.closable(over)), self.at_most))
        if provisional:
            for key in chain(held.dirty, step.dirty()):
                if len(due) >= self.at_most:
                    break
                due[key] = None
        # In order of time, so that a bar is looked at after those that its indicators follow from.
        return sorted(due, key=rows.parts_of)

    def _drop(self, step: Step, held: Held, interval: str, most: int) -> None:
        left = min(held.count(interval) - most, self.at_most)
        if left <= 0:
            return
        # Of a symbol nothing goes that follows a bar which stays: a floor stands for all that was before the bars held.
        staying: dict[str, int] = {}
        for key in step.dirty():
            of, start, symbol = rows.parts_of(key)
            if of == interval:
                staying[symbol] = min(start, staying.get(symbol, start))
        for _, key in held.oldest(interval):
            if left <= 0:
                return
            _, start, symbol = rows.parts_of(key)
            if start > staying.get(symbol, start):
                continue
            row = step.row(key)
            if row and row[CLOSED] and not row[DIRTY] and step.order.newest(interval, symbol) != start:
                step.drop(key, row)
                left -= 1
            else:
                staying[symbol] = start

    def _bar(self, step: Step, key: str, row: Row, computed_at: Millis) -> Bar:
        """The bar as it stands, with revision 0."""
        interval, start, symbol = rows.parts_of(key)
        prices = rows.prices(row)
        indicators = against(prices.close, _previous_close(step, interval, symbol, start, row[DAY]))
        said: list[str] = []
        if interval == "1d":
            this = Closed(prices.close, prices.volume) if row[CLOSED] else None
            indicators |= windowed(_closed_before(step, symbol, start), prices.volume, this)
            said = signals(indicators.get("change"), self.threshold)
        return {
            "id": f"{symbol}:{interval}:{start}",
            "symbol": symbol,
            "interval": interval,
            "start": start,
            "end": row[END],
            "revision": 0,
            "open": prices.open,
            "high": prices.high,
            "low": prices.low,
            "close": prices.close,
            "volume": prices.volume,
            "ticks": prices.ticks,
            "closed": bool(row[CLOSED]),
            "late": row[LATE],
            "indicators": indicators,
            "signals": said,
            "computed_at": computed_at,
        }


def _previous_close(step: Step, interval: str, symbol: str, start: int, day: int) -> float | None:
    """Of the last bar before: for a day if no more than a pause lies between, for a minute of the same day."""
    before = next(step.before(interval, symbol, start), None)
    if before is not None:
        end, same, close = before[END], before[DAY] == day, rows.prices(before).close
    else:
        floor = step.floor(interval, symbol)
        if floor is None or floor[0] > start:
            return None
        end, same, close = floor[0], floor[2] == day, float(floor[1])
    near = start - end <= LONGEST_PAUSE_MS
    return close if same or (interval == "1d" and near) else None


def _closed_before(step: Step, symbol: str, start: int) -> list[Closed]:
    found: list[Closed] = []
    end = start + DAY_MS
    for row in step.before("1d", symbol, start):
        if len(found) == WINDOW or end - row[END] > LONGEST_PAUSE_MS + DAY_MS:
            break
        end = row[END]
        if row[CLOSED]:
            prices = rows.prices(row)
            found.append(Closed(prices.close, prices.volume))
    return found[::-1]


def _digest(bar: Bar) -> int:
    """What stands for everything a bar says; its time and revision aside."""
    said = [value for name, value in bar.items() if name not in {"revision", "computed_at"}]
    return int.from_bytes(blake2b(repr(said).encode(), digest_size=7).digest())
