"""One step of one partition of `trends`: what a batch of partials and the passing of time do to its rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from processors.logic import rows
from processors.logic.heard import Heard
from processors.logic.held import Held
from processors.logic.rows import CLOSED, END, EXPECTED, LATE, PUBLISHED, REVISION, STATS, Row
from processors.logic.spans import DAYS, WINDOWS, Spans
from processors.logic.totals import Totals
from processors.logic.usual import Expected, Usual
from schemas.errors import Fatal
from schemas.events import Partial

Marks = dict[str, int]
"""An instant (epoch ms) by kind of window."""


class Step:
    """Collects changes of rows; nothing outside it changes before `window_rows`, `usual.rows` and `totals.rows` are committed.

    `floors`: the latest end among the windows that were dropped; what is not held and does not end after it is late.
    `heard`: the event time in which this partition has counted. `rings`: see `publishing.Publisher`.
    """

    def __init__(
        self,
        *,
        window: Callable[[str], Row | None],
        baseline: Callable[[str], Any],
        total: Callable[[str], Any],
        spans: Spans,
        floors: Marks,
        heard: Heard,
        rings: Mapping[str, int],
    ) -> None:
        self._window = window
        self.spans = spans
        self.floors = dict(floors)
        self.heard = heard.copy()
        self.totals = Totals(total, spans)
        self.usual = Usual(baseline, self.totals, spans, self.heard, rings)
        self._rows: dict[str, Row] = {}
        self._dropped: dict[str, int] = {}
        self._sketches: dict[tuple[str, str], list[bytes]] = {}

    def fold(self, partial: Partial, dropping: int | None) -> None:
        """Count a partial in its four windows (in that of the day alone if no more is known), or as late where its window was dropped.

        Late ones, and late copies, count in the window that holds `dropping`, the instant up to which windows may be dropped.
        """
        subject = f"{partial['subject_kind']}:{partial['subject']}"
        platform = partial["platform"]
        bucket = partial["bucket"]
        self.heard.add(bucket)
        for window in DAYS if partial["day_only"] else WINDOWS:
            start, end = self.spans.span(window, bucket)
            key = rows.key_of(window, start, subject)
            row = self._touched(key, end)
            if row is None:
                self._count_late(window, subject, partial, dropping)
                continue
            rows.add(rows.stat_of(row, platform), partial)
            sketch = partial["authors"]
            if sketch:
                sketches = self._sketches.get((key, platform))
                if sketches is None:
                    sketches = self._sketches[key, platform] = []
                sketches.append(sketch)

    def tell(self, totals: Partial) -> None:
        """Count what a batch of all posts has of each platform (a partial of kind `totals`)."""
        for name in totals["sources"]:
            self.heard.add(int(name.partition(" ")[0]))
        self.totals.add(totals["sources"])

    def _count_late(self, window: str, subject: str, partial: Partial, dropping: int | None) -> None:
        floor = self.floors[window]
        start, end = self.spans.span(window, max(dropping or 0, floor))
        row = self._touched(rows.key_of(window, start, subject), end)
        if row is None:  # The window that holds the floor ends after it, so it cannot have been dropped.
            raise Fatal(f"{window} window {start}-{end} of {subject} is not after {floor}")
        stat = rows.stat_of(row, partial["platform"])
        stat[LATE] += partial["mentions"]
        stat[rows.COPIES] += partial["copies"]

    def row(self, key: str) -> Row | None:
        """The row as this step has it."""
        if key in self._dropped:
            return None
        row = self._rows.get(key)
        return self._window(key) if row is None else row

    def close(self, key: str) -> Row:
        """Close an open window: keep what it is measured by, and learn from it, once."""
        row = self._own(key)
        row[CLOSED] = 1
        window, start, subject = rows.parts_of(key)
        stats = row[STATS]
        weights = {platform: rows.weighed(stat)[0] for platform, stat in stats.items()}
        alone = rows.alone(stats, self.usual.baselines(window, subject, start))
        for platform in stats:
            rows.stat_of(row, platform)
        row[EXPECTED] = self.usual.close(window, start, subject, weights, alone=alone)
        return row

    def expected(self, key: str, row: Row, weights: Mapping[str, float]) -> Expected:
        """What a row's window is measured by: kept from when it closed, for the time being while it is open.

        `weights`: by platform, its mentions as a score counts them.
        """
        if row[CLOSED]:
            kept: Expected = row[EXPECTED]
            if kept.keys() >= row[STATS].keys():
                return kept
        window, start, subject = rows.parts_of(key)
        alone = rows.alone(row[STATS], self.usual.baselines(window, subject, start))
        return {**self.usual.expected(window, start, subject, weights, alone=alone), **row[EXPECTED]}

    def published(self, key: str) -> None:
        """Note that the row's revision is being sent."""
        # A change of its own without a new revision: the row is only copied.
        row = self._rows.get(key)
        if row is None:
            held = self._window(key)
            if held is None:
                raise KeyError(key)
            row = self._rows[key] = held[:]
        row[PUBLISHED] = row[REVISION]

    def drop(self, key: str, end: int) -> None:
        """Delete a closed, published row."""
        window = rows.window_of(key)
        self._rows.pop(key, None)
        self._dropped[key] = end
        self.floors[window] = max(self.floors.get(window, 0), end)

    def finish(self) -> None:
        """Merge what was collected; call once, after the last change."""
        for (key, platform), sketches in self._sketches.items():
            row = self._rows.get(key)
            if row is not None:
                rows.close_batch(row[STATS][platform], sketches)
        self._sketches.clear()

    def closable(self, watermark: int) -> Iterator[tuple[int, str]]:
        """(end, key) of the rows changed here that are open and end at or before the watermark."""
        return (
            (row[END], key) for key, row in self._rows.items() if row[END] <= watermark and not row[CLOSED]
        )

    def still_open(self, held: Held, watermark: int) -> Iterator[str]:
        """Keys of the rows, changed here or not, that are over by the watermark and would be open once this step is committed."""
        yield from (key for _, key in self.closable(watermark))
        yield from (
            key for _, key in held.closable(watermark) if key not in self._rows and key not in self._dropped
        )

    def closed_up_to(self, held: Held) -> int | None:
        """The end of the first window that will be open once this step is committed; None where none will be.

        They close in the order of their ends, but for those that late posts have opened since.
        """
        own = (row[END] for row in self._rows.values() if not row[CLOSED])
        others = (end for end, key in held.open() if key not in self._rows and key not in self._dropped)
        return min((*islice(others, 1), *own), default=None)

    def dirty(self) -> Iterator[str]:
        """Keys of the rows changed here that have an unpublished revision."""
        return (key for key, row in self._rows.items() if row[REVISION] > row[PUBLISHED])

    def ended(self, window: str, until: int) -> Iterator[tuple[int, str]]:
        """(end, key) of the rows of that kind changed here that end at or before `until`."""
        return (
            (row[END], key)
            for key, row in self._rows.items()
            if row[END] <= until and rows.window_of(key) == window
        )

    @property
    def touched(self) -> int:
        """How many rows were changed here."""
        return len(self._rows)

    @property
    def window_rows(self) -> Mapping[str, Row | None]:
        """Every changed window, None where it is to be deleted."""
        return {**self._rows, **dict.fromkeys(self._dropped)}

    def changes(self) -> Iterable[tuple[str, int, Row | None]]:
        """(key, end, row or None) of every changed window, for `Held.take`."""
        for key, row in self._rows.items():
            yield key, row[END], row
        for key, end in self._dropped.items():
            yield key, end, None

    def owed(self, held: Held, closing: int | None) -> int:
        """Windows that will have to be published without any new input once this step is committed."""
        dirty = len(held.dirty)
        closable = 0 if closing is None else held.closable_count(closing)
        for key, end, row in self.changes():
            dirty += (row is not None and row[REVISION] > row[PUBLISHED]) - held.is_dirty(key)
            if closing is not None and end <= closing:
                closable += (row is not None and not row[CLOSED]) - held.is_open(key, end)
        return max(dirty, closable)

    def _touched(self, key: str, end: int) -> Row | None:
        """The row of a window to be counted in, at its next revision; None where it was dropped."""
        row = self._rows.get(key)
        if row is not None:
            if row[REVISION] == row[PUBLISHED]:
                row = self._rows[key] = rows.thawed(row)
            return row
        held = None if key in self._dropped else self._window(key)
        if held is None:
            if end <= self.floors.get(rows.window_of(key), 0):
                return None
            held = rows.new_row(end)
        row = self._rows[key] = rows.thawed(held)
        return row

    def _own(self, key: str) -> Row:
        held = self.row(key)
        if held is None:
            raise KeyError(key)
        row = self._touched(key, held[END])
        if row is None:
            raise KeyError(key)
        return row
