"""The bars one partition holds, indexed: of each symbol in order of time, which are open, which changed, which are oldest."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping, Sequence

from processors.logic.ends import ByEnd
from processors.logic.market.rows import CLOSED, DIRTY, END, INTERVALS, Row, parts_of

_NO_STARTS: Sequence[int] = ()
_FARTHEST = 1 << 62


class Held:
    """Indices over committed rows. Everything here follows from the rows, so it is rebuilt from them after a restart."""

    def __init__(self) -> None:
        self._starts: dict[tuple[str, str], list[int]] = {}
        self._all = {interval: ByEnd() for interval in INTERVALS}
        self._open = ByEnd()
        self._dirty: dict[str, None] = {}

    def restore(self, rows: Mapping[str, Row]) -> None:
        """Start from committed rows."""
        for key, row in rows.items():
            self.take(key, row[END], row)

    def take(self, key: str, end: int, row: Row | None) -> None:
        """A row was committed, or (None) deleted."""
        interval, start, symbol = parts_of(key)
        known = (end, key) in self._all[interval]
        starts = self._starts.setdefault((interval, symbol), [])
        if row is None:
            if known:
                starts.pop(bisect_left(starts, start))
            if not starts:
                del self._starts[interval, symbol]
            self._all[interval].discard(end, key)
            self._open.discard(end, key)
            self._dirty.pop(key, None)
            return
        if not known:
            insort(starts, start)
            self._all[interval].add(end, key)
        if row[CLOSED]:
            self._open.discard(end, key)
        else:
            self._open.add(end, key)
        if row[DIRTY]:
            self._dirty[key] = None
        else:
            self._dirty.pop(key, None)

    def starts(self, interval: str, symbol: str) -> Sequence[int]:
        """The starts of the symbol's bars, the earliest first; not to be changed."""
        return self._starts.get((interval, symbol), _NO_STARTS)

    @property
    def dirty(self) -> Mapping[str, None]:
        """Keys of bars that changed since they were last published, the one waiting longest first."""
        return self._dirty

    def is_dirty(self, key: str) -> bool:
        """Whether the committed row changed since it was last published."""
        return key in self._dirty

    def is_open(self, key: str, end: int) -> bool:
        """Whether the committed row is open."""
        return (end, key) in self._open

    def closable(self, over: int) -> Iterator[str]:
        """Keys of open bars that end at or before `over`, the earliest end first."""
        return (key for _, key in self._open.up_to(over))

    def closable_count(self, over: int) -> int:
        """How many `closable` yields."""
        return self._open.count_up_to(over)

    def count(self, interval: str) -> int:
        """How many bars of that interval are held."""
        return len(self._all[interval])

    def oldest(self, interval: str) -> Iterator[tuple[int, str]]:
        """(end, key) of every bar of that interval, the earliest end first."""
        return self._all[interval].up_to(_FARTHEST)


class Order:
    """The starts of each symbol's bars in order of time: the committed ones, and those a step adds to them."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._added: dict[tuple[str, str], list[int]] = {}

    def add(self, interval: str, symbol: str, start: int) -> None:
        """A bar that is not held is begun."""
        insort(self._added.setdefault((interval, symbol), []), start)

    def before(self, interval: str, symbol: str, start: int) -> Iterator[int]:
        """The starts of the bars before the one at `start`, the latest first."""
        held, added = self._both(interval, symbol)
        at, beside = bisect_left(held, start) - 1, bisect_left(added, start) - 1
        while at >= 0 or beside >= 0:
            if beside < 0 or (at >= 0 and held[at] > added[beside]):
                yield held[at]
                at -= 1
            else:
                yield added[beside]
                beside -= 1

    def after(self, interval: str, symbol: str, start: int) -> Iterator[int]:
        """The starts of the bars after the one at `start`, the earliest first."""
        held, added = self._both(interval, symbol)
        at, beside = bisect_right(held, start), bisect_right(added, start)
        while at < len(held) or beside < len(added):
            if beside >= len(added) or (at < len(held) and held[at] < added[beside]):
                yield held[at]
                at += 1
            else:
                yield added[beside]
                beside += 1

    def newest(self, interval: str, symbol: str) -> int | None:
        """The start of the symbol's last bar."""
        return max((starts[-1] for starts in self._both(interval, symbol) if starts), default=None)

    def _both(self, interval: str, symbol: str) -> tuple[Sequence[int], Sequence[int]]:
        return self._held.starts(interval, symbol), self._added.get((interval, symbol), _NO_STARTS)
