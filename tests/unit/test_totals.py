import pytest

from processors.logic.spans import Spans
from processors.logic.totals import Totals

START = 1_782_691_200_000
HOUR = 3_600_000
FIVE = 300_000


class Known:
    """Totals whose changes are committed after every step."""

    def __init__(self) -> None:
        self.rows: dict[str, object] = {}

    def step(self) -> Totals:
        totals = Totals(self.rows.get, Spans("UTC"))
        self.made = totals
        return totals

    def commit(self) -> None:
        for key, row in self.made.rows.items():
            if row is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = row

    def hour(self, number: int, **counts: int) -> Totals:
        """One hour is told of, over, and committed."""
        start = START + number * HOUR
        totals = self.step()
        totals.add({f"{start} {platform}": count for platform, count in counts.items()})
        totals.advance(start + HOUR, START)
        self.commit()
        return totals


def test_nothing_is_said_of_what_is_not_known_yet() -> None:
    known = Known()
    for number in range(6):
        totals = known.hour(number, x=100)
        assert totals.ratio("1h", START + number * HOUR, "x", 10, 10) == (1.0, False)
    assert totals.ratio("1h", START, "news", 1, 1) == (1.0, False)
    assert totals.ratio("1d", START, "x", 1, 1) == (1.0, False)
    assert totals.first("1h", "x") == START
    assert totals.first("1h", "news") is None


def test_a_feed_that_doubles_all_doubles_what_is_expected_but_a_burst_of_the_subject_does_not() -> None:
    known = Known()
    for number in range(50):
        known.hour(number, x=1_000)
    doubled = known.hour(50, x=2_000)
    ratio, unheard = doubled.ratio("1h", START + 50 * HOUR, "x", 20, 10)
    assert ratio == pytest.approx(2, abs=0.1)
    assert not unheard
    known = Known()
    for number in range(50):
        known.hour(number, x=1_000)
    burst = known.hour(50, x=2_000)
    assert burst.ratio("1h", START + 50 * HOUR, "x", 1_010, 10)[0] == pytest.approx(1)


def test_chance_in_a_small_total_moves_little() -> None:
    known = Known()
    for number in range(20):
        known.hour(number, x=4)
    assert known.hour(20, x=12).ratio("1h", START + 20 * HOUR, "x", 1, 1)[0] < 1.2


def test_where_next_to_nothing_came_nobody_listened_and_it_teaches_nothing() -> None:
    known = Known()
    for number in range(20):
        known.hour(number, x=100, news=3)
    for number in range(20, 24):
        totals = known.hour(number, x=2, news=3)
        assert totals.ratio("1h", START + number * HOUR, "x", 1, 10)[1]
        assert not totals.ratio("1h", START + number * HOUR, "news", 1, 1)[1]
    back = known.hour(30, x=100, news=3)
    ratio, unheard = back.ratio("1h", START + 30 * HOUR, "x", 10, 10)
    assert ratio == pytest.approx(1)
    assert not unheard
    hours = [START + number * HOUR for number in range(40)]
    assert back.missed("1h", "x", hours[19], hours[30]) == 10
    assert back.missed("1h", "x", hours[21], hours[30]) == 8
    assert back.missed("1h", "x", hours[0], hours[22]) == 2
    assert back.missed("1h", "x", hours[24], hours[26]) == 1
    assert back.missed("1h", "x", hours[30], hours[39]) == 0
    assert back.missed("1h", "news", hours[0], hours[30]) == 0, "of so few nobody knows"


def test_an_open_window_may_have_more_than_usual_not_yet_less() -> None:
    known = Known()
    for number in range(20):
        known.hour(number, x=1_000)
    open_start = START + 20 * HOUR
    totals = known.step()
    totals.add({f"{open_start} x": 10})
    assert totals.ratio("1h", open_start, "x", 1, 10) == (1.0, False)
    totals.add({f"{open_start + 60_000} x": 3_000})
    assert totals.ratio("1h", open_start, "x", 1, 10)[0] > 2.5


def test_what_comes_after_the_close_changes_nothing() -> None:
    known = Known()
    for number in range(10):
        known.hour(number, x=100)
    said = known.step().ratio("1h", START + 9 * HOUR, "x", 0, 0)
    late = known.step()
    late.add({f"{START + 9 * HOUR} x": 1_000})
    late.advance(START + 10 * HOUR, START)
    assert late.ratio("1h", START + 9 * HOUR, "x", 0, 0) == said


def test_one_by_one_or_all_at_once_the_same_is_known() -> None:
    counts = {
        START + number * FIVE: 40 + number * 7 % 30
        for number in range(600)
        if number % 13 and not 100 < number < 160
    }
    slow = Known()
    for at, count in counts.items():
        totals = slow.step()
        totals.add({f"{at} x": count})
        totals.advance(at, START)
        slow.commit()
    fast = Known()
    totals = fast.step()
    totals.add({f"{at} x": count for at, count in reversed(counts.items())})
    fast.commit()
    for known in (slow, fast):
        totals = known.step()
        totals.advance(START + 600 * FIVE, START)
        known.commit()
    assert slow.rows == fast.rows
    assert len(slow.rows) < 60, "what is over is forgotten"


def test_what_was_heard_in_another_stretch_of_time_says_nothing() -> None:
    known = Known()
    for number in range(20):
        known.hour(number, x=1_000)
    later = START + 10_000 * HOUR
    totals = known.step()
    totals.add({f"{later} x": 5})
    totals.advance(later + HOUR, later)
    assert totals.ratio("1h", later, "x", 1, 1) == (1.0, False)


def test_an_old_post_makes_nobody_walk_through_the_years_and_says_nothing_of_today() -> None:
    known = Known()
    totals = known.step()
    totals.add({f"{START - 40 * 365 * 24 * HOUR} x": 1})
    known.commit()
    plain = Known()
    for number in range(3):
        heard, alone = known.hour(number, x=500), plain.hour(number, x=500)
        start = START + number * HOUR
        assert heard.rows["usual|5m"] == alone.rows["usual|5m"]
        assert heard.ratio("1h", start, "x", 1, 1) == alone.ratio("1h", start, "x", 1, 1)
