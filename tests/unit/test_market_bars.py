"""Bars from quotes and candles: prices, volume, revisions, closing, repeats, any order, what was dropped."""

import json
import random
from collections import defaultdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from processors.logic.market.checks import check_candle, check_quote
from processors.logic.market.passing import Passing
from processors.logic.market.publishing import Publisher
from schemas.errors import Poison
from schemas.events import Bar, Quote
from tests.support.bars import DAY, MINUTE, MONDAY, OPENING, Partition, candle, quote


def bar_of(partition: Partition, interval: str, start: int, symbol: str = "AMZN") -> Bar:
    return partition.latest()[f"{symbol}:{interval}:{start}"]


def prices(bar: Bar) -> tuple[float, ...]:
    return bar["open"], bar["high"], bar["low"], bar["close"], bar["volume"], bar["ticks"]


def test_quotes_make_a_minute_and_a_day_revised_while_open_and_closed_once() -> None:
    partition = Partition()
    assert len(partition.take([quote(OPENING, 463.58, 1_000), quote(OPENING + 5_000, 476.64, 1_500)])) == 2
    assert partition.take([], OPENING + 5_000) == [], "nothing changed"
    partition.take([quote(OPENING + 30_000, 451.0, 2_200)], OPENING + 30_000)
    minute = bar_of(partition, "1m", OPENING)
    assert prices(minute) == (463.58, 476.64, 451.0, 451.0, 2_200, 3)
    assert (minute["closed"], minute["revision"], minute["end"]) == (False, 2, OPENING + MINUTE)
    partition.take([quote(OPENING + 70_000, 455.0, 2_300)], OPENING + 70_000)
    assert bar_of(partition, "1m", OPENING)["closed"]
    second = bar_of(partition, "1m", OPENING + MINUTE)
    assert prices(second) == (455.0, 455.0, 455.0, 455.0, 100, 1)
    assert second["indicators"] == {"previous_close": 451.0, "change": pytest.approx(455 / 451 - 1)}
    day = bar_of(partition, "1d", MONDAY)
    assert prices(day) == (463.58, 476.64, 451.0, 455.0, 2_300, 4)
    assert (day["closed"], day["end"]) == (False, MONDAY + DAY)
    partition.take([], MONDAY + DAY - 1)
    assert not bar_of(partition, "1d", MONDAY)["closed"]
    partition.take([], MONDAY + DAY)
    assert bar_of(partition, "1d", MONDAY)["closed"]
    assert partition.owed == 0
    assert partition.take([], MONDAY + 2 * DAY) == []


def test_changes_are_collected_until_they_are_due() -> None:
    partition = Partition()
    for second in range(10):
        assert partition.take([quote(OPENING + second * 1000, 100 + second)], provisional=False) == []
        assert partition.owed == 2
    (day, minute) = partition.take([])
    assert (day["revision"], minute["revision"]) == (1, 1)
    assert prices(minute) == (100, 109, 100, 109, 0, 10)
    assert partition.owed == 0


def test_a_quote_read_again_changes_nothing_and_one_that_is_late_revises_its_closed_bar() -> None:
    partition = Partition()
    first = [quote(OPENING, 10.0, 100), quote(OPENING + 1_000, 11.0, 150), quote(OPENING + MINUTE, 12.0, 250)]
    partition.take(first, OPENING + 2 * MINUTE)
    partition.crash()
    assert partition.take(first, OPENING + 2 * MINUTE) == []
    assert partition.take([{**quote, "collected_at": 0, "collector": "other"} for quote in first]) == []
    late = quote(OPENING + 2_000, 9.0, 220)
    revised = {bar["id"]: bar for bar in partition.take([late], OPENING + 2 * MINUTE)}
    minute = revised[f"AMZN:1m:{OPENING}"]
    assert (*prices(minute), minute["closed"]) == (10.0, 11.0, 9.0, 9.0, 220, 3, True)
    # What was traded in the minute after it is less by what the late one tells, and its change is another.
    after = revised[f"AMZN:1m:{OPENING + MINUTE}"]
    assert (after["volume"], after["indicators"]["previous_close"], after["closed"]) == (30, 9.0, True)


def test_volume_grows_within_the_day_never_falls_and_begins_anew() -> None:
    partition = Partition()
    readings = [(0, 1_000), (1, 1_400), (2, None), (3, 1_300), (4, 1_500)]
    for minute, volume in readings:
        partition.take([quote(OPENING + minute * MINUTE, 5.0, volume)])
    partition.take([quote(OPENING + DAY, 6.0, 70), quote(OPENING + DAY + MINUTE, 6.0, 100)])
    volumes = [bar["volume"] for bar in partition.latest().values() if bar["interval"] == "1m"]
    assert volumes == [1_000, 400, 0, 0, 100, 70, 30]
    assert bar_of(partition, "1d", MONDAY)["volume"] == 1_500
    assert bar_of(partition, "1d", MONDAY + DAY)["volume"] == 100
    # The first minute of a day is measured against no other day's.
    assert bar_of(partition, "1m", OPENING + DAY)["indicators"] == {}


def test_a_candle_is_the_word_on_its_bar_and_said_again_it_changes_nothing() -> None:
    partition = Partition()
    partition.take([quote(OPENING, 460.0, 50), quote(OPENING + 1, 461.0, 60)])
    said = candle(MONDAY, 463.37, open=463.58, high=476.58, low=451.0, volume=10_097_600)
    (day,) = partition.take([said])
    assert (*prices(day), day["closed"], day["revision"]) == (
        463.58,
        476.58,
        451.0,
        463.37,
        10_097_600,
        1,
        True,
        2,
    )
    assert partition.take([{**said, "collected_at": said["collected_at"] + 1}]) == []
    assert [bar["interval"] for bar in partition.take([quote(OPENING + 2, 999.0, 99)])] == ["1m"]
    (corrected,) = partition.take([{**said, "close": 463.4, "collected_at": said["collected_at"] + 2}])
    assert (corrected["close"], corrected["revision"], corrected["closed"]) == (463.4, 3, True)
    assert partition.take([said]) == [], "one that was collected before is not news"
    (minute,) = partition.take(
        [candle(OPENING, 462.0, interval="1m", open=None, high=None, low=None, volume=None)]
    )
    # Where the candle is silent the quotes speak.
    assert (*prices(minute), minute["closed"]) == (460.0, 999.0, 460.0, 462.0, 99, 1, True)
    assert partition.take([candle(OPENING, 1.0, interval="1h")]) == []


def test_a_candle_of_a_day_that_is_not_over_is_extended_by_quotes() -> None:
    partition = Partition()
    noon = MONDAY + 12 * 60 * MINUTE
    partition.take([quote(OPENING, 10.0, 100)])
    (day,) = partition.take(
        [candle(MONDAY, 11.0, open=9.9, high=12.0, low=9.5, volume=500, collected_at=noon)]
    )
    assert (*prices(day), day["closed"]) == (9.9, 12.0, 9.5, 11.0, 500, 2, False)
    partition.take([quote(noon + MINUTE, 9.0, 700)])
    day = bar_of(partition, "1d", MONDAY)
    assert (*prices(day), day["closed"]) == (9.9, 12.0, 9.0, 9.0, 700, 3, False)
    partition.take([candle(MONDAY, 9.1, open=9.9, high=12.0, low=8.9, volume=900)])
    day = bar_of(partition, "1d", MONDAY)
    assert (*prices(day), day["closed"]) == (9.9, 12.0, 8.9, 9.1, 900, 1, True)


def test_what_is_not_committed_changes_nothing() -> None:
    partition = Partition(minute_bars=2)
    partition.take([quote(OPENING + n * MINUTE, 10.0 + n, n) for n in range(4)], OPENING + DAY)
    partition.take([candle(MONDAY, 11.0)])
    before = json.dumps([partition.rows, partition.floors, list(partition.held.dirty)])
    step = partition.step()
    for second in range(5):
        step.quote(quote(OPENING + 3 * MINUTE + second, 1.0 + second, 90 + second))
    step.candle(candle(MONDAY, 99.0, collected_at=MONDAY + 9_000 * DAY))
    step.finish()
    assert (
        len(list(partition.publisher.publish(step, partition.held, OPENING + DAY, 0, provisional=True))) == 2
    )
    assert json.dumps([partition.rows, partition.floors, list(partition.held.dirty)]) == before


def some_events(dice: random.Random) -> list[Any]:
    """Three days of quotes of three symbols, with candles of some bars: one that is final says one thing only."""
    made: list[Any] = []
    for symbol in ("AMZN", "BBCA.JK", "EURUSD=X"):
        for day in range(3):
            traded = 0
            for _ in range(40):
                traded += dice.randrange(0, 50)
                # So few moments that some quotes share one: the order of reading must not tell them apart.
                at = OPENING + day * DAY + dice.randrange(0, 30 * MINUTE, 15_000)
                made.append(quote(at, dice.randrange(90, 110) / 2, dice.choice([None, traded]), symbol))
        made.append(candle(OPENING + 3 * MINUTE, 51.5, symbol, interval="1m", volume=7))
        made.append(candle(MONDAY - 2 * DAY + 5 * MINUTE, 49.0, symbol))
        made.append(candle(MONDAY + DAY + 5 * MINUTE, 52.0, symbol))
        early = candle(MONDAY + DAY + 5 * MINUTE, 47.0, symbol, collected_at=MONDAY + DAY + 9 * MINUTE)
        made.append(early)
    return made


def in_order(event: Any) -> int:
    """When it happened, candles first."""
    return int(event.get("market_time", 0))


@pytest.mark.parametrize("seed", range(20))
def test_any_order_and_repetition_gives_the_same_bars(seed: int) -> None:
    over = MONDAY + 10 * DAY
    dice = random.Random(seed)
    events = some_events(random.Random(7))
    straight = Partition()
    straight.take(sorted(events, key=in_order), over)
    straight.drain(over)
    shuffled = Partition(at_most=dice.choice([3, 50, 10_000]))
    jumbled = events + dice.choices(events, k=150)
    dice.shuffle(jumbled)
    while jumbled:
        size = dice.randrange(1, 60)
        now = dice.choice([0, MONDAY + DAY, over])
        shuffled.take(jumbled[:size], now, provisional=dice.random() < 0.7)
        del jumbled[:size]
        if dice.random() < 0.2:
            shuffled.crash()
    shuffled.drain(over)
    assert shuffled.said() == straight.said()
    assert all(bar["closed"] for bar in straight.latest().values())


def test_bars_equal_what_the_quotes_say() -> None:
    events = [event for event in some_events(random.Random(3)) if "price" in event]
    partition = Partition()
    partition.take(events, MONDAY + 10 * DAY)
    partition.drain(MONDAY + 10 * DAY)
    zones = {"AMZN": "America/New_York", "BBCA.JK": "Asia/Jakarta", "EURUSD=X": "UTC"}
    days: dict[tuple[str, int], list[Quote]] = defaultdict(list)
    for event in events:
        zone = ZoneInfo(zones[event["symbol"]])
        local = datetime.fromtimestamp(event["market_time"] / 1000, zone)
        midnight = datetime(local.year, local.month, local.day, tzinfo=zone)
        days[event["symbol"], round(midnight.timestamp() * 1000)].append(event)
    found = {(b["symbol"], b["start"]): b for b in partition.latest().values() if b["interval"] == "1d"}
    assert found.keys() == days.keys()
    for key, quotes in days.items():
        bar = found[key]
        assert (bar["high"], bar["low"]) == (max(q["price"] for q in quotes), min(q["price"] for q in quotes))
        assert bar["volume"] == max(q["day_volume"] or 0 for q in quotes)
        told_apart = {(q["market_time"], q["price"], q["day_volume"]) for q in quotes}
        assert bar["ticks"] == len(told_apart)
        minutes = [
            b
            for b in partition.latest().values()
            if b["interval"] == "1m" and b["symbol"] == key[0] and key[1] <= b["start"] < bar["end"]
        ]
        assert sum(b["volume"] for b in minutes) == bar["volume"], "the minutes add up to the day"
        assert sum(b["ticks"] for b in minutes) == bar["ticks"]


def test_what_comes_after_its_bar_was_dropped_is_counted_late() -> None:
    partition = Partition(minute_bars=3, day_bars=2)
    for day in range(4):
        partition.take([quote(OPENING + day * DAY, 10.0 + day, 100)], OPENING + day * DAY)
    partition.drain(OPENING + 4 * DAY)
    partition.drain(OPENING + 4 * DAY)
    assert sorted(key[:2] for key in partition.rows) == ["1d"] * 2 + ["1m"] * 3
    partition.crash()
    late = quote(OPENING + 30_000, 1.0, 1)
    sent = {bar["interval"]: bar for bar in partition.take([late])}
    newest = OPENING + 3 * DAY
    assert (sent["1m"]["start"], sent["1m"]["late"]) == (newest, 1)
    assert (sent["1d"]["start"], sent["1d"]["late"], sent["1d"]["close"]) == (MONDAY + 3 * DAY, 1, 13.0)
    (again,) = partition.take([candle(MONDAY, 5.0)])
    assert (again["id"], again["late"]) == (f"AMZN:1d:{MONDAY + 3 * DAY}", 2)


def test_a_day_outlives_its_minutes_and_stays_right() -> None:
    partition = Partition(minute_bars=2)
    for minute in range(6):
        partition.take(
            [quote(OPENING + minute * MINUTE, 10.0, 100 * (minute + 1))], OPENING + minute * MINUTE
        )
    partition.drain(OPENING + 7 * MINUTE)
    partition.take([quote(OPENING + 1, 8.0, 110)])
    day = bar_of(partition, "1d", MONDAY)
    assert (day["low"], day["ticks"], day["late"]) == (8.0, 6, 0)
    assert sum(bar["late"] for bar in partition.latest().values()) == 1
    # Volume before the minutes that are left is remembered.
    assert bar_of(partition, "1m", OPENING + 5 * MINUTE)["volume"] == 100
    partition.take([quote(OPENING + 4 * MINUTE + 1, 10.0, 510)], OPENING + 7 * MINUTE)
    assert bar_of(partition, "1m", OPENING + 4 * MINUTE)["volume"] == 110


def test_memory_is_bounded_but_for_the_newest_of_each_symbol() -> None:
    partition = Partition(minute_bars=10, day_bars=5, marks=4)
    symbols = [f"S{number}" for number in range(8)]
    for number in range(400):
        at = OPENING + number * 10_000
        partition.take([quote(at, 1.0, number, symbols[number % 8])], at)
    partition.drain(OPENING + 2 * DAY)
    partition.drain(OPENING + 2 * DAY)
    assert sum(key.startswith("1m") for key in partition.rows) == 10
    assert sum(key.startswith("1d") for key in partition.rows) == 8
    # Beyond the bound of quotes told apart prices are taken and not counted.
    busy = [quote(OPENING + 3 * DAY + ms, 1.0 + ms, None, "S0") for ms in range(10)]
    partition.take(busy)
    minute = bar_of(partition, "1m", OPENING + 3 * DAY, "S0")
    assert prices(minute) == (1.0, 10.0, 1.0, 10.0, 0, 4)


def test_time_passes_by_the_quotes_and_by_the_clock_only_in_silence() -> None:
    passing = Passing(0, 0.0).hear(5_000, 10.0).hear(4_000, 12.0)
    assert passing == Passing(5_000, 10.0)
    assert passing.over(19.0, 90_000, 10, caught_up=True) == 5_000
    assert passing.over(20.0, 90_000, 10, caught_up=False) == 5_000
    assert passing.over(20.0, 90_000, 10, caught_up=True) == 90_000
    assert passing.over(20.0, 3_000, 10, caught_up=True) == 5_000


@pytest.mark.parametrize(
    "wrong",
    [
        quote(OPENING, float("nan")),
        quote(OPENING, float("inf")),
        quote(OPENING, 1.0, -1),
        quote(-1, 1.0),
        quote(OPENING, 1.0, collected_at=OPENING - 2 * DAY),
        quote(8_000_000_000_000, 1.0),
    ],
)
def test_impossible_quotes_are_poison(wrong: Quote) -> None:
    with pytest.raises(Poison):
        check_quote(wrong)
    check_quote(quote(OPENING, -37.63, 0))


def test_impossible_candles_are_poison() -> None:
    for wrong in (
        candle(MONDAY, float("nan")),
        candle(MONDAY, 1.0, low=float("-inf")),
        candle(MONDAY, 1.0, volume=-1),
        candle(MONDAY, 1.0, collected_at=MONDAY - 2 * DAY),
    ):
        with pytest.raises(Poison):
            check_candle(wrong)
    check_candle(candle(MONDAY, 1.0, open=None, high=None, low=None, volume=None))


def test_what_follows_a_bar_that_stays_is_not_dropped_before_it() -> None:
    partition = Partition()
    for minute in range(6):
        at = OPENING + minute * MINUTE
        partition.take([quote(at + 1_000, 100.0 + minute, 100 * (minute + 1))], at)
    partition.drain(OPENING + 6 * MINUTE)
    # A backlog: the first minute waits to be published again while room is needed.
    partition.publisher = Publisher(at_most=2, held_rows={"1m": 3, "1d": 1_000}, threshold=0.05)
    others = [quote(OPENING + 1_000, 50.0, 10, symbol) for symbol in ("A", "B", "C", "D")]
    partition.take([*others, quote(OPENING + 2_000, 99.0, 50)], OPENING + 6 * MINUTE)
    partition.take([quote(OPENING + MINUTE + 2_000, 101.5, 200)], OPENING + 6 * MINUTE)
    partition.drain(OPENING + 6 * MINUTE)
    minutes = [
        bar for bar in partition.latest().values() if (bar["symbol"], bar["interval"]) == ("AMZN", "1m")
    ]
    assert sum(bar["volume"] for bar in minutes) == bar_of(partition, "1d", MONDAY)["volume"] == 600
