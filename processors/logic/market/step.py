"""One step of one partition of `market`: what a batch of quotes or candles does to its bars."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from processors.logic.market import rows
from processors.logic.market.exchanges import Exchanges
from processors.logic.market.held import Held, Order
from processors.logic.market.indicators import WINDOW
from processors.logic.market.rows import (
    BASE,
    CANDLE,
    CLOSED,
    DAY,
    DIRTY,
    END,
    INTERVALS,
    LATE,
    MINUTE_MS,
    SEEN,
    Row,
)
from schemas.errors import Fatal
from schemas.events import Candle, Quote

Floor = list[Any]
"""Of the last bar of a symbol and interval that was dropped: `[end, close, day, peak]`; see `rows`."""


class Step:
    """Collects changes of rows; nothing outside it changes before `bar_rows` and `floor_rows` are committed.

    Volume: a source tells how much was traded in a day so far. A minute gets what that grew by since the minute before it
    in which it was told, a day's first one all until then: the minutes of a day add up to the day, a new day
    starts at 0, and a figure that falls (a correction) makes no negative volume.
    """

    def __init__(
        self,
        *,
        bar: Callable[[str], Row | None],
        floor: Callable[[str], Floor | None],
        held: Held,
        exchanges: Exchanges,
        marks: int,
    ) -> None:
        self._bar = bar
        self._floor = floor
        self._exchanges = exchanges
        self._marks = marks
        self.order = Order(held)
        self._rows: dict[str, Row] = {}
        self._dropped: dict[str, int] = {}
        self._floors: dict[str, Floor] = {}
        self._seen: dict[str, set[int]] = {}
        self._changed: dict[str, None] = {}

    def quote(self, quote: Quote) -> None:
        """Take a quote into its minute and its day; one that was read before changes nothing."""
        symbol, at = quote["symbol"], quote["market_time"]
        start = at - at % MINUTE_MS
        day, day_end = self._exchanges.day(symbol, at)
        key = rows.key_of("1m", start, symbol)
        row = self._known(key, "1m", symbol, start + MINUTE_MS, day)
        fresh = 0
        if row is None:
            self._count_late("1m", symbol)
        else:
            mark = rows.mark_of(quote)
            seen = self._seen.get(key)
            if seen is None:
                seen = self._seen[key] = set(row[SEEN])
            if mark in seen:
                return
            row = self._own(key, row)
            # Beyond the bound repeats cannot be told, so nothing is counted; prices and volume hold all the same.
            if len(seen) < self._marks:
                seen.add(mark)
                row[SEEN].append(mark)
                fresh = 1
            rows.add(row, quote, fresh)
        key = rows.key_of("1d", day, symbol)
        row = self._known(key, "1d", symbol, day_end, day)
        if row is None:
            self._count_late("1d", symbol)
        else:
            rows.add(self._own(key, row), quote, fresh)

    def candle(self, candle: Candle) -> bool:
        """Take a candle as the word on its bar; False where no bars of its interval are made.

        The one collected last counts (of two collected at the same time the one read last); one that says the same again
        changes nothing. One that was collected when its bar was over closes it.
        """
        symbol, interval, at = candle["symbol"], candle["interval"], candle["start"]
        if interval not in INTERVALS:
            return False
        if interval == "1d":
            start, end = self._exchanges.day_of_candle(symbol, at)
            day = start
        else:
            start = at - at % MINUTE_MS
            end = start + MINUTE_MS
            day, _ = self._exchanges.day(symbol, at)
        key = rows.key_of(interval, start, symbol)
        row = self._known(key, interval, symbol, end, day)
        if row is None:
            self._count_late(interval, symbol)
            return True
        said, known = rows.said_by(candle), row[CANDLE]
        if known is not None:
            repeats = known[1:] == said[1:] and rows.is_final(known, end)
            if repeats or known[0] > said[0]:
                return True
        row = self._own(key, row)
        row[CANDLE] = said
        if rows.is_final(said, end):
            row[CLOSED] = 1
        return True

    def finish(self) -> None:
        """Carry what changed on to the bars that follow: volume before them, and the closes they are measured against."""
        for interval, start, symbol in sorted(map(rows.parts_of, self._changed)):
            if interval == "1m":
                self._carry(symbol, start)
            else:
                self._follow(symbol, start)
        self._changed.clear()

    def row(self, key: str) -> Row | None:
        """The row as this step has it."""
        if key in self._dropped:
            return None
        row = self._rows.get(key)
        return self._bar(key) if row is None else row

    def close(self, key: str, row: Row) -> Row:
        """Close a bar; the row, free to be changed."""
        row = self._copied(key, row)
        row[CLOSED] = row[DIRTY] = 1
        interval, start, symbol = rows.parts_of(key)
        if interval == "1d":
            self._follow(symbol, start)
        return row

    def published(self, key: str, row: Row) -> Row:
        """Note that what the row says is known; the row, free to be changed."""
        row = self._copied(key, row)
        row[DIRTY] = 0
        return row

    def before(self, interval: str, symbol: str, start: int) -> Iterator[Row]:
        """The bars before the one at `start`, the latest first."""
        for earlier in self.order.before(interval, symbol, start):
            row = self.row(rows.key_of(interval, earlier, symbol))
            if row is not None:
                yield row

    def floor(self, interval: str, symbol: str) -> Floor | None:
        """What is known of the bars that were dropped."""
        key = f"{interval}|{symbol}"
        return self._floors.get(key) or self._floor(key)

    def drop(self, key: str, row: Row) -> None:
        """Delete a closed, published row."""
        interval, _, symbol = rows.parts_of(key)
        self._rows.pop(key, None)
        self._dropped[key] = row[END]
        floor = self.floor(interval, symbol)
        if floor is None or floor[0] < row[END]:
            self._floors[f"{interval}|{symbol}"] = [
                row[END],
                rows.prices(row).close,
                row[DAY],
                rows.peak(row),
            ]

    def closable(self, over: int) -> Iterator[str]:
        """Keys of the rows changed here that are open and end at or before `over`."""
        return (key for key, row in self._rows.items() if row[END] <= over and not row[CLOSED])

    def dirty(self) -> Iterator[str]:
        """Keys of the rows changed here that were not published since."""
        return (key for key, row in self._rows.items() if row[DIRTY])

    @property
    def touched(self) -> int:
        """How many rows were changed here."""
        return len(self._rows)

    @property
    def bar_rows(self) -> Mapping[str, Row | None]:
        """Every changed bar, None where it is to be deleted."""
        return {**self._rows, **dict.fromkeys(self._dropped)}

    @property
    def floor_rows(self) -> Mapping[str, Floor]:
        """Every changed floor."""
        return self._floors

    def changes(self) -> Iterable[tuple[str, int, Row | None]]:
        """(key, end, row or None) of every changed bar, for `Held.take`."""
        for key, row in self._rows.items():
            yield key, row[END], row
        for key, end in self._dropped.items():
            yield key, end, None

    def owed(self, held: Held, over: int) -> int:
        """Bars that will have to be looked at without any new input once this step is committed."""
        dirty = len(held.dirty)
        closable = held.closable_count(over)
        for key, end, row in self.changes():
            dirty += (row is not None and bool(row[DIRTY])) - held.is_dirty(key)
            if end <= over:
                closable += (row is not None and not row[CLOSED]) - held.is_open(key, end)
        return max(dirty, closable)

    def _known(self, key: str, interval: str, symbol: str, end: int, day: int) -> Row | None:
        """The row of a bar, a new one where there was none; None where it was dropped."""
        row = self.row(key)
        if row is None:
            floor = self.floor(interval, symbol)
            if floor is not None and end <= floor[0]:
                return None
            row = rows.new_row(end, day)
        return row

    def _own(self, key: str, row: Row) -> Row:
        """The row of a changed bar, free to be changed and due to be published."""
        row = self._copied(key, row)
        row[DIRTY] = 1
        self._changed[key] = None
        return row

    def _copied(self, key: str, row: Row) -> Row:
        if key in self._rows:
            return self._rows[key]
        if self._bar(key) is None:
            interval, start, symbol = rows.parts_of(key)
            self.order.add(interval, symbol, start)
        copy = self._rows[key] = rows.copied(row)
        return copy

    def _count_late(self, interval: str, symbol: str) -> None:
        """Count what came for a dropped bar in the symbol's newest one, which is never dropped."""
        start = self.order.newest(interval, symbol)
        key = "" if start is None else rows.key_of(interval, start, symbol)
        row = self.row(key)
        if row is None:
            raise Fatal(f"no {interval} bar of {symbol} is left")
        self._own(key, row)[LATE] += 1

    def _carry(self, symbol: str, start: int) -> None:
        """Bring what was traded before a minute, and before those after it, to what is known now; mark the next one."""
        key = rows.key_of("1m", start, symbol)
        row = self._rows[key]
        row[BASE] = self._base(symbol, start, row[DAY])
        first = True
        for following in self.order.after("1m", symbol, start):
            key = rows.key_of("1m", following, symbol)
            after = self.row(key)
            if after is None or after[DAY] != row[DAY]:
                return
            traded = rows.peak(row)
            if not first and after[BASE] == traded:
                return
            row = self._copied(key, after)
            row[BASE], row[DIRTY] = traded, 1
            first = False

    def _base(self, symbol: str, start: int, day: int) -> int:
        row = next(self.before("1m", symbol, start), None)
        if row is not None:
            return rows.peak(row) if row[DAY] == day else 0
        floor = self.floor("1m", symbol)
        return int(floor[3]) if floor is not None and floor[2] == day else 0

    def _follow(self, symbol: str, start: int) -> None:
        """Mark the days whose indicators look at this one."""
        for following in islice(self.order.after("1d", symbol, start), WINDOW):
            key = rows.key_of("1d", following, symbol)
            if key in self._changed:
                return  # which goes on from there
            row = self.row(key)
            if row is not None and not row[DIRTY]:
                self._copied(key, row)[DIRTY] = 1
