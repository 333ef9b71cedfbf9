"""`trends` on real Kafka: two workers, four partitions, kills; what was published equals what was counted."""

import random
from collections import Counter
from pathlib import Path

import pytest

from processors.logic.partials import watermark_partial
from processors.logic.watermarks import echo
from schemas.events import Partial
from tests.support.broker import Broker
from tests.support.quick_bundle import quick_bundle
from tests.support.stages import Feed, Workers, posts, records
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.window_truth import WINDOW_MS, found, latest, truth
from tests.support.windows import DAY, HOUR, MINUTE, partial

START = 1_435_708_800_000


def keyed(partials: list[Partial]) -> list[tuple[str, Partial]]:
    return [(f"{one['subject_kind']}:{one['subject']}", one) for one in partials]


def tell(feed: Feed, watermark: int, *, idle: bool, copies: bool = False) -> None:
    """Every partition of posts tells every partition of partials how far it is; `copies`: `stories` tells it of its copies."""
    for source in map(echo, range(4)) if copies else range(4):
        for partition in range(4):
            one = watermark_partial(source, watermark, 0, idle=idle)
            feed.send("partials", keyed([one]), partition=partition)


@pytest.mark.slow
def test_latest_revisions_equal_the_partials_whatever_is_killed(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    dice = random.Random(5)
    made = [
        partial(
            START + number * 20_000,
            dice.choice(["AAPL", "GOOG", "MSFT", "BAC", "XOM"]),
            platform=dice.choice(["x", "news"]),
            mentions=dice.randint(1, 3),
            source_partition=number % 4,
        )
        for number in range(3_000)
    ]
    with Workers(
        kafka.bootstrap,
        prefix,
        "trends",
        tmp_path,
        trends_batch=100,
        publish_s=0.2,
        publish_max=300,
        idle_close_s=1,
    ) as workers:
        workers.start(2)
        feed.send("partials", keyed(made[:1_500]))
        until(lambda: workers.committed() > 300, "the first batches", 150)
        workers.kill_one()
        workers.start()
        until(lambda: workers.committed() > 800, "more batches", 150)
        workers.kill_one()
        workers.start()
        feed.send("partials", keyed(made[1_500:]))
        tell(feed, made[-1]["bucket"], idle=True)
        workers.settled()
        # All partitions of posts are idle: what is over by the clock closes without any input.
        until(
            lambda: all(
                trend["closed"] for trend in latest(records(kafka.bootstrap, prefix, "trends")).values()
            ),
            "every window closed",
        )
        workers.settled()
        assert workers.stop() == [0, 0]
    trends = latest(records(kafka.bootstrap, prefix, "trends"))
    for window in WINDOW_MS:
        assert found(trends, window) == truth(made, window), window
    assert sum(t["mentions"] for t in trends.values() if t["window"] == "1d" and t["platform"] == "") == sum(
        one["mentions"] for one in made
    )
    assert sum(trend["late"] for trend in trends.values()) == 0


def test_late_mentions_are_counted_never_dropped_across_a_restart(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    rings = {"ring_1m_s": 60, "ring_5m_s": 300, "ring_1h_s": 3600, "ring_1d_s": 86_400}
    first = [partial(START + minute * MINUTE, kind="all", subject="") for minute in range(30)]
    late = [partial(START + minute * MINUTE, kind="all", subject="", mentions=2) for minute in range(30)]
    with Workers(kafka.bootstrap, prefix, "trends", tmp_path, publish_s=0.2, **rings) as workers:
        workers.start(2)
        feed.send("partials", keyed(first))
        tell(feed, START + 40 * DAY, idle=False)
        tell(feed, START + 40 * DAY, idle=False, copies=True)
        workers.settled()
        closed = latest(records(kafka.bootstrap, prefix, "trends"))
        assert all(trend["closed"] for trend in closed.values())
        # Dropped from memory and from the changelog: a worker that starts anew knows it all the same.
        workers.kill_one()
        workers.kill_one()
        workers.start(2)
        feed.send("partials", keyed([{**one, "watermark": START + 40 * DAY} for one in late]))
        workers.settled()
    trends = latest(records(kafka.bootstrap, prefix, "trends"))
    for window in ("1m", "5m", "1h", "1d"):
        for platform in ("", "x"):
            of_kind = [t for t in trends.values() if t["window"] == window and t["platform"] == platform]
            assert sum(trend["mentions"] for trend in of_kind) == 30, window
            assert sum(trend["late"] for trend in of_kind) == 60, window
            (holder,) = [trend for trend in of_kind if trend["late"]]
            assert holder["start"] <= START + 40 * DAY < holder["end"]


def test_copies_told_by_stories_that_begins_late_count_in_their_own_windows(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    rings = {"ring_1m_s": 60, "ring_5m_s": 300, "ring_1h_s": 3600, "ring_1d_s": 86_400}
    mentions = [partial(START + minute * MINUTE, kind="all", subject="") for minute in range(30)]
    with Workers(kafka.bootstrap, prefix, "trends", tmp_path, publish_s=0.2, **rings) as workers:
        workers.start(2)
        feed.send("partials", keyed(mentions))
        tell(feed, START + 40 * DAY, idle=False)
        workers.settled()
        # It starts anew, too, and has still heard nothing of `stories`.
        workers.kill_one()
        workers.start()
        workers.settled()
        nothing = {"mentions": 0, "neutral": 0, "authors": b""}
        feed.send("partials", keyed([{**one, **nothing, "copies": 1} for one in mentions]))  # type: ignore[typeddict-item]  # its own fields
        tell(feed, START + 40 * DAY, idle=False, copies=True)
        workers.settled()
    trends = [t for t in latest(records(kafka.bootstrap, prefix, "trends")).values() if t["platform"] == ""]
    assert all(trend["mentions"] == trend["copies"] > 0 for trend in trends)
    for window in ("1m", "5m", "1h", "1d"):
        assert sum(trend["copies"] for trend in trends if trend["window"] == window) == 30, window
    assert sum(trend["late"] for trend in trends) == 0


def test_posts_become_windows_through_both_stages(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    made = posts(1_200, step_ms=97_000)
    with (
        Workers(
            kafka.bootstrap, prefix, "enrich", tmp_path, enrich_batch=100, sentiment_bundle=quick_bundle()
        ) as enrich,
        Workers(kafka.bootstrap, prefix, "trends", tmp_path, publish_s=0.2) as trends,
    ):
        enrich.start(2)
        trends.start(2)
        for _ in range(2):
            feed.send("posts", [(post["id"], post) for post in made])
            until(lambda: enrich.committed() > 300, "some posts", 150)
            enrich.kill_one()
            trends.kill_one()
            enrich.start()
            trends.start()
        enrich.settled()
        trends.settled()
        enrich.settled()
        trends.settled()
    published = latest(records(kafka.bootstrap, prefix, "trends"))
    hours = Counter(post["event_at"] - post["event_at"] % HOUR for post in made)
    got = {
        trend["start"]: trend["mentions"]
        for trend in published.values()
        if (trend["subject_kind"], trend["platform"], trend["window"]) == ("all", "", "1h")
    }
    assert got == hours
    assert sum(trend["late"] for trend in published.values()) == 0
    day = [
        t
        for t in published.values()
        if t["window"] == "1d" and t["subject_kind"] == "symbol" and t["platform"] == "x"
    ]
    assert sum(trend["mentions"] for trend in day) == 1_200
    assert max(trend["authors"] for trend in day) <= 17
