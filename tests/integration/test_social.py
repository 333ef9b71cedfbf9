"""Social collectors as processes: keywords in Kafka drive them, kills lose nothing, and counts read again land in their table."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer

from producers.clock import now_ms
from sinks.clickhouse.migrate import migrations
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.direct import land
from tests.support.keywords import keyword
from tests.support.producers import CODEC, TOPICS, Counter, Producers
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstreams.x import XUpstream

pytestmark = pytest.mark.kafka


@pytest.fixture
def server() -> Iterator[XUpstream]:
    upstream = XUpstream()
    yield upstream
    upstream.close()


@pytest.fixture
def producers(kafka: Broker, prefix: str, tmp_path: Path) -> Producers:
    create_topics(kafka.bootstrap, prefix, [*TOPICS, "keywords", "engagements"])
    return Producers(kafka.bootstrap, prefix, tmp_path)


def write(producers: Producers, name: str, value: bytes | None) -> None:
    producer = Producer({"bootstrap.servers": producers.bootstrap})
    producer.produce(f"{producers.prefix}keywords", key=name, value=value)
    assert producer.flush(30) == 0


def test_a_keyword_that_is_added_is_searched_for_and_kills_lose_nothing(
    producers: Producers, server: XUpstream, clickhouse: EmbeddedClickHouse
) -> None:
    expected = server.publish(7)
    given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
    settings = {
        **given,
        "x_interval_s": "1",
        "x_engagements": "2",
        "engagements_interval_s": "1",
        "checkpoint_s": "0",
        "backoff_s": "1",
    }
    told = Counter(producers.bootstrap, f"{producers.prefix}posts")
    read_again = Counter(producers.bootstrap, f"{producers.prefix}engagements")
    runs = Counter(producers.bootstrap, f"{producers.prefix}runs")
    with producers.start("run", "x", **settings) as (process, _):
        until(lambda: runs() > 0, "a run without keywords")
        assert not server.server.at("/2/tweets/search/recent")
        write(producers, "ihsg", CODEC.encode("keyword", keyword("ihsg", text="IHSG")))
        until(lambda: told() > 0, "posts of the keyword")
        process.kill()
    expected += server.publish(3)
    with producers.start("run", "x", **settings) as (process, log):
        # What was told before the kill may be told again, so the number of records says nothing.
        until(lambda: {post["id"] for post in producers.records("posts")} >= set(expected), "all posts")
        until(lambda: read_again() >= 2, "counts of the latest two")
        write(producers, "ihsg", None)
        asked = runs()
        until(lambda: runs() >= asked + 4, "runs after the keyword is gone")
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    found = [post["id"] for post in producers.records("posts")]
    assert set(found) == set(expected), "nothing lost; what came twice has the same id"
    remarks = [run["error"] for run in producers.records("runs") if run["source"] == "search"]
    assert "there are no active keywords" in str(remarks[0])
    assert "there are no active keywords" in str(remarks[-1])
    assert all(run["quota_left"] != 0 for run in producers.records("runs"))

    counts = producers.records("engagements")
    assert {one["post_id"] for one in counts} <= set(expected)
    database = f"t{uuid.uuid4().hex[:10]}"
    clickhouse.client("default").command(f"CREATE DATABASE {database}")
    client = clickhouse.client(database)
    # Of all migrations the one that is asked about: the whole takes seconds.
    [statements] = [each for _, name, each in migrations() if name.endswith("_engagements.sql")]
    for statement in statements:
        client.command(statement)
    later = [{**one, "read_at": now_ms() + 60_000, "likes": 99, "views": None} for one in counts[-1:]]
    land(client, "engagements", [*later, *counts])
    latest = clickhouse.rows(
        "SELECT post_id, likes, shares, comments, views FROM latest_engagements ORDER BY post_id", database
    )
    assert len(latest) == len({one["post_id"] for one in counts})
    again = counts[-1]["post_id"]
    assert [row[1:] for row in latest if row[0] != again] == [(5, 3, 3, 700)] * (len(latest) - 1)
    # The value itself, also where the latest reading does not say it, is the latest that was said.
    assert [row[1:4] for row in latest if row[0] == again] == [(99, 3, 3)]
