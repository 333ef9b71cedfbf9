from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from api.periods import before, buckets, earlier

JAKARTA = ZoneInfo("Asia/Jakarta")
HOUR = 3600


def millis(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("period", "count", "bucket"),
    [("24h", 24, "hour"), ("7d", 168, "hour"), ("30d", 30, "day"), ("90d", 90, "day")],
)
def test_a_period_has_its_buckets_and_ends_with_the_present_one(period: str, count: int, bucket: str) -> None:
    now = millis("2026-03-10T10:20:30+07:00")
    cut = buckets(period, JAKARTA, now)
    assert cut.bucket == bucket
    assert len(cut.edges) == count + 1
    assert cut.edges[-2] * 1000 < now <= cut.end_ms


def test_days_are_cut_in_the_readers_zone() -> None:
    cut = buckets("30d", JAKARTA, millis("2026-03-10T00:30:00+07:00"))
    assert cut.edges[-2] * 1000 == millis("2026-03-10T00:00:00+07:00")
    assert all(end - start == 24 * HOUR for start, end in pairwise(cut.edges))


def test_the_moment_of_the_end_is_not_in_the_period() -> None:
    assert buckets("24h", JAKARTA, millis("2026-03-10T10:00:00+07:00")).end_ms == millis(
        "2026-03-10T10:00:00+07:00"
    )


def test_days_follow_changes_of_clocks() -> None:
    cut = buckets("30d", ZoneInfo("Europe/Berlin"), millis("2026-04-05T12:00:00+02:00"))
    lengths = [(end - start) // HOUR for start, end in pairwise(cut.edges)]
    assert sorted(set(lengths)) == [23, 24]
    assert lengths.count(23) == 1


def test_hours_stay_hours_through_changes_of_clocks_and_in_odd_zones() -> None:
    for zone, now in (
        ("Europe/Berlin", "2026-03-29T12:00:00+02:00"),
        ("Asia/Kathmandu", "2026-03-10T10:20:00+05:45"),
    ):
        cut = buckets("24h", ZoneInfo(zone), millis(now))
        assert {end - start for start, end in pairwise(cut.edges)} == {HOUR}
        assert datetime.fromtimestamp(cut.edges[-1], ZoneInfo(zone)).minute == 0


def test_the_time_before_is_as_long_and_adjoins() -> None:
    cut = buckets("7d", JAKARTA, millis("2026-03-10T10:20:30+07:00"))
    start, end = before(cut)
    assert end == cut.start_ms
    assert end - start == cut.end_ms - cut.start_ms


@pytest.mark.parametrize("period", ["24h", "7d", "30d", "90d"])
@pytest.mark.parametrize(
    "now", ["2026-03-10T10:20:30+07:00", "2026-04-20T10:20:30+07:00", "2026-11-10T10:20:30+07:00"]
)
@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Europe/Berlin", "Africa/Monrovia"])
def test_the_time_before_has_buckets_of_the_same_kind(period: str, now: str, zone: str) -> None:
    cut = buckets(period, ZoneInfo(zone), millis(now))
    past = earlier(cut, period, ZoneInfo(zone))
    assert (past.start_ms, past.end_ms) == before(cut)
    assert past.bucket == cut.bucket
    assert list(past.edges) == sorted(set(past.edges))
    assert abs(len(past.edges) - len(cut.edges)) <= 1
