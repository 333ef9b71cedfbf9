"""`alerts` on real Kafka: two workers, four partitions, kills; rules that come and go; sources that fall silent."""

import random
import time
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.events import Alert, Bar, Rule, Trend
from tests.support.alerting import bar, rule, run, trend
from tests.support.broker import Broker
from tests.support.desk import Desk
from tests.support.stages import Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until

COOLDOWN_S = 5 * 3600
RULES = [
    rule(id="spike", subject="keyword:*", cooldown_s=COOLDOWN_S),
    rule(id="early", subject="keyword:*", early=True, threshold=5.0),
    rule("sentiment_shift", "keyword:*", id="mood", cooldown_s=COOLDOWN_S),
    rule("keyword", "keyword:k3", id="count", minimum=28),
    rule("price_move", "symbol:*", id="price", early=True),
]


def put_rules(feed: Feed, rules: Iterable[Rule]) -> None:
    feed.send("rules", [(one["id"], one) for one in rules])


def windows(hours: int) -> list[Trend]:
    """Three revisions of every hour of ten keywords, the last one closed, some closed once more and some out of order."""
    dice = random.Random(4)
    made: list[Trend] = []
    for hour in range(hours):
        for number in range(10):
            mentions = dice.randint(1, 30)
            negative = dice.randint(0, mentions)
            made += [
                trend(
                    hour,
                    f"keyword:k{number}",
                    revision=revision,
                    mentions=mentions + revision,
                    negative=negative,
                    score=dice.uniform(0, 6),
                    closed=revision >= 3,
                )
                for revision in range(1, 4 + dice.randint(0, 1))
            ]
            if dice.random() < 0.05:
                made.append(trend(hour - dice.randint(2, 20), f"keyword:k{number}", revision=9, score=5.5))
        # Most of what this stage reads is asked for by no rule.
        made += [trend(hour, f"hashtag:h{n}", platform="x", revision=1) for n in range(20)]
    return made


def days(count: int) -> list[Bar]:
    dice = random.Random(5)
    return [
        bar(day, f"S{number}", dice.gauss(0, 0.04), revision=revision, closed=revision == 2)
        for day in range(count)
        for number in range(8)
        for revision in (1, 2)
    ]


def expected(trends: Iterable[Trend], bars: Iterable[Bar]) -> list[Alert]:
    """What one worker that nothing happens to raises."""
    desk = Desk(RULES)
    for one in trends:
        desk.trends(one)
    for day in bars:
        desk.bars(day)
    return desk.alerts


def comparable(alerts: Iterable[Any]) -> list[str]:
    """Everything about them but when they were made, in order of their ids."""
    plain = [{**alert, "computed_at": 0} for alert in alerts]
    return sorted(orjson.dumps(alert, option=orjson.OPT_SORT_KEYS).decode() for alert in plain)


def send_trends(feed: Feed, trends: Iterable[Trend]) -> None:
    feed.send("trends", [(f"{one['subject_kind']}:{one['subject']}", one) for one in trends])


@pytest.mark.slow
def test_alerts_are_the_same_whatever_is_killed_and_none_is_told_twice(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    put_rules(feed, RULES)
    trends, bars = windows(150), days(60)
    half, half_bars = len(trends) // 2, len(bars) // 2
    with Workers(kafka.bootstrap, prefix, "alerts", tmp_path, alerts_batch=50) as workers:
        workers.start(2)
        send_trends(feed, trends[:half])
        feed.send("bars", [(one["symbol"], one) for one in bars[:half_bars]])
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
    wanted = expected(trends, bars)
    assert comparable(told) == comparable(wanted)
    assert len({alert["id"] for alert in told}) == len(told)
    kinds = Counter(alert["rule_id"] for alert in told)
    assert set(kinds) == {one["id"] for one in RULES}
    assert min(kinds.values()) >= 3, kinds
    assert_cooldown_kept([alert for alert in told if alert["rule_id"] in ("spike", "mood")])
    assert not records(kafka.bootstrap, prefix, "dead-letters")


def assert_cooldown_kept(alerts: Iterable[dict[str, Any]]) -> None:
    fired: dict[tuple[str, str], list[int]] = {}
    for alert in alerts:
        fired.setdefault((alert["rule_id"], alert["subject"]), []).append(alert["fired_at"])
    for moments in fired.values():
        moments.sort()
        assert all(later - sooner >= COOLDOWN_S * 1000 for sooner, later in pairwise(moments))


def test_a_rule_counts_from_when_it_is_added_until_it_is_deleted(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    put_rules(feed, [rule(id="other", subject="keyword:other")])

    def told() -> list[str]:
        return [
            f"{alert['rule_id']}:{alert['rule_revision']}"
            for alert in records(kafka.bootstrap, prefix, "alerts")
        ]

    hours = iter(range(10_000))

    def until_told(name: str) -> None:
        """Windows come all along; the first one after the rule was heard of raises it."""

        def asked() -> bool:
            send_trends(feed, [trend(next(hours), "keyword:k")])
            return name in told()

        until(asked, f"an alert of {name}")

    with Workers(kafka.bootstrap, prefix, "alerts", tmp_path) as workers:
        workers.start(2)
        send_trends(feed, [trend(next(hours), "keyword:k"), trend(next(hours), "keyword:other")])
        until(lambda: told() == ["other:1"], "the rule that was there from the start")
        put_rules(feed, [rule(id="live", subject="keyword:k")])
        until_told("live:1")
        put_rules(feed, [rule(id="live", subject="keyword:k", revision=2, threshold=3.5)])
        until_told("live:2")
        feed.send("rules", [("live", None)])
        put_rules(feed, [rule(id="last", subject="keyword:k")])
        # Rules are heard of in their order: where the last one counts, the deleted one does not.
        until_told("last:1")
        workers.settled()
        before = Counter(told())
        send_trends(feed, [trend(next(hours), "keyword:k") for _ in range(5)])
        workers.settled()
        after = Counter(told())
    assert after["last:1"] >= before["last:1"] + 5 - 1
    assert (after["live:1"], after["live:2"]) == (before["live:1"], before["live:2"])


def test_a_silent_source_is_told_once_and_again_after_its_next_item(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    put_rules(feed, [rule("source_silent", "source:rss/*", id="silent", threshold=2.0)])

    def now() -> int:
        return time.time_ns() // 1_000_000

    def told() -> list[dict[str, Any]]:
        return records(kafka.bootstrap, prefix, "alerts")

    with Workers(
        kafka.bootstrap, prefix, "alerts", tmp_path, silence_tick_s=0.1, silence_grace_s=0
    ) as workers:
        workers.start(2)
        item = now()
        feed.send(
            "runs",
            [
                ("rss", run(item - 9_000, 0, source="new")),
                ("rss", run(item)),
                ("api", run(item, collector="api")),
            ],
        )
        feed.send("runs", [("rss", run(now(), 0, outcome="error", error="503 Service Unavailable"))])
        until(lambda: len(told()) == 1, "the silence")
        (alert,) = told()
        assert alert["id"] == f"silent:1:source:rss/detik:{item}"
        assert alert["observed"] >= 2
        assert (alert["start"], alert["fired_at"]) == (item, item + 2_000)
        assert alert["explanation"].endswith("ended 'error': 503 Service Unavailable.")
        workers.kill_one()
        workers.start()
        feed.send("runs", [("rss", run(now(), 0))])
        again = now()
        feed.send("runs", [("rss", run(again))])
        until(lambda: len(told()) == 2, "the second silence")
        workers.settled()
    assert [one["start"] for one in told()] == [item, again]
