"""`alerts` on real Kafka: two workers, four partitions, kills; the same alerts as where nothing happens, each once."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import orjson
import pytest

from schemas.events import Alert, Bar, Topic, Trend
from tests.support.alerting import HOUR, START, bar, topic, trend
from tests.support.broker import Broker
from tests.support.desk import Desk
from tests.support.kafka_reading import read_all
from tests.support.spikes import COOLDOWN_S, RULES, comparable, windows
from tests.support.stages import Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until

Event = TypeVar("Event")


def days(count: int) -> list[Bar]:
    dice = random.Random(5)
    return [
        bar(day, f"S{number}", dice.gauss(0, 0.04), revision=revision, closed=revision == 2)
        for day in range(count)
        for number in range(8)
        for revision in (1, 2)
    ]


def moods(count: int) -> list[Trend]:
    """Days of the symbols, each closed twice."""
    dice = random.Random(6)
    made = []
    for day in range(count):
        start = START + day * 24 * HOUR
        for number in range(8):
            negative = dice.randint(0, 20)
            mood = {"negative": negative, "positive": 20 - negative, "end": start + 24 * HOUR}
            made += [
                trend(0, f"symbol:S{number}", start=start, window="1d", revision=revision, **mood)
                for revision in (1, 2)
            ]
    return made


def told_topics(count: int) -> list[Topic]:
    dice = random.Random(7)
    return [
        topic(f"{dice.randrange(50):032x}", dice.randint(1, 30), revision=revision)
        for revision in range(count)
    ]


def batched(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """In batches of some size: alerts do not depend on it."""
    for first in range(0, len(events), 100):
        yield events[first : first + 100]


def expected(trends: Sequence[Trend], bars: Sequence[Bar], topics: Sequence[Topic]) -> list[Alert]:
    """What one worker that nothing happens to raises."""
    desk = Desk(RULES)
    for some in batched(trends):
        desk.trends(*some)
    for days in batched(bars):
        desk.bars(*days)
    desk.topics(*topics)
    return desk.alerts


def send_trends(feed: Feed, trends: Iterable[Trend]) -> None:
    feed.send("trends", [(f"{one['subject_kind']}:{one['subject']}", one) for one in trends])


@pytest.mark.slow
def test_alerts_are_the_same_whatever_is_killed_and_none_is_told_twice(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    feed.send("rules", [(one["id"], one) for one in RULES])
    trends, bars, topics = [*moods(60), *windows(150)], days(60), told_topics(200)
    half, half_bars = len(trends) // 2, len(bars) // 2
    with Workers(kafka.bootstrap, prefix, "alerts", tmp_path, alerts_batch=50) as workers:
        workers.start(2)
        send_trends(feed, trends[:half])
        feed.send("bars", [(one["symbol"], one) for one in bars[:half_bars]])
        feed.send("topics", [(one["id"], one) for one in topics])
        until(lambda: workers.committed() > 500, "the first batches", 150)
        workers.kill_one()
        workers.start()
        until(lambda: workers.committed() > 1_500, "more batches", 150)
        workers.kill_one()
        workers.start()
        send_trends(feed, trends[half:])
        feed.send("bars", [(one["symbol"], one) for one in bars[half_bars:]])
        until(lambda: workers.committed() > (half + half_bars) * 1.2, "batches of the second half", 150)
        workers.kill_one()
        workers.kill_one()
        workers.start(2)
        workers.settled()
        # The same windows and bars again: everything was told.
        send_trends(feed, trends[-3_000:])
        feed.send("bars", [(one["symbol"], one) for one in bars])
        workers.settled()
        assert workers.stop() == [0, 0]
    told = records(kafka.bootstrap, prefix, "alerts")
    wanted = expected(trends, bars, topics)
    assert comparable(told) == comparable(wanted)
    assert len({alert["id"] for alert in told}) == len(told)
    kinds = Counter(alert["rule_id"] for alert in told)
    assert set(kinds) == {one["id"] for one in RULES}
    assert min(kinds.values()) >= 3, kinds
    assert_cooldown_kept([alert for alert in told if alert["rule_id"] in ("spike", "mood")])
    assert max(alert["held"] for alert in told) > 0
    mirror = [
        orjson.loads(message.value())["data"] for message in read_all(kafka.bootstrap, f"{prefix}alerts.json")
    ]
    assert len(mirror) == len(told)
    assert {alert["id"]: alert for alert in mirror} == {alert["id"]: alert for alert in told}
    assert not records(kafka.bootstrap, prefix, "dead-letters")


def assert_cooldown_kept(alerts: Iterable[dict[str, Any]]) -> None:
    fired: dict[tuple[str, str], list[int]] = {}
    for alert in alerts:
        fired.setdefault((alert["rule_id"], alert["subject"]), []).append(alert["fired_at"])
    for moments in fired.values():
        moments.sort()
        assert all(later - sooner >= COOLDOWN_S * 1000 for sooner, later in pairwise(moments))
