"""`alerts` on real Kafka: rules that come and go; sources that fall silent."""

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from schemas.events import Rule, Trend
from tests.support.alerting import rule, run, trend
from tests.support.broker import Broker
from tests.support.stages import Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until


def put_rules(feed: Feed, rules: Iterable[Rule]) -> None:
    feed.send("rules", [(one["id"], one) for one in rules])


def send_trends(feed: Feed, trends: Iterable[Trend]) -> None:
    feed.send("trends", [(f"{one['subject_kind']}:{one['subject']}", one) for one in trends])


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
        # At once: of what comes later, on a busy machine the first silence might not know.
        feed.send(
            "runs",
            [
                ("rss", run(item - 9_000, 0, source="new")),
                ("rss", run(item)),
                ("api", run(item, collector="api")),
                ("rss", run(item + 1, 0, outcome="error", error="503 Service Unavailable")),
            ],
        )
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
