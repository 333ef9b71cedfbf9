"""The default rules over four recorded months, and over a generated set with planted bursts: they tell of what stands out, and rarely."""

import csv
import random
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import groupby

import pytest

from schemas.events import Alert, Bar
from tests.support.alert_truth import AT_MOST, BURSTS, CRASH, default_rules
from tests.support.alerting import HOUR, bar
from tests.support.desk import Desk
from tests.support.recorded import SHARED, STOCKNET, hours_of
from tests.support.windows import Partition, partial

PRICES = SHARED / "prices" / "us_2015.csv"
recorded = pytest.mark.skipif(not STOCKNET.exists(), reason="the recorded posts are not here")


def hour_of(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


def spikes(hours: Mapping[int, int]) -> dict[int, Alert]:
    """By hour: the spikes of `all:` that the default rules raise where these hours are counted, scored and closed one by one."""
    windows = Partition()
    desk = Desk([rule for rule in default_rules() if rule["window"] == "1h"])
    ordered = sorted(hours.items())
    for start, mentions in ordered:
        counted = partial(start, "", kind="all", mentions=mentions, authors=b"", terms={"fell": mentions})
        desk.trends(*windows.step([counted], closing=start, dropping=start - 3 * HOUR))
    last = ordered[-1][0] + 48 * HOUR
    desk.trends(*windows.step([], closing=last))
    return {alert["start"]: alert for alert in desk.alerts if alert["kind"] == "volume_spike"}


@recorded
def test_the_crash_and_the_largest_bursts_of_the_recorded_months_are_told_and_few_others() -> None:
    told = spikes(hours_of(STOCKNET))
    assert len(told) <= AT_MOST
    assert {hour: told[hour]["observed"] for hour in BURSTS} == BURSTS
    crash = told[CRASH]
    assert (crash["observed"], crash["severity"]) == (19, "warning")
    assert 2 < crash["expected"] < 6.5, "some posts an hour are usual"
    assert crash["explanation"].startswith(
        "19 mentions between 13:00 and 14:00 UTC on 2015-08-24, where about "
    )
    assert crash["terms"] == {"fell": 19}


def test_planted_bursts_are_told_and_few_others() -> None:
    """As many posts as were recorded, at any moment of 120 days with the same chance."""
    dice = random.Random(2015)
    hours = Counter(hour_of("2015-07-01T00:00") + dice.randrange(120 * 24) * HOUR for _ in range(17_362))
    usual = sorted(hours)
    planted = [usual[number] for number in (300, 1_000, 1_500, 2_700)]
    for hour in planted:
        hours[hour] += 30
    told = spikes(hours)
    assert set(planted) <= told.keys()
    assert len(told) <= AT_MOST
    for hour in planted:
        assert told[hour]["observed"] == hours[hour]
        assert told[hour]["expected"] == pytest.approx(6, abs=3)


def day_bar(row: Mapping[str, str], start: int, before: dict[str, float]) -> Bar:
    """The bar of a line of daily prices; `before` holds the last close of every symbol."""
    symbol, close = row["symbol"], float(row["close"])
    change = close / before[symbol] - 1 if symbol in before else None
    before[symbol] = close
    day = bar(0, symbol, change, close=close)
    return {**day, "id": f"{symbol}:1d:{start}", "start": start, "end": start + 24 * HOUR}


@pytest.mark.skipif(not PRICES.exists(), reason="the recorded prices are not here")
def test_the_falls_of_the_crash_are_told() -> None:
    desk = Desk([rule for rule in default_rules() if rule["kind"] == "price_move"])
    before: dict[str, float] = {}
    with PRICES.open(encoding="utf-8") as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["date"])
    for date, of_day in groupby(rows, key=lambda row: row["date"]):
        start = hour_of(f"{date}T04:00")
        desk.bars(*(day_bar(row, start, before) for row in of_day))
    told = {alert["subject"]: alert for alert in desk.alerts if alert["start"] == hour_of("2015-08-24T04:00")}
    assert told["symbol:AMZN"]["score"] == pytest.approx(-0.063, abs=0.0005)
    assert told["symbol:BHP"]["score"] == pytest.approx(-0.072, abs=0.0005)
    assert told["symbol:AMZN"]["explanation"].startswith("AMZN fell 6.3 % from 494.47 to 463.37 between ")
    assert told["symbol:BHP"]["explanation"].startswith("BHP fell 7.2 % from 34.68 to 32.18 between ")
    assert len(desk.alerts) < len(rows) / 50, "one bar in seventy moved that far"
