"""REST over the embedded ClickHouse, with rows as the sink lands them."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from api.catalogue import LIVE
from api.positions import decode
from schemas.registry import load_schema
from schemas.topics import TOPICS
from sinks.clickhouse.migrate import migrate
from sinks.settings import ClickHouseSinkSettings
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.clickhouse import READER, WRITER, EmbeddedClickHouse, embedded
from tests.support.mentions import Publisher, influencer, mention, story, story_link, topic, trend
from tests.support.sse import SseClient
from tests.support.topics import create_topics

pytestmark = pytest.mark.kafka

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = int(time.time() * 1000) // DAY * DAY - 10 * DAY + 5 * HOUR + 20 * 60_000
"""12:20 in Jakarta, ten days ago: far enough from now to be told apart, within every table's time to live."""


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    with embedded(tmp_path_factory.mktemp("clickhouse") / "data") as server:
        yield server


@pytest.fixture
def database(clickhouse: EmbeddedClickHouse, prefix: str) -> str:
    name = prefix.rstrip(".")
    migrate(
        ClickHouseSinkSettings.model_validate(
            {
                "clickhouse_url": clickhouse.url,
                "clickhouse_user": WRITER[0],
                "clickhouse_password": WRITER[1],
                "clickhouse_database": name,
            }
        )
    )
    return name


@pytest.fixture
def api(
    kafka: Broker, prefix: str, tmp_path: Path, clickhouse: EmbeddedClickHouse, database: str
) -> Iterator[Api]:
    create_topics(kafka.bootstrap, prefix, LIVE)
    own = Api(
        kafka.bootstrap,
        prefix,
        tmp_path / "api.log",
        clickhouse_url=clickhouse.url,
        clickhouse_database=database,
        clickhouse_reader_user=READER[0],
        clickhouse_reader_password=READER[1],
        stream_heartbeat_s=0.3,
    )
    yield own.start()
    own.stop()


class Landing:
    """Puts rows where the sink would, and commits what has landed as the sink does."""

    def __init__(self, kafka: Broker, prefix: str, clickhouse: EmbeddedClickHouse, database: str) -> None:
        self._kafka = kafka
        self._prefix = prefix
        self._clickhouse = clickhouse
        self._database = database

    def land(self, table: str, event: str, *rows: dict[str, Any]) -> None:
        """Insert rows that already carry kafka_partition and kafka_offset."""
        times = {one["name"] for one in load_schema(event)["fields"] if "timestamp-millis" in json.dumps(one)}
        lines = []
        for row in rows:
            shown = {
                name: _time(value) if name in times and value is not None else value
                for name, value in row.items()
            }
            lines.append(json.dumps({**shown, "landed_at": _time(NOW)}))
        client = self._clickhouse.client(self._database)
        client.command(f"INSERT INTO {table} FORMAT JSONEachRow", data="\n".join(lines))
        client.close()

    def commit(self, *offsets: int) -> None:
        """What the sink's group has committed of mentions."""
        consumer = Consumer(
            {"bootstrap.servers": self._kafka.bootstrap, "group.id": self._prefix + "clickhouse"}
        )
        topic = TOPICS["mentions"].full_name(self._prefix)
        consumer.commit(
            offsets=[TopicPartition(topic, p, offset) for p, offset in enumerate(offsets)], asynchronous=False
        )
        consumer.close()


@pytest.fixture
def landing(kafka: Broker, prefix: str, clickhouse: EmbeddedClickHouse, database: str) -> Landing:
    return Landing(kafka, prefix, clickhouse, database)


def _time(millis: int) -> str:
    return datetime.fromtimestamp(millis / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


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
    run = {
        "id": "rss:1",
        "collector": "rss",
        "source": "s",
        "started_at": NOW - 2 * HOUR,
        "ended_at": NOW - HOUR,
        "outcome": "empty",
        "items": 0,
        "published": 0,
        "oldest_item_at": None,
        "newest_item_at": None,
        "quota_left": None,
        "error": None,
        "kafka_partition": 0,
        "kafka_offset": 0,
    }
    old = {"id": "rss:2", "started_at": NOW - 100 * DAY, "ended_at": NOW - 100 * DAY, "kafka_offset": 1}
    items = {"oldest_item_at": NOW - 10 * HOUR, "newest_item_at": NOW - 9 * HOUR}
    landing.land("runs", "run", run, {**run, **old, **items})


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


def test_stories_are_the_latest_revisions_the_most_copied_first(api: Api, landing: Landing) -> None:
    def made(number: int, revision: int, offset: int, **changes: Any) -> dict[str, Any]:
        at = {"last_seen": NOW - number * HOUR, "first_seen": NOW - 9 * HOUR, "updated_at": NOW}
        whole = story(number, revision=revision, copies=revision - 1, **{**at, **changes})
        return {**whole, "kafka_partition": number % 2, "kafka_offset": offset}

    landing.land(
        "stories",
        "story",
        made(1, 2, 0, last_seen=NOW - 5 * HOUR),
        made(1, 5, 2, subjects=["symbol:BBCA.JK"]),
        made(1, 3, 1, last_seen=NOW - 4 * HOUR),
        made(2, 3, 0, subjects=["symbol:BBCA.JK", "keyword:laba"], sources={"reddit/stocks": 3}),
        made(3, 3, 3),
        made(4, 1, 4, subjects=["keyword:laba"]),
        made(30, 9, 5),
    )

    def listed(**query: object) -> dict[str, Any]:
        found: dict[str, Any] = api.get("/api/v1/stories", until=NOW + 1, **query).json()
        return found

    def found(**query: object) -> list[tuple[int, int]]:
        return [(int(one["id"], 16), one["copies"]) for one in listed(**query)["stories"]]

    assert found() == [(1, 4), (3, 2), (2, 2)]
    assert found(min_copies=0) == [(1, 4), (3, 2), (2, 2), (4, 0)]
    assert found(min_copies=3, since=NOW - 40 * HOUR) == [(30, 8), (1, 4)]
    assert found(subject="symbol:BBCA.JK") == [(1, 4), (2, 2)]
    assert found(subject="keyword:laba,hashtag:x", min_copies=0) == [(2, 2), (4, 0)]
    assert found(platform="reddit") == [(2, 2)]
    assert found(platform="x,all") == found()
    assert found(sort="last_seen") == [(1, 4), (2, 2), (3, 2)]
    for sort in ("copies", "last_seen"):
        paged: list[Any] = []
        cursor: dict[str, Any] = {}
        while True:
            page = listed(sort=sort, limit=2, **cursor)
            paged += page["stories"]
            if page["next"] is None:
                break
            cursor = {"before": page["next"]}
        assert paged == listed(sort=sort)["stories"]
    assert api.get("/api/v1/stories", since=NOW, until=NOW - 1).status_code == 422
    assert api.get("/api/v1/stories", sort="mentions").status_code == 422


def test_a_story_is_shown_with_its_posts(api: Api, landing: Landing) -> None:
    whole = story(7, last_seen=NOW, first_seen=NOW, updated_at=NOW)
    landing.land("stories", "story", {**whole, "kafka_partition": 0, "kafka_offset": 0})
    links = [
        story_link(whole["id"], number, event_at=NOW - number, collected_at=NOW, enriched_at=NOW)
        for number in range(3)
    ]
    other = story_link("f" * 32, 9, event_at=NOW, collected_at=NOW, enriched_at=NOW)
    landing.land(
        "story_links",
        "story_link",
        *(
            {**one, "kafka_partition": 0, "kafka_offset": offset}
            for offset, one in enumerate([*links, other])
        ),
    )
    path = f"/api/v1/stories/{whole['id']}"
    answer = api.get(path).json()
    assert answer == {"story": whole, "posts": links, "next": None}
    first = api.get(path, limit=2).json()
    assert first["posts"] == links[:2]
    assert api.get(path, limit=2, before=first["next"]).json()["posts"] == links[2:]
    assert api.get(f"/api/v1/stories/{'e' * 32}").status_code == 404
    assert api.get("/api/v1/stories/no-id").status_code == 422
    assert api.get(path, id="f" * 32).status_code == 422


def test_influencers_are_the_latest_revisions_the_highest_score_first(api: Api, landing: Landing) -> None:
    def made(number: int, revision: int, offset: int, score: float, **changes: Any) -> dict[str, Any]:
        at = {"last_activity": NOW - number * HOUR, "updated_at": NOW, "revision": revision}
        whole = influencer(number, score=score, **{**at, **changes})
        return {**whole, "kafka_partition": number % 2, "kafka_offset": offset}

    last = made(1, 5, 2, 40.25, topics={"symbol:BBCA.JK": 2, "keyword:laba": 1})
    landing.land(
        "influencer_profiles",
        "influencer",
        made(1, 2, 0, 90.0, last_activity=NOW - 5 * HOUR, topics={"hashtag:lama": 1}),
        last,
        made(1, 3, 1, 80.0),
        made(2, 1, 0, 55.5, followers=None, topics={}, signals=[]),
        made(3, 1, 3, 40.25, platform="reddit", followers=50),
        made(900, 1, 5, 99.0),
    )

    def listed(**query: object) -> dict[str, Any]:
        found: dict[str, Any] = api.get("/api/v1/influencers", until=NOW + 1, **query).json()
        return found

    def found(**query: object) -> list[str]:
        return [one["id"] for one in listed(**query)["influencers"]]

    assert found() == ["x:a2", "x:a3", "x:a1"]
    assert listed()["influencers"][2] == {
        name: value for name, value in last.items() if not name.startswith("kafka_")
    }
    assert found(since=NOW - 1_000 * HOUR)[0] == "x:a900"
    assert found(platform="reddit") == ["x:a3"]
    assert found(platform="reddit,all") == found()
    assert found(subject="keyword:laba,hashtag:lama") == ["x:a1"]
    assert found(min_followers=50) == ["x:a3", "x:a1"]
    assert found(min_followers=51) == ["x:a1"]
    assert found(flagged=False) == ["x:a2"]
    assert found(flagged=True) == ["x:a3", "x:a1"]
    paged: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = listed(limit=1, **cursor)
        paged += page["influencers"]
        if page["next"] is None:
            break
        cursor = {"before": page["next"]}
    assert paged == listed()["influencers"]
    assert api.get("/api/v1/influencers", since=NOW, until=NOW - 1).status_code == 422
    assert api.get("/api/v1/influencers", min_followers=-1).status_code == 422


def test_topics_are_the_latest_revisions_with_their_samples(api: Api, landing: Landing) -> None:
    def made(number: int, revision: int, offset: int, **changes: Any) -> dict[str, Any]:
        at = {"last_seen": NOW - number * HOUR, "first_seen": NOW - 9 * HOUR, "updated_at": NOW}
        whole = topic(number, revision=revision, **{**at, **changes})
        return {**whole, "kafka_partition": number % 2, "kafka_offset": offset}

    landing.land(
        "topics",
        "topic",
        made(1, 4, 2, trending_score=0.5, mentions=9, sample_ids=[f"{7:032x}", f"{8:032x}"]),
        made(1, 2, 0, trending_score=9.0),
        made(2, 3, 0, trending_score=-1.0, stories=5, hashtags={"beras": 2}, label="Impor Beras"),
        made(3, 5, 3, trending_score=2.0),
        made(4, 1, 4),
        made(4, 6, 5, merged_into=f"{3:032x}"),
        made(30, 9, 6),
    )
    landing.land(
        "stories",
        "story",
        *(
            {
                **story(7, revision=revision, last_seen=NOW, updated_at=NOW),
                "kafka_partition": 0,
                "kafka_offset": revision,
            }
            for revision in (1, 2)
        ),
    )

    def listed(**query: object) -> dict[str, Any]:
        found: dict[str, Any] = api.get("/api/v1/topics", until=NOW + 1, **query).json()
        return found

    def found(**query: object) -> list[int]:
        return [int(one["id"], 16) for one in listed(**query)["topics"]]

    assert found() == [3, 1, 2]
    assert found(sort="mentions") == [1, 3, 2]
    assert found(sort="last_seen") == [1, 2, 3]
    assert found(min_stories=3) == [2]
    assert found(hashtag="beras,x") == [2]
    assert found(text="impor") == [2]
    assert found(text="ANTAM") == [3, 1, 2]
    assert 30 in found(since=NOW - 40 * HOUR)
    assert [(one["id"], one["revision"]) for one in listed()["samples"]] == [(f"{7:032x}", 2)]
    for sort in ("trending", "mentions", "last_seen"):
        first = listed(sort=sort, limit=2)
        rest = listed(sort=sort, limit=2, before=first["next"])
        assert first["topics"] + rest["topics"] == listed(sort=sort)["topics"]
        assert rest["next"] is None
    assert api.get("/api/v1/topics", since=NOW, until=NOW - 1).status_code == 422
    assert api.get("/api/v1/topics", sort="copies").status_code == 422


def test_a_topic_is_shown_with_the_stories_that_belong_to_it_now(api: Api, landing: Landing) -> None:
    whole = topic(3, last_seen=NOW, first_seen=NOW, updated_at=NOW)
    landing.land("topics", "topic", {**whole, "kafka_partition": 0, "kafka_offset": 0})

    def joined(number: int, to: int, revision: int) -> dict[str, Any]:
        names = {"story_id": f"{number:032x}", "topic_id": f"{to:032x}"}
        return {**names, "revision": revision, "similarity": 0.5, "assigned_at": NOW + revision}

    told = [
        joined(1, 3, 1),
        joined(2, 3, 2),
        joined(3, 3, 3),
        joined(2, 9, 4),
        joined(4, 9, 5),
        joined(4, 3, 6),
    ]
    rows = [{**one, "kafka_partition": 0, "kafka_offset": at} for at, one in enumerate(told)]
    landing.land("assignments", "assignment", *rows)
    known = story(1, last_seen=NOW, first_seen=NOW, updated_at=NOW)
    landing.land("stories", "story", {**known, "kafka_partition": 0, "kafka_offset": 0})
    path = f"/api/v1/topics/{whole['id']}"
    expected = [told[5], told[2], told[0]]
    assert api.get(path).json() == {"topic": whole, "assignments": expected, "stories": [known], "next": None}
    first = api.get(path, limit=2).json()
    assert first["assignments"] == expected[:2]
    assert api.get(path, limit=2, before=first["next"]).json()["assignments"] == expected[2:]
    assert api.get(f"/api/v1/topics/{'e' * 32}").status_code == 404
    assert api.get("/api/v1/topics/no-id").status_code == 422


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
