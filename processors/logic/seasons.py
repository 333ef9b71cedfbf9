"""How much of a subject is usual at each hour of the week, once that is known.

A row is `[start of the last hour learnt from, 168 means, 168 visits]`: exponentially weighted means of the mentions in each hour of
the week (UTC, counted from the epoch), and of how many weeks, up to four. What it says is a factor on the level that the
memories of `logic.scoring` hold.
"""

from collections.abc import Callable
from typing import Any

HOUR_MS = 3_600_000
LEAST = 1.0
"""Mentions an hour below which a subject is too rare for a season of its own; bounds the memory too."""
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
_LAST, _CELLS, _VISITS = range(3)


def factor(row: SeasonRow | None, window: str, start: int) -> float:
    """How many times the average is usual in the window of that kind that begins at `start`; 1 where that is not known.

    Windows shorter than an hour lie between the middles of two hours; days have no season.
    """
    if row is None or window == "1d":
        return 1.0
    hour = start // HOUR_MS
    average = _average(row)
    if not average:
        return 1.0
    here = _cell(row, hour % _HOURS, average)
    if window == "1h":
        return here
    place = (start % HOUR_MS) / HOUR_MS - 0.5
    beside = _cell(row, (hour + (1 if place >= 0 else -1)) % _HOURS, average)
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
        row = [start - HOUR_MS, [0.0] * _HOURS, [0] * _HOURS]
    if start <= row[_LAST]:
        return row
    cells, visits = list(row[_CELLS]), list(row[_VISITS])
    for hour in range(row[_LAST] + HOUR_MS, start, HOUR_MS):
        if not missed(hour):
            _visit(cells, visits, hour, 0.0)
    _visit(cells, visits, start, min(value, 3 * usual + _PRIOR))
    return [start, cells, visits]


def _visit(cells: list[float], visits: list[int], start: int, value: float) -> None:
    at = start // HOUR_MS % _HOURS
    cells[at] += max(_ALPHA, 1 / (visits[at] + 1)) * (value - cells[at])
    visits[at] = min(visits[at] + 1, _VISITS_MOST)


def _average(row: SeasonRow) -> float:
    """Mentions in an hour over the whole day; 0 while not every hour of the day is known."""
    cells, visits = row[_CELLS], row[_VISITS]
    total = 0.0
    for hour in range(_DAY):
        seen = sum(visits[hour::_DAY])
        if seen < _DAYS_KNOWN:
            return 0.0
        total += _counted(cells, visits, hour) / seen
    return total / _DAY


def _counted(cells: list[float], visits: list[int], hour: int) -> float:
    return sum(map(float.__mul__, cells[hour::_DAY], map(float, visits[hour::_DAY])))


def _cell(row: SeasonRow, at: int, average: float) -> float:
    cells, visits = row[_CELLS], row[_VISITS]
    hour = at % _DAY
    of_day = (_counted(cells, visits, hour) + _PRIOR) / (sum(visits[hour::_DAY]) * average + _PRIOR)
    if visits[at] >= _WEEKS_KNOWN:
        weeks = visits[at]
        usual = weeks * average * of_day
        of_day *= (weeks * cells[at] + _PRIOR) / (usual + _PRIOR)
    return min(max(of_day, 1 / _FARTHEST), _FARTHEST)
