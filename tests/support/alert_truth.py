"""What must hold of alerts after any run, asked of the landed tables: they are what their windows and bars give, each told once."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from deploy.control import read_seeds
from deploy.rules import RuleSeed
from deploy.settings import DeploySettings
from schemas.events import Bar, Rule, Trend
from tests.support.alerting import bar, trend
from tests.support.desk import Desk
from tests.support.stack import Stack

CRASH = 1_440_421_200_000
"""2015-08-24 13:00 UTC, an hour with 19 posts."""
BURSTS = {1_437_508_800_000: 66, 1_440_990_000_000: 67}
"""The two largest hours of the recorded months."""
AT_MOST = 15
_SAID = ("observed", "expected", "score", "removal_note")
_TIMES = "toUnixTimestamp64Milli(start) AS start_ms, toUnixTimestamp64Milli(end) AS end_ms, toUnixTimestamp64Milli(computed_at) AS computed_ms"


def default_rules() -> list[Rule]:
    """The rules a stack is seeded with."""
    seeds = read_seeds(DeploySettings().rules_file, "rules", RuleSeed)
    return [seed.record(0, None) for seed in seeds]


def assert_alerts(stack: Stack) -> None:
    """What landed of alerts about windows and bars is what the landed windows and bars raise, read once in their order."""
    landed = stack.sql(
        "SELECT id, observed, expected, score, removal_note, toUnixTimestamp64Milli(fired_at) AS fired FROM alerts WHERE kind != 'source_silent'"
    )
    ids = [alert["id"] for alert in landed]
    assert len(set(ids)) == len(ids), "an alert is told once"
    raised = {
        alert["id"]: (*(alert[name] for name in _SAID), alert["fired_at"])
        for alert in [*_by_trends(stack), *_by_bars(stack)]
    }
    found = {alert["id"]: (*(alert[name] for name in _SAID), alert["fired"]) for alert in landed}
    assert found == raised


def assert_recorded_alerts(stack: Stack, *, prices: bool) -> None:
    """Of the recorded months: the crash and the two largest bursts are told, few other hours, and the falls of the day."""
    spikes = stack.sql(
        "SELECT toUnixTimestamp64Milli(start) AS hour, observed, expected, explanation, terms, samples FROM alerts "
        "WHERE kind = 'volume_spike' AND subject = 'all:' AND window = '1h'"
    )
    told = {alert["hour"]: alert for alert in spikes}
    assert len(told) == len(spikes), "an hour is told once"
    assert len(told) <= AT_MOST, sorted(told)
    assert {hour: told[hour]["observed"] for hour in BURSTS if hour in told} == BURSTS
    crash = told[CRASH]
    assert crash["observed"] == 19
    assert crash["expected"] < 6.5
    assert crash["explanation"].startswith(
        "19 mentions between 13:00 and 14:00 UTC on 2015-08-24, where about "
    )
    assert crash["terms"]
    assert crash["samples"]
    if prices:
        moves = stack.sql(
            "SELECT subject, round(score, 3) AS change, explanation FROM alerts WHERE kind = 'price_move' "
            "AND start BETWEEN '2015-08-24 00:00:00' AND '2015-08-24 12:00:00' AND subject IN ('symbol:AMZN', 'symbol:BHP')"
        )
        assert {move["subject"]: move["change"] for move in moves} == {
            "symbol:AMZN": -0.063,
            "symbol:BHP": -0.072,
        }
        assert all(" fell " in move["explanation"] for move in moves)


def _by_trends(stack: Stack) -> Iterable[Any]:
    rows = stack.sql(
        "SELECT kafka_partition, concat(subject_kind, ':', subject) AS key, revision, window, mentions, positive, negative, "
        f"copies, authors, late, sources, score, baseline, learnt, least, weight, expected, spread, closed, {_TIMES} FROM trends "
        "WHERE platform = '' AND window IN ('5m', '1h') AND subject_kind IN ('all', 'keyword') "
        "ORDER BY kafka_partition, kafka_offset"
    )
    for _, of_partition in groupby(rows, key=lambda row: row["kafka_partition"]):
        desk = Desk(default_rules())
        desk.trends(*map(_trend, of_partition))
        yield from desk.alerts


def _trend(row: dict[str, Any]) -> Trend:
    said = (
        *("revision", "window", "mentions", "copies", "authors", "late", "sources", "positive", "negative"),
        *("score", "baseline", "learnt", "least", "weight", "expected", "spread", "closed"),
    )
    return trend(
        subject=row["key"],
        start=row["start_ms"],
        end=row["end_ms"],
        computed_at=row["computed_ms"],
        **{name: row[name] for name in said},
    )


def _by_bars(stack: Stack) -> Iterable[Any]:
    rows = stack.sql(
        f"SELECT kafka_partition, symbol, revision, close, closed, indicators, {_TIMES} FROM bars "
        "WHERE interval = '1d' ORDER BY kafka_partition, kafka_offset"
    )
    for _, of_partition in groupby(rows, key=lambda row: row["kafka_partition"]):
        desk = Desk(default_rules())
        desk.bars(*map(_bar, of_partition))
        yield from desk.alerts


def _bar(row: dict[str, Any]) -> Bar:
    made = bar(0, row["symbol"], close=row["close"], closed=row["closed"], revision=row["revision"])
    return {
        **made,
        "id": f"{row['symbol']}:1d:{row['start_ms']}",
        "start": row["start_ms"],
        "end": row["end_ms"],
        "indicators": row["indicators"],
        "computed_at": row["computed_ms"],
    }
