"""The windows one partition holds, indexed: which are open, which changed since they were last published, which are oldest."""

from collections.abc import Iterator, Mapping
from heapq import merge

from processors.logic.ends import ByEnd, in_order
from processors.logic.rows import CLOSED, END, PUBLISHED, REVISION, Row, window_of
from processors.logic.scoring import BaselineRow
from processors.logic.spans import WINDOWS
from processors.logic.taught import Taught


class Held:
    """Indices over committed rows. Everything here follows from the rows, so it is rebuilt from them after a restart."""

    def __init__(self) -> None:
        self._all = {window: ByEnd() for window in WINDOWS}
        self._open = {window: ByEnd() for window in WINDOWS}
        self._dirty: dict[str, None] = {}
        self.taught = Taught()
        """The baselines beside the windows, likewise."""

    def __len__(self) -> int:
        return sum(map(len, self._all.values()))

    def restore(self, rows: Mapping[str, Row], baselines: Mapping[str, BaselineRow]) -> None:
        """Start from committed rows, and from what has been learnt."""
        for key, row in rows.items():
            self.take(key, row[END], row)
        for key, known in baselines.items():
            self.taught.take(key, known)

    def take(self, key: str, end: int, row: Row | None) -> None:
        """A row was committed, or (None) deleted."""
        window = window_of(key)
        if row is None:
            self._all[window].discard(end, key)
            self._open[window].discard(end, key)
            self._dirty.pop(key, None)
            return
        self._all[window].add(end, key)
        if row[CLOSED]:
            self._open[window].discard(end, key)
        else:
            self._open[window].add(end, key)
        if row[REVISION] > row[PUBLISHED]:
            self._dirty[key] = None
        else:
            self._dirty.pop(key, None)

    def is_open(self, key: str, end: int) -> bool:
        """Whether the committed row is open."""
        return (end, key) in self._open[window_of(key)]

    def is_dirty(self, key: str) -> bool:
        """Whether the committed row has a revision that was not published."""
        return key in self._dirty

    @property
    def dirty(self) -> Mapping[str, None]:
        """Keys with an unpublished revision, the one waiting longest first."""
        return self._dirty

    def closable(self, watermark: int) -> Iterator[tuple[int, str]]:
        """(end, key) of open windows that end at or before the watermark, the earliest end first, of equal ones the shorter window."""
        return merge(*(held.up_to(watermark) for held in self._open.values()), key=lambda item: item[0])

    def closable_count(self, watermark: int) -> int:
        """How many `closable` yields."""
        return sum(held.count_up_to(watermark) for held in self._open.values())

    def ended(self, window: str, until: int) -> Iterator[tuple[int, str]]:
        """(end, key) of every window of that kind, open or not, that ends at or before `until`, the earliest first."""
        return self._all[window].up_to(until)

    def oldest(self) -> Iterator[tuple[int, str]]:
        """(end, key) of all windows, the earliest end first."""
        return in_order(self._all.values())

    def open(self) -> Iterator[tuple[int, str]]:
        """(end, key) of all that are open, the earliest end first."""
        return in_order(self._open.values())
