"""How much of a subject is usual at each hour of the week, once that is known.

A row is `[start of the last hour learnt from, 168 means, 168 visits, 24 sums, 24 visits, average]`: exponentially weighted means of
the mentions in each hour of the week (UTC, counted from the epoch), and of how many weeks, up to four; of each hour of the day,
the sum over its days, each as often as it was visited; mentions in an hour over the whole day, 0 while not every hour of the day
is known. What it says is a factor on the level that the memories of `logic.scoring` hold.
"""

from collections.abc import Callable
from typing import Any

HOUR_MS = 3_600_000
LEAST = 10.0
"""Mentions an hour below which a subject is too rare: its hours of the week would hold more chance than season. Bounds the memory too."""
_HOURS = 168
_DAY = 24
_DAYS_KNOWN = 3
"""How often every hour of the day must have been seen before its share is believed."""
_WEEKS_KNOWN = 2
"""The same of an hour of the week, which is measured against its hour of the day until then."""
_VISITS_MOST = 4
_ALPHA = 0.3
_PRIOR = 10.0
"""Mentions that a cell's own count is mixed with, of what is expected without it."""
_FARTHEST = 20.0

SeasonRow = list[Any]
_LAST, _CELLS, _VISITS, _OF_DAY, _DAYS, _AVERAGE = range(6)


def factor(row: SeasonRow | None, window: str, start: int) -> float:
    """How many times the average is usual in the window of that kind that begins at `start`; 1 where that is not known.

    Windows shorter than an hour lie between the middles of two hours; days have no season.
    """
    if row is None or window == "1d":
        return 1.0
    hour = start // HOUR_MS
    if row[_AVERAGE] < LEAST:
        return 1.0
    here = _cell(row, hour % _HOURS)
    if window == "1h":
        return here
    place = (start % HOUR_MS) / HOUR_MS - 0.5
    beside = _cell(row, (hour + (1 if place >= 0 else -1)) % _HOURS)
    return here + abs(place) * (beside - here)


def learnt(
    row: SeasonRow | None, start: int, value: float, usual: float, missed: Callable[[int], bool]
) -> SeasonRow | None:
    """The row after the hour that begins at `start` had `value` mentions where `usual` were expected; None where it is too rare.

    Hours in between count as zeros, but for those that were `missed`. A burst counts as three times the usual at most.
    """
    if row is None or (start - row[_LAST]) // HOUR_MS > _HOURS:
        if usual < LEAST:
            return None
        row = [start - HOUR_MS, [0.0] * _HOURS, [0] * _HOURS, [0.0] * _DAY, [0] * _DAY, 0.0]
    if start <= row[_LAST]:
        return row
    after: SeasonRow = [start, *(list(numbers) for numbers in row[_CELLS:_AVERAGE]), 0.0]
    for hour in range(row[_LAST] + HOUR_MS, start, HOUR_MS):
        if not missed(hour):
            _visit(after, hour, 0.0)
    _visit(after, start, min(value, 3 * usual + _PRIOR))
    if min(after[_DAYS]) >= _DAYS_KNOWN:
        sums = zip(after[_OF_DAY], after[_DAYS], strict=True)
        after[_AVERAGE] = sum(total / seen for total, seen in sums) / _DAY
    return after


def _visit(row: SeasonRow, start: int, value: float) -> None:
    cells, visits = row[_CELLS], row[_VISITS]
    at = start // HOUR_MS % _HOURS
    cells[at] += max(_ALPHA, 1 / (visits[at] + 1)) * (value - cells[at])
    visits[at] = min(visits[at] + 1, _VISITS_MOST)
    hour = at % _DAY
    row[_DAYS][hour] = sum(visits[hour::_DAY])
    row[_OF_DAY][hour] = sum(
        mean * seen for mean, seen in zip(cells[hour::_DAY], visits[hour::_DAY], strict=True)
    )


def _cell(row: SeasonRow, at: int) -> float:
    weeks, average, hour = row[_VISITS][at], row[_AVERAGE], at % _DAY
    share: float = (row[_OF_DAY][hour] + _PRIOR) / (row[_DAYS][hour] * average + _PRIOR)
    if weeks >= _WEEKS_KNOWN:
        share *= (weeks * row[_CELLS][at] + _PRIOR) / (weeks * average * share + _PRIOR)
    return min(max(share, 1 / _FARTHEST), _FARTHEST)
