"""REST over the embedded ClickHouse, with rows as the sink lands them."""

import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api.positions import decode
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.landed_rows import DAY, HOUR, NOW, Landing
from tests.support.markets import run
from tests.support.mentions import Publisher, mention, trend
from tests.support.sse import SseClient

pytestmark = pytest.mark.kafka


def landed(number: int, at: int = NOW, **changes: Any) -> dict[str, Any]:
    """A mention at offset `number` of partition 0 unless changed."""
    times = {"event_at": at, "published_at": at, "collected_at": at, "enriched_at": at}
    return mention(number, **{**times, "kafka_partition": 0, "kafka_offset": number, **changes})


def test_health(api: Api) -> None:
    answer = api.get("/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    assert abs(datetime.fromisoformat(answer.json()["timestamp"]).timestamp() - time.time()) < 60


def test_mentions_come_newest_first_whole_and_page_by_page(api: Api, landing: Landing) -> None:
    rows = [
        landed(number, NOW + number // 3 * 1000, kafka_partition=number % 4, kafka_offset=number // 4)
        for number in range(50)
    ]
    landing.land("mentions", "mention", *rows)
    landing.commit(13, 13, 13, 13)
    seen: list[dict[str, Any]] = []
    cursor: str | None = None
    pages = 0
    while cursor or not pages:
        answer = api.get("/api/v1/mentions", limit=7, **({"before": cursor} if cursor else {})).json()
        seen += answer["mentions"]
        cursor = answer["next"]
        pages += 1
    assert pages == 8
    assert sorted(one["id"] for one in seen) == sorted(one["id"] for one in rows)
    assert [one["event_at"] for one in seen] == sorted((one["event_at"] for one in rows), reverse=True)
    own = {key: value for key, value in rows[0].items() if key not in ("kafka_partition", "kafka_offset")}
    assert next(one for one in seen if one["id"] == rows[0]["id"]) == own


FILTERED: list[tuple[dict[str, object], set[int]]] = [
    ({"platform": "reddit"}, {1}),
    ({"platform": "all"}, {0, 1, 2, 3, 4}),
    ({"sentiment": "negative,neutral"}, {2, 3}),
    ({"keyword": "bbca"}, {3, 4}),
    ({"keyword": "bbca", "sentiment": "negative"}, {3}),
    ({"symbol": "bbca.jk"}, {4}),
    ({"language": "EN"}, {1}),
    ({"q": "RUPIAH"}, {2}),
    ({"q": "100%_'\\"}, set()),
    ({"q": "' OR 1=1 --"}, set()),
    ({"since": NOW + 2000}, {2, 3, 4}),
    ({"until": NOW + 2000}, {0, 1}),
    ({"since": NOW + 1000, "until": NOW + 2000}, {1}),
]


def test_filters_of_mentions(api: Api, landing: Landing) -> None:
    landing.land(
        "mentions",
        "mention",
        landed(0, NOW),
        landed(1, NOW + 1000, platform="reddit", language="en"),
        landed(2, NOW + 2000, sentiment="neutral", title="Nilai Rupiah"),
        landed(3, NOW + 3000, sentiment="negative", keywords=["bbca", "bri"]),
        landed(4, NOW + 4000, keywords=["bbca"], symbols=["BBCA.JK"]),
    )
    landing.commit(5, 0, 0, 0)
    for query, numbers in FILTERED:
        found = api.get("/api/v1/mentions", **query).json()["mentions"]
        assert {one["id"] for one in found} == {f"x:{number}" for number in numbers}, query


def test_list_and_stream_together_miss_and_repeat_nothing(
    kafka: Broker, prefix: str, api: Api, landing: Landing
) -> None:
    publisher = Publisher(kafka.bootstrap, prefix)
    for number in range(10):
        publisher.publish(mention(number), partition=0)
    # The sink stands in the middle: rows beyond what it committed may be there, or not.
    landing.land("mentions", "mention", *[landed(number, kafka_offset=number * 2) for number in range(7)])
    landing.commit(10, 0, 0, 0)
    answer = api.get("/api/v1/mentions").json()
    listed = {one["id"] for one in answer["mentions"]}
    assert listed == {f"x:{number}" for number in range(5)}
    assert decode(answer["position"])["mentions"].offsets == (10, 0, 0, 0)
    client = SseClient(api.url).connect(answer["position"]).expect("mentions", 5)
    publisher.publish(mention(10), partition=0)
    client.expect("mentions", 6).stop()
    streamed = [one["id"] for one in client.of("mentions")]
    assert sorted([*listed, *streamed]) == sorted(f"x:{number}" for number in range(11))


def counted(landing: Landing) -> None:
    """Mentions of three hours and a run that covers two hours more."""
    landing.land(
        "mentions",
        "mention",
        landed(0, NOW, sentiment="negative", keywords=["bbca", "bri"]),
        landed(1, NOW - 60_000, platform="reddit", keywords=["bbca"]),
        landed(2, NOW - 5 * HOUR, sentiment="neutral"),
        landed(3, NOW - 2 * DAY),
        landed(4, NOW - 26 * HOUR),
    )
    times = {"ended_at": NOW - HOUR, "oldest_item_at": None, "newest_item_at": None}
    empty = {"outcome": "empty", "items": 0, "published": 0, "kafka_partition": 0, "kafka_offset": 0}
    quiet = run("rss", "s", NOW - 2 * HOUR, id="rss:1", **times, **empty)
    old = {"id": "rss:2", "started_at": NOW - 100 * DAY, "ended_at": NOW - 100 * DAY, "kafka_offset": 1}
    items = {"oldest_item_at": NOW - 10 * HOUR, "newest_item_at": NOW - 9 * HOUR}
    failed = [
        {"id": f"x:{at}", "outcome": outcome, "started_at": NOW - at * HOUR, "ended_at": NOW - at * HOUR}
        for at, outcome in ((13, "auth"), (14, "throttled"), (15, "error"))
    ]
    # One that broke after it had read something covers what it read.
    failed[-1] |= {"oldest_item_at": NOW - 17 * HOUR, "newest_item_at": NOW - 17 * HOUR}
    rows = [{**quiet, **one, "kafka_offset": 2 + at} for at, one in enumerate(failed)]
    landing.land("runs", "run", quiet, {**quiet, **old, **items}, *rows)


def test_volume_is_0_where_covered_and_null_where_not(api: Api, landing: Landing) -> None:
    counted(landing)
    answer = api.get("/api/v1/dashboard/volume-trend", until=NOW).json()
    assert answer["bucket"] == "hour"
    assert answer["tz"] == "Asia/Jakarta"
    starts = [one["start"] for one in answer["buckets"]]
    assert len(starts) == 24
    assert starts[-1] == NOW // HOUR * HOUR
    volume = [one["mentions"] for one in answer["buckets"]]
    expected: list[int | None] = [None] * 24
    # NOW is 20 minutes into its hour: the last bucket. Mentions there count whether or not a run covers them.
    expected[23], expected[23 - 5] = 2, 1
    expected[23 - 2] = expected[23 - 1] = 0
    expected[23 - 10] = expected[23 - 9] = 0
    expected[23 - 17] = 0
    assert all(volume[23 - at] is None for at in (13, 14, 15)), "a refusal is no silence"
    assert volume == expected


def test_days_are_the_readers(api: Api, landing: Landing) -> None:
    # 23:30 UTC is the next day in Jakarta.
    utc = (NOW // DAY - 2) * DAY
    landing.land("mentions", "mention", landed(0, utc + 23 * HOUR + HOUR // 2))

    def days(zone: str) -> dict[str, int | None]:
        answer = api.get("/api/v1/dashboard/volume-trend", period="30d", tz=zone, until=NOW).json()
        assert answer["bucket"] == "day"
        return {str(one["start"]): one["mentions"] for one in answer["buckets"]}

    assert days("UTC")[str(utc)] == 1
    assert days("Asia/Jakarta")[str(utc + DAY - 7 * HOUR)] == 1
    for zone in ("UTC", "Asia/Jakarta"):
        assert [count for count in days(zone).values() if count is not None] == [1]


def test_sentiment_by_hour_keyword_and_platform(api: Api, landing: Landing) -> None:
    counted(landing)

    def last(**query: object) -> dict[str, Any]:
        answer = api.get("/api/v1/dashboard/sentiment-trend", until=NOW, **query).json()
        bucket = answer["buckets"][-1]
        return {name: bucket[name] for name in ("mentions", "positive", "negative", "neutral")}

    assert last() == {"mentions": 2, "positive": 1, "negative": 1, "neutral": 0}
    assert last(keyword="bri") == {"mentions": 1, "positive": 0, "negative": 1, "neutral": 0}
    assert last(platform="reddit") == {"mentions": 1, "positive": 1, "negative": 0, "neutral": 0}
    assert last(keyword="bri", platform="reddit") == dict.fromkeys(
        ("mentions", "positive", "negative", "neutral")
    )


def test_a_week_and_a_quarter_have_their_buckets(api: Api, landing: Landing) -> None:
    counted(landing)
    for period, buckets, mentions in (("7d", 168, 5), ("90d", 90, 5), ("30d", 30, 5)):
        answer = api.get("/api/v1/dashboard/volume-trend", period=period, until=NOW).json()
        assert len(answer["buckets"]) == buckets
        assert sum(one["mentions"] or 0 for one in answer["buckets"]) == mentions


def test_stats(api: Api, landing: Landing) -> None:
    counted(landing)
    answer = api.get("/api/v1/dashboard/stats", until=NOW).json()
    assert answer["mentions"] == 3
    assert answer["previous_mentions"] == 1
    assert answer["sentiment"] == {"positive": 1, "negative": 1, "neutral": 1}
    assert {one["platform"]: one["mentions"] for one in answer["platforms"]} == {"x": 2, "reddit": 1}
    assert [(one["keyword"], one["mentions"], one["negative"]) for one in answer["keywords"]] == [
        ("bbca", 2, 1),
        ("bri", 1, 1),
    ]
    assert answer["all_mentions"] == 5
    assert answer["newest_event_at"] == NOW


def test_an_empty_store_answers_with_nothing(api: Api) -> None:
    assert api.get("/api/v1/mentions").json()["mentions"] == []
    assert api.get("/api/v1/trends").json()["trends"] == []
    stats = api.get("/api/v1/dashboard/stats").json()
    assert stats["mentions"] == 0
    assert stats["newest_event_at"] is None
    volume = api.get("/api/v1/dashboard/volume-trend").json()["buckets"]
    assert {one["mentions"] for one in volume} == {None}


def test_trends_are_the_latest_revisions_the_highest_first(api: Api, landing: Landing) -> None:
    start = NOW // HOUR * HOUR

    def window(kind: str, subject: str, revision: int, offset: int, **changes: Any) -> dict[str, Any]:
        at = {"start": start, "end": start + HOUR, "computed_at": NOW, **changes}
        return {**trend(kind, subject, revision=revision, **at), "kafka_partition": 0, "kafka_offset": offset}

    landing.land(
        "trends",
        "trend",
        window("keyword", "bbca", 1, 0, mentions=1, display_score=99.0),
        window("keyword", "bbca", 3, 2, mentions=3, display_score=60.0),
        window("keyword", "bbca", 2, 1, mentions=2, display_score=98.0),
        window("keyword", "bbca", 9, 3, mentions=9, display_score=97.0, start=start - HOUR, end=start),
        window("hashtag", "ihsg", 1, 4, mentions=8, display_score=70.0),
        window("hashtag", "ihsg", 1, 5, mentions=5, display_score=100.0, platform="x"),
        window("all", "", 1, 6, mentions=20, display_score=50.0),
        window("keyword", "bbca", 1, 7, window="5m", display_score=100.0),
    )

    def found(**query: object) -> list[tuple[str, int, int]]:
        answer = api.get("/api/v1/trends", until=NOW, **query).json()["trends"]
        return [(one["subject"], one["revision"], one["mentions"]) for one in answer]

    assert found() == [("ihsg", 1, 8), ("bbca", 3, 3), ("", 1, 20)]
    assert found(kind="keyword,hashtag", limit=1) == [("ihsg", 1, 8)]
    assert found(sort="mentions") == [("", 1, 20), ("ihsg", 1, 8), ("bbca", 3, 3)]
    assert found(platform="x") == [("ihsg", 1, 5)]
    assert found(kind="keyword", subject="bbca", per_subject=10, sort="start") == [
        ("bbca", 3, 3),
        ("bbca", 9, 9),
    ]
    whole = api.get("/api/v1/trends", until=NOW, kind="hashtag").json()["trends"][0]
    assert whole == trend(
        "hashtag", "ihsg", mentions=8, display_score=70.0, start=start, end=start + HOUR, computed_at=NOW
    )


def test_health_names_what_fails(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    # No topics, and a ClickHouse that is not there.
    api = Api(kafka.bootstrap, prefix, tmp_path / "api.log").start(live=False)
    try:
        answer = api.get("/health")
        assert answer.status_code == 503
        assert answer.json()["status"] == "unhealthy"
        assert {"stream", "clickhouse"} <= set(answer.json()["failing"])
        for path in ("/api/v1/stream", "/api/v1/mentions", "/api/v1/trends", "/api/v1/dashboard/stats"):
            refused = api.get(path)
            assert refused.status_code == 503
            assert refused.headers["retry-after"]
            assert refused.json()["detail"]
    finally:
        assert api.stop() == 0
