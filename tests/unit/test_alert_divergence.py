"""Divergence and new topics: what raises them, in whatever order their events come."""

import random
from typing import Any

import pytest

from processors.logic.alerts.halves import Halves
from processors.logic.alerts.replay import Replay
from tests.support.alerting import HOUR, START, bar, rule, topic, trend
from tests.support.desk import Desk

DAY = 24 * HOUR
SYMBOL = "symbol:AMZN"


def day(number: int, subject: str = SYMBOL, **fields: Any) -> Any:
    """A closed day of the symbol: in bad mood unless said otherwise."""
    start = START + number * DAY
    mood = {"mentions": 20, "negative": 16, "positive": 2, **fields}
    return trend(0, subject, start=start, end=start + DAY, window="1d", **mood)


def usual_days(count: int = 6, **fields: Any) -> list[Any]:
    return [day(number, negative=4, positive=10, **fields) for number in range(count)]


def test_a_price_that_rises_while_the_mood_falls_is_told_with_both() -> None:
    desk = Desk([rule("divergence", "symbol:*", minimum=10)])
    assert desk.trends(*usual_days()) == []
    assert desk.bars(bar(5, change=0.05)) == [], "the mood was as usual"
    assert desk.trends(day(6)) == []
    (alert,) = desk.bars(bar(6, change=0.05))
    assert alert["id"] == f"r:1:{SYMBOL}:{START + 6 * DAY}"
    assert alert["observed"] == pytest.approx(-0.7)
    assert alert["expected"] == pytest.approx(0.3)
    assert alert["score"] == pytest.approx(-1.0)
    assert alert["fired_at"] == START + 7 * DAY
    assert alert["explanation"].startswith("AMZN rose 5.0 % from 441.305 to 463.37 between ")
    assert alert["explanation"].endswith(
        "while the mood of 20 mentions was worse than usual: -70 % against +30 %."
    )
    assert (alert["terms"], alert["samples"]) == ({"crash": 4}, ["x:1"])


@pytest.mark.parametrize(
    ("mood", "price"),
    [
        ({}, {"change": -0.05}),
        ({}, {"change": 0.0199}),
        ({}, {"change": None}),
        ({}, {"change": 0.05, "closed": False}),
        ({}, {"change": 0.05, "interval": "1m"}),
        ({}, {"change": 0.05, "symbol": "BHP"}),
        ({"mentions": 9, "negative": 9, "positive": 0}, {"change": 0.05}),
        ({"negative": 5, "positive": 8}, {"change": 0.05}),
        ({"closed": False}, {"change": 0.05}),
        ({"platform": "x"}, {"change": 0.05}),
        ({"negative": 0, "positive": 20}, {"change": 0.05}),
    ],
)
def test_what_does_not_part_or_is_not_over_raises_nothing(
    mood: dict[str, Any], price: dict[str, Any]
) -> None:
    desk = Desk([rule("divergence", "symbol:*", minimum=10)])
    desk.trends(*usual_days(), day(6, **mood))
    assert desk.bars(bar(6, **price)) == []


def test_a_price_that_falls_while_the_mood_rises_is_told_too() -> None:
    desk = Desk([rule("divergence", SYMBOL)])
    desk.trends(*usual_days(), day(6, negative=0, positive=20))
    (alert,) = desk.bars(bar(6, change=-0.05))
    assert alert["score"] == pytest.approx(0.7)
    assert " fell 5.0 % " in alert["explanation"]


def test_what_is_usual_must_be_known() -> None:
    desk = Desk([rule("divergence", SYMBOL)])
    desk.trends(*usual_days(4), day(6))
    assert desk.bars(bar(6, change=0.05)) == []


def test_the_first_closed_revision_of_each_counts() -> None:
    desk = Desk([rule("divergence", SYMBOL)])
    desk.trends(*usual_days(), day(6, negative=4, positive=10))
    assert desk.bars(bar(6, change=0.05)) == []
    assert desk.trends(day(6, revision=2)) == []
    desk.trends(day(7))
    assert desk.bars(bar(7, change=0.01)) == []
    assert desk.bars(bar(7, change=0.05, revision=2)) == []


def test_a_day_of_an_exchange_elsewhere_belongs_to_the_day_that_holds_its_middle() -> None:
    """Days of New York begin 11 hours after those of Jakarta: most of one lies in the day that began before it."""
    desk = Desk([rule("divergence", SYMBOL)])
    desk.trends(*usual_days(), day(6))
    late = bar(6, change=0.05)
    (alert,) = desk.bars({**late, "start": late["start"] + 11 * HOUR, "end": late["end"] + 11 * HOUR})
    assert alert["start"] == START + 6 * DAY + 11 * HOUR
    assert alert["fired_at"] == START + 7 * DAY + 11 * HOUR, "when both are over"


def some_days(dice: random.Random) -> tuple[list[Any], list[Any]]:
    """Moods of sixty days, each closed twice, and their bars."""
    moods, bars = [], []
    for number in range(60):
        negative = dice.randint(0, 20)
        for revision in (1, 2):
            positive = dice.randint(0, 20 - negative)
            moods += [
                day(number, platform=platform, negative=negative, positive=positive, revision=revision)
                for platform in ("", "x")
            ]
        bars += [bar(number, change=dice.gauss(0, 0.05), revision=revision) for revision in (1, 2)]
    return moods, bars


def plain(alerts: Any) -> list[Any]:
    return sorted(({**alert, "computed_at": 0} for alert in alerts), key=lambda alert: alert["id"])


@pytest.mark.parametrize("order", ["moods first", "bars first", "mixed", "mixed again"])
def test_the_same_closed_windows_and_bars_give_the_same_alerts_in_whatever_order_and_through_crashes(
    order: str,
) -> None:
    asked = rule("divergence", "symbol:*", cooldown_s=3 * 86_400)
    other = rule("divergence", "symbol:*", id="x", platform="x", minimum=0)
    moods, bars = some_days(random.Random(7))
    desk = Desk([asked, other])
    dice = random.Random(order)
    turns = [True] * len(moods) + [False] * len(bars)
    if order.startswith("mixed"):
        dice.shuffle(turns)
    elif order == "bars first":
        turns.reverse()
    waiting = {True: iter(moods), False: iter(bars)}
    for number, turn in enumerate(turns):
        take = desk.trends if turn else desk.bars
        one = next(waiting[turn])
        if number % 7 == 0:
            take(one, commit=False)
            desk.crash()
        take(one)
    wanted = []
    for single in (asked, other):
        replay = Replay(single)
        keyed = [(SYMBOL, mood) for mood in moods]
        wanted += [*replay.closes(bars), *replay.trends(keyed)]
    assert plain(desk.alerts) == plain(wanted)
    assert len(wanted) > 10


def test_what_waits_is_bounded() -> None:
    desk = Desk([rule("divergence", "symbol:*")], halves_kept=100)
    for number in range(150):
        desk.trends(day(number))
    assert len(desk.rows("halves")) == 100


def test_what_no_rule_waits_for_is_not_kept() -> None:
    desk = Desk([rule("price_move", "symbol:*"), rule("divergence", "symbol:BHP", id="d")])
    desk.trends(day(1))
    desk.bars(bar(1))
    assert not desk.rows("halves")


def test_halves_are_found_by_time_and_forgotten_one_by_one() -> None:
    halves = Halves()
    rows: dict[str, Any] = {
        f"{at}|mood|1d||{SYMBOL}": [at, at + 10, 1, 0, 0, None, {}, {}, [], at] for at in (30, 10, 20)
    }
    halves.restore(rows)
    found = [halves.mood("1d", "", SYMBOL, at) for at in (9, 10, 19, 25, 39, 40)]
    assert [mood and mood.start for mood in found] == [None, 10, 10, 20, 30, None]
    halves.take(f"20|mood|1d||{SYMBOL}", None)
    assert halves.mood("1d", "", SYMBOL, 25) is None
    for at in (10, 30):
        halves.take(f"{at}|mood|1d||{SYMBOL}", None)
    assert halves.mood("1d", "", SYMBOL, 10) is None


def test_a_topic_is_told_of_once_when_it_has_as_many_mentions_as_asked_for() -> None:
    desk = Desk([rule("new_topic", "topic:*", minimum=20)])
    assert desk.topics(topic(mentions=19)) == []
    (alert,) = desk.topics(topic(mentions=21, revision=2))
    assert alert["subject"] == f"topic:{'a' * 32}"
    assert (alert["observed"], alert["expected"], alert["score"]) == (21, 20, 2.5)
    assert (alert["start"], alert["end"], alert["fired_at"]) == (START, START + HOUR, START + HOUR)
    assert (alert["terms"], alert["samples"]) == ({"harga": 9}, ["b" * 32])
    assert alert["explanation"] == (
        "21 mentions in 4 stories of a new topic, 'harga bbm', since 02:00 UTC on 2015-08-24: the rule asks for 20."
    )
    desk.crash()
    # An older post may join it later, which makes it begin earlier.
    assert desk.topics(topic(mentions=90, first_seen=START - HOUR, last_seen=START + 900 * DAY)) == []
    assert len(desk.topics(topic("c" * 32))) == 1


@pytest.mark.parametrize(
    ("asked", "changed"),
    [
        ({}, {"merged_into": "c" * 32}),
        ({"threshold": 3.0}, {}),
        ({"window": "1h"}, {"last_seen": START + HOUR + 1}),
        ({"subject": f"topic:{'c' * 32}"}, {}),
    ],
)
def test_what_is_no_new_topic_raises_nothing(asked: dict[str, Any], changed: dict[str, Any]) -> None:
    desk = Desk([rule("new_topic", **{"subject": "topic:*", **asked})])
    assert desk.topics(topic(**changed)) == []


def test_the_same_topics_give_the_same_alerts_as_the_stage() -> None:
    asked = rule("new_topic", "topic:*", minimum=15, threshold=1.0, window="1h")
    dice = random.Random(3)
    told = [
        topic(f"{dice.randrange(40):032x}", dice.randint(1, 30), last_seen=START + dice.randrange(2 * HOUR))
        for _ in range(300)
    ]
    desk = Desk([asked])
    for first in range(0, 300, 7):
        desk.topics(*told[first : first + 7])
    assert plain(desk.alerts) == plain(Replay(asked).topics(told))
    assert 5 < len(desk.alerts) < 40
