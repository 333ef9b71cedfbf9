"""Quiet hours: what they hold back, what passes them, and what is said of it afterwards."""

import math
import random
import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from processors.logic.alerts.finding import Finding
from processors.logic.alerts.history import History, Raising
from processors.logic.alerts.quiet import quiet_hours
from processors.logic.alerts.silence import heard, source_silent
from tests.support.alerting import HOUR, START, rule, run, topic, trend
from tests.support.desk import Desk

# START is 2015-08-24 02:00 UTC, 09:00 in Jakarta.
NIGHT = {"quiet_from": "22:00", "quiet_to": "06:00", "quiet_zone": "Asia/Jakarta"}
NOON = {"quiet_from": "12:00", "quiet_to": "13:30", "quiet_zone": "Asia/Jakarta"}


def at(text: str, zone: str = "Asia/Jakarta") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "moment", "quiet", "over"),
    [
        (NIGHT, "2026-11-30T21:59:59", False, "2026-11-30T21:59:59"),
        (NIGHT, "2026-11-30T22:00", True, "2026-12-01T06:00"),
        (NIGHT, "2026-11-30T00:00", True, "2026-11-30T06:00"),
        (NIGHT, "2026-11-30T06:00", False, "2026-11-30T06:00"),
        (NOON, "2026-11-30T11:59", False, "2026-11-30T11:59"),
        (NOON, "2026-11-30T12:00", True, "2026-11-30T13:30"),
        (NOON, "2026-11-30T13:30", False, "2026-11-30T13:30"),
    ],
)
def test_hours_are_those_of_the_rules_zone_and_may_pass_midnight(
    hours: dict[str, Any], moment: str, quiet: bool, over: str
) -> None:
    found = quiet_hours(rule(**hours))
    assert found is not None
    assert (found.covers(at(moment)), found.over(at(moment))) == (quiet, at(over))


def test_a_clock_that_is_put_forward_or_back_is_followed() -> None:
    berlin = quiet_hours(rule(quiet_from="23:00", quiet_to="02:30", quiet_zone="Europe/Berlin"))
    assert berlin is not None
    # On 2026-03-29 there is no 02:30; on 2026-10-25 there are two.
    spring = at("2026-03-29T01:00", "Europe/Berlin")
    assert not berlin.covers(berlin.over(spring))
    autumn = at("2026-10-25T01:00", "Europe/Berlin")
    assert berlin.over(autumn) == autumn + 3 * HOUR // 2
    # It is quiet until 00:30Z, and again from 01:00Z, when the clock shows 02:00 once more, until 01:30Z.
    assert berlin.over(at("2026-10-25T01:15", "UTC")) == at("2026-10-25T01:30", "UTC")
    assert berlin.over(spring) == at("2026-03-29T01:00", "UTC"), "when 02:00 became 03:00"


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Pacific/Apia", "2011-12-30"),
        ("Asia/Jakarta", "2026-11-30"),
    ],
)
@pytest.mark.parametrize(
    ("start", "end"), [("22:00", "02:30"), ("01:00", "02:00"), ("02:30", "06:00"), ("02:45", "02:30")]
)
def test_it_is_quiet_until_it_is_over_at_every_quarter_of_an_hour_around_a_change_of_the_clock(
    zone: str, day: str, start: str, end: str
) -> None:
    """By a whole hour, by half an hour, by a day that was left out, and not at all."""
    hours = quiet_hours(rule(quiet_from=start, quiet_to=end, quiet_zone=zone))
    assert hours is not None
    noon = at(f"{day}T12:00", "UTC")
    # Told from behind: the first quarter of an hour at or after each one that is not covered. All these clocks change on quarters.
    wanted = None
    for moment in range(noon + 96 * HOUR, noon - 96 * HOUR, -HOUR // 4):
        if not hours.covers(moment):
            wanted = moment
        if wanted is not None:
            assert hours.over(moment) == wanted


def test_critical_alerts_and_rules_without_quiet_hours_are_never_quiet() -> None:
    assert quiet_hours(rule()) is None
    assert quiet_hours(rule(severity="critical", **NIGHT)) is None


def test_what_fires_in_quiet_hours_is_not_sent_and_counted_by_the_next_alert() -> None:
    desk = Desk([rule(**NIGHT)])
    # Closed at 22:00, 23:00 and 05:00 there; 23:00 is revised.
    assert desk.trends(trend(12), trend(13), trend(13, revision=2), trend(19)) == []
    desk.crash()
    assert desk.trends(trend(13, revision=3)) == []
    first, second = desk.trends(trend(20), trend(21))
    assert (first["start"], first["held"]) == (START + 20 * HOUR, 3)
    assert second["held"] == 0, "they were told of"


def test_what_was_held_back_is_counted_by_one_alert_however_late_an_older_window_closes() -> None:
    desk = Desk([rule(**NIGHT)])
    assert desk.trends(trend(16)) == []
    assert [alert["held"] for alert in desk.trends(trend(25), trend(23))] == [1, 0]
    # One that is held back late is counted by an alert that fires before those that could not know of it.
    assert desk.trends(trend(17)) == []
    desk.crash()
    assert [alert["held"] for alert in desk.trends(trend(22), trend(21), trend(26))] == [1, 0, 0]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_that_was_held_back_is_counted_twice_in_whatever_order_windows_close(seed: int) -> None:
    """Against a plain telling that marks what it has counted."""
    dice = random.Random(seed)
    hours = list(range(72))
    dice.shuffle(hours)
    quiet = quiet_hours(rule(**NIGHT))
    assert quiet is not None
    raising = Raising(History(), math.inf)
    sent: list[int] = []
    uncounted: set[int] = set()
    for hour in hours:
        fired_at = START + hour * HOUR
        said = raising.raises(rule(**NIGHT), "all:", Finding(hour, hour + 1, fired_at, 20, 5, 4.0, ""))
        if quiet.covers(fired_at):
            assert said is None
            uncounted.add(hour)
            continue
        since = max((one for one in sent if one < hour), default=-1)
        counted = {one for one in uncounted if since < one < hour}
        assert said == len(counted)
        uncounted -= counted
        sent.append(hour)


def test_what_was_held_back_keeps_the_cooldown_among_itself_and_silences_nothing_else() -> None:
    desk = Desk([rule(cooldown_s=3 * 3600, **NIGHT)])
    assert desk.trends(*(trend(hour) for hour in range(12, 20))) == []
    (alert,) = desk.trends(trend(20))
    assert alert["held"] == 3, "of eight hours, one in three"


def test_the_cooldown_of_a_sent_alert_holds_in_quiet_hours_too() -> None:
    desk = Desk([rule(cooldown_s=24 * 3600, **NIGHT)])
    assert len(desk.trends(trend(11))) == 1
    assert desk.trends(trend(13)) == []
    (alert,) = desk.trends(trend(35))
    assert alert["held"] == 0, "it would not have been sent by day either"


def test_a_critical_alert_is_sent_at_night() -> None:
    desk = Desk([rule(severity="critical", **NIGHT)])
    assert len(desk.trends(trend(13))) == 1


def test_what_lasts_is_told_when_quiet_hours_are_over() -> None:
    desk = Desk([rule("new_topic", "topic:*", **NIGHT)])
    night, morning = START + 13 * HOUR, START + 21 * HOUR
    assert desk.topics(topic(last_seen=night)) == []
    (alert,) = desk.topics(topic(revision=2, last_seen=morning))
    assert (alert["fired_at"], alert["held"]) == (morning, 0)


def test_a_silence_that_lasts_until_morning_is_told_then() -> None:
    quiet = rule("source_silent", "source:*", threshold=3600.0, **NIGHT)
    item = at("2026-11-30T23:30")
    row = heard(None, run(item))
    assert row is not None
    assert source_silent(quiet, "rss/detik", row, at("2026-12-01T06:00")) is None
    found = source_silent(quiet, "rss/detik", row, at("2026-12-01T06:00") + 1)
    assert found is not None
    assert (found.start, found.fired_at) == (item, at("2026-12-01T06:00"))
    by_day = source_silent(quiet, "rss/detik", [at("2026-11-30T08:00"), *row[1:]], item)
    assert by_day is not None
    assert by_day.fired_at == at("2026-11-30T09:00")


def test_a_worker_tells_of_a_silence_at_once_where_it_is_not_quiet() -> None:
    now = time.time_ns() // 1_000_000
    local = datetime.fromtimestamp(now / 1000, tz=ZoneInfo("Asia/Jakarta"))
    # Hours that begin two hours from now, and end four hours from now.
    hours = {"quiet_from": f"{(local.hour + 2) % 24:02}:00", "quiet_to": f"{(local.hour + 4) % 24:02}:00"}
    watching = rule("source_silent", "source:*", threshold=600.0, quiet_zone="Asia/Jakarta", **hours)
    desk = Desk([watching], silence_tick_s=1e-9, silence_grace_s=0)
    desk.runs(run(now - 700_000))
    assert len(desk.tick()) == 1
