import math
import random

import pytest

from processors.logic import seasons
from processors.logic.seasons import HOUR_MS, SeasonRow, factor, learnt

MONDAY = 1_782_691_200_000  # 2026-06-29T00:00Z
DAY_MS = 24 * HOUR_MS


def heard(_: int) -> bool:
    return False


def lived(hours: int, usual: float, weekend: float = 1.0, seed: int = 1) -> SeasonRow | None:
    """A row after so many hours of a day that swings between half and one and a half times the usual."""
    dice = random.Random(seed)
    row: SeasonRow | None = None
    for hour in range(hours):
        day = weekend if hour // 24 % 7 >= 5 else 1.0
        rate = usual * day * (1 + 0.5 * math.cos((hour % 24 - 14) / 12 * math.pi))
        value = max(round(dice.gauss(rate, rate**0.5)), 0)
        if value:
            row = learnt(row, MONDAY + hour * HOUR_MS, value, usual, heard)
    return row


def test_nothing_is_known_of_the_first_days() -> None:
    row = lived(2 * 24, 100)
    assert [factor(row, "1h", MONDAY + hour * HOUR_MS) for hour in range(24)] == [1.0] * 24
    assert factor(None, "1h", MONDAY) == 1.0


def test_the_hours_of_the_day_are_known_after_three_days_and_those_of_the_week_after_two_weeks() -> None:
    noon, night = MONDAY + 14 * HOUR_MS, MONDAY + 2 * HOUR_MS
    row = lived(3 * 24 + 1, 400)
    assert factor(row, "1h", noon + 3 * DAY_MS) == pytest.approx(1.5, abs=0.15)
    assert factor(row, "1h", night + 3 * DAY_MS) == pytest.approx(0.5, abs=0.1)
    row = lived(15 * 24, 400, weekend=0.5)
    saturday = noon + 19 * DAY_MS
    assert factor(row, "1h", saturday) < 0.65 * factor(row, "1h", noon + 21 * DAY_MS)


def test_short_windows_lie_between_the_middles_of_two_hours_and_days_have_no_season() -> None:
    row = lived(5 * 24, 400)
    hour = MONDAY + 5 * DAY_MS + 9 * HOUR_MS
    first, middle, after = (factor(row, "1h", hour + step * HOUR_MS) for step in (-1, 0, 1))
    assert factor(row, "5m", hour + HOUR_MS // 2) == pytest.approx(middle)
    assert factor(row, "5m", hour) == pytest.approx((first + middle) / 2)
    assert middle < factor(row, "5m", hour + 45 * 60_000) < after
    assert factor(row, "1d", hour) == 1.0


def test_a_rare_subject_has_none() -> None:
    assert learnt(None, MONDAY, 30, seasons.LEAST - 1, heard) is None
    row = lived(10 * 24, seasons.LEAST)
    for hour in range(24):
        row = learnt(row, MONDAY + (240 + hour) * HOUR_MS, 0, seasons.LEAST, heard)
    assert all(factor(row, "1h", MONDAY + hour * HOUR_MS) == 1.0 for hour in range(24)), "it became rare"


def test_hours_without_a_window_are_silent_unless_nobody_listened() -> None:
    row = lived(6 * 24, 400)
    later = MONDAY + 6 * DAY_MS + 10 * HOUR_MS
    silent = learnt(row, later, 400, 400, heard)
    missed = learnt(row, later, 400, 400, lambda _: True)
    assert factor(silent, "1h", later - HOUR_MS) < factor(row, "1h", later - HOUR_MS)
    assert factor(missed, "1h", later - HOUR_MS) == pytest.approx(
        factor(row, "1h", later - HOUR_MS), rel=0.05
    )


def test_a_burst_does_not_become_the_season_and_nothing_is_learnt_twice() -> None:
    row = lived(6 * 24, 400)
    at = MONDAY + 6 * DAY_MS
    after = learnt(row, at, 100_000, 200, heard)
    assert factor(after, "1h", at) < 2 * factor(row, "1h", at)
    assert learnt(after, at, 0, 200, heard) == after


def test_after_more_than_a_week_of_nothing_it_begins_anew() -> None:
    row = lived(10 * 24, 400)
    later = learnt(row, MONDAY + 30 * DAY_MS, 400, 400, heard)
    assert later is not None
    assert sum(later[2]) == 1
