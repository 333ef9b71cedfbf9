import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from api.catalogue import LIVE
from api.positions import TopicPosition, decode, encode
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.mentions import Publisher, mention, trend
from tests.support.sse import SseClient
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka
TOPICS = tuple(LIVE)


@pytest.fixture
def topics(kafka: Broker, prefix: str) -> str:
    create_topics(kafka.bootstrap, prefix, TOPICS)
    return prefix


@pytest.fixture
def start_api(kafka: Broker, topics: str, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    started: list[Api] = []

    def start(**settings: object) -> Api:
        own = {"stream_heartbeat_s": 0.3, "stream_retry_ms": 50, "drain_s": 3, **settings}
        api = Api(kafka.bootstrap, topics, tmp_path / f"api{len(started)}.log", **own)
        started.append(api)
        return api.start()

    yield start
    for api in started:
        api.stop()


@pytest.fixture
def publisher(kafka: Broker, topics: str) -> Publisher:
    return Publisher(kafka.bootstrap, topics)


def ids(client: SseClient) -> list[str]:
    return [one["id"] for one in client.of("mentions")]


def expected(*numbers: int) -> list[str]:
    return [f"x:{number}" for number in numbers]


def test_only_what_is_committed_is_sent_whole_and_with_an_id(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    client = SseClient(start_api().url).connect().opened()
    record = mention(2, text="dua\nbaris", emotions={"joy": 0.5, "anger": 0.25})
    publisher.publish(mention(1))
    publisher.publish(mention(9), mention(10), abort=True)
    publisher.publish(record)
    client.until(lambda: len(ids(client)) == 2, "two mentions")
    seen = len(client.of("heartbeat"))
    client.until(lambda: len(client.of("heartbeat")) > seen, "a later heartbeat")
    client.stop()
    assert ids(client) == expected(1, 2)
    assert client.of("mentions")[1] == record
    assert all(one.id for one in client.events)
    assert client.events[0].event == "open"
    assert client.headers["content-type"].startswith("text/event-stream")
    assert client.headers["cache-control"] == "no-store"


def test_open_tells_what_was_asked_and_where_the_stream_stands(start_api: Callable[..., Api]) -> None:
    client = (
        SseClient(start_api().url, {"topics": "trends,mentions", "platform": "twitter", "keyword": "a,b"})
        .connect()
        .opened()
    )
    client.stop()
    (said,) = client.of("open")
    assert said["topics"] == ["mentions", "trends"]
    assert said["filter"] == {"keyword": ["a", "b"], "platform": ["x"]}
    assert said["requested"] is None
    assert said["gap"] is None
    assert said["position"] == client.events[0].id
    assert {name: len(at.offsets) for name, at in decode(said["position"]).items()} == {
        "mentions": 4,
        "trends": 4,
    }


def test_filters_decide_live_and_in_replay(start_api: Callable[..., Api], publisher: Publisher) -> None:
    api = start_api()
    queries: list[dict[str, str]] = [
        {"sentiment": "negative,neutral"},
        {"platform": "reddit"},
        {"keyword": "bbca", "language": "en"},
        {"symbol": "bbca.jk"},
        {"topics": "mentions,trends", "kind": "keyword", "keyword": "bbca", "platform": "all"},
    ]
    wanted = [
        expected(1, 2),
        expected(2),
        expected(3),
        expected(3, 4),
        [*expected(3, 4), "keyword:bbca"],
    ]
    live = [SseClient(api.url, query).connect().opened() for query in queries]
    starts = [client.last_id for client in live]
    publisher.publish(mention(1, sentiment="negative"), mention(2, sentiment="neutral", platform="reddit"))
    publisher.publish(mention(3, keywords=["bbca"], symbols=["BBCA.JK"], language="en"))
    publisher.publish(mention(4, keywords=["bbca"], symbols=["BBCA.JK"]), mention(5))
    publisher.publish(
        trend("keyword", "bbca"), trend("keyword", "bbca", platform="x"), trend("all", ""), topic="trends"
    )

    def got(client: SseClient) -> list[str]:
        trends = [":".join(one["id"].split(":")[:2]) for one in client.of("trends")]
        return sorted([*ids(client), *trends])

    def came(client: SseClient, own: list[str]) -> None:
        client.until(lambda: got(client) == sorted(own), f"{own}")

    replayed = [
        SseClient(api.url, query).connect(start).opened()
        for query, start in zip(queries, starts, strict=True)
    ]
    for client, own in zip([*live, *replayed], [*wanted, *wanted], strict=True):
        came(client, own)
        client.stop()


def test_an_old_id_gets_all_that_came_since_then_what_comes(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api()
    first = SseClient(api.url).connect().opened()
    first.stop()
    for start in range(0, 3000, 100):
        publisher.publish(*[mention(number) for number in range(start, start + 100)])
        publisher.publish(mention(-1), abort=True)
    client = SseClient(api.url).connect(first.last_id)
    client.until(lambda: len(ids(client)) >= 3000, "the past")
    publisher.publish(*[mention(number) for number in range(3000, 3100)])
    client.until(lambda: len(ids(client)) >= 3100, "the present")
    client.stop()
    assert sorted(ids(client)) == sorted(expected(*range(3100)))
    assert client.of("open")[0]["requested"] == first.last_id
    assert client.of("reset") == []


def test_an_id_in_the_query_serves_clients_that_cannot_send_headers_and_the_header_wins(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api()
    early = SseClient(api.url).connect().opened()
    publisher.publish(mention(1))
    early.until(lambda: ids(early) == expected(1), "the first")
    early.stop()
    start = early.events[0].id
    by_query = SseClient(api.url, {"last_event_id": start}).connect()
    by_query.until(lambda: ids(by_query) == expected(1), "the first again")
    by_header = SseClient(api.url, {"last_event_id": start, "since": "0"}).connect(early.last_id).opened()
    publisher.publish(mention(2))
    by_header.until(lambda: len(ids(by_header)) > 0, "the second")
    assert ids(by_header) == expected(2)
    by_query.stop()
    by_header.stop()


def test_since_starts_at_a_time(start_api: Callable[..., Api], publisher: Publisher) -> None:
    api = start_api()
    everything = SseClient(api.url).connect().opened()
    publisher.publish(*[mention(number) for number in range(8)])
    everything.until(lambda: len(ids(everything)) == 8, "the first eight")
    boundary = int(max(one.at for one in everything.events) * 1000) + 1
    everything.until(
        lambda: any(beat["at"] > boundary + 5 for beat in everything.of("heartbeat")), "time to pass"
    )
    publisher.publish(*[mention(number) for number in range(8, 16)])
    late = SseClient(api.url, {"since": str(boundary)}).connect()
    late.until(lambda: len(ids(late)) >= 8, "the second eight")
    assert sorted(ids(late)) == sorted(expected(*range(8, 16)))
    from_the_start = SseClient(api.url, {"since": "2020-01-01"}).connect()
    from_the_start.until(lambda: len(ids(from_the_start)) >= 16, "all")
    assert sorted(ids(from_the_start)) == sorted(expected(*range(16)))
    for client in (everything, late, from_the_start):
        client.stop()


def test_heartbeats_advance_the_position_of_a_sparse_filter(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api()
    client = SseClient(api.url, {"keyword": "rare"}).connect().opened()
    publisher.publish(*[mention(number) for number in range(40)])
    publisher.publish(*[mention(number) for number in range(40, 50)], abort=True)

    def passed() -> int:
        return sum(decode(client.last_id)["mentions"].offsets)

    # 40 records, 10 aborted ones, and the markers of two transactions.
    client.until(lambda: passed() >= 50, "heartbeats past all of them")
    client.cut()
    publisher.publish(mention(50, keywords=["rare"]))
    client.connect()
    client.until(lambda: len(ids(client)) == 1, "the rare one")
    client.stop()
    assert ids(client) == expected(50)
    assert all(
        one["position"] == event.id
        for one, event in zip(
            client.of("heartbeat"), [e for e in client.events if e.event == "heartbeat"], strict=True
        )
    )


@pytest.mark.parametrize("junk", ["latest", "AQ", "12345", "x" * 5000])
def test_an_unknown_id_is_reset_to_now(
    start_api: Callable[..., Api], publisher: Publisher, junk: str
) -> None:
    api = start_api()
    publisher.publish(mention(1))
    client = SseClient(api.url).connect(junk).opened()
    client.until(lambda: bool(client.of("reset")), "a reset")
    publisher.publish(mention(2))
    client.until(lambda: "x:2" in ids(client), "the next mention")
    client.stop()
    (said,) = client.of("reset")
    assert said["reasons"] == ["unknown"]
    assert said["missing"] == [
        {"topic": "mentions", "reason": "unknown", "partitions": [], "snapshot": "/api/v1/mentions"}
    ]
    assert client.of("open")[0]["gap"] == said["missing"]


def test_expired_offsets_are_named(
    kafka: Broker, topics: str, start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api()
    client = SseClient(api.url).connect().opened()
    client.cut()
    for number in range(10):
        publisher.publish(mention(number), partition=1)
    start = decode(client.last_id)["mentions"].offsets[1]
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    for future in admin.delete_records([TopicPartition(topics + "mentions", 1, start + 12)]).values():
        future.result(30)
    client.connect()
    client.until(lambda: len(ids(client)) == 4, "what is left")
    client.stop()
    (said,) = client.of("reset")
    assert said["missing"] == [
        {
            "topic": "mentions",
            "reason": "expired",
            "partitions": [{"partition": 1, "from": start, "to": start + 12}],
            "snapshot": "/api/v1/mentions",
        }
    ]
    # Each transaction took two offsets: its record and its marker.
    assert ids(client) == expected(6, 7, 8, 9)


def test_an_id_beyond_the_log_is_reset(start_api: Callable[..., Api], publisher: Publisher) -> None:
    api = start_api()
    client = SseClient(api.url).connect().opened()
    client.cut()
    at = decode(client.last_id)["mentions"]
    beyond = encode({"mentions": TopicPosition(at.epoch, (at.offsets[0] + 500, *at.offsets[1:]))})
    client.connect(beyond).opened()
    client.until(lambda: bool(client.of("reset")), "a reset")
    publisher.publish(mention(1, keywords=[]), partition=0)
    client.until(lambda: ids(client) == expected(1), "the next mention")
    client.stop()
    assert client.of("reset")[0]["reasons"] == ["ahead"]
    assert client.of("reset")[0]["missing"][0]["partitions"] == [
        {"partition": 0, "from": at.offsets[0], "to": at.offsets[0] + 500}
    ]


def test_a_topic_made_again_is_another_topic(
    kafka: Broker, topics: str, start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api(stream_refresh_s=0.3)
    client = SseClient(api.url, {"topics": "mentions,trends"}, follow=True).connect().opened()
    publisher.publish(trend("all", ""), topic="trends")
    client.until(lambda: len(client.of("trends")) == 1, "a trend")
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.delete_topics([topics + "mentions"])[topics + "mentions"].result(30)
    create_topics(kafka.bootstrap, topics, ["mentions"])
    # It may be closed twice: once when the old topic is found gone, and again when the new one is found.
    client.until(lambda: bool(client.of("reset")), "a reset")
    publisher.publish(mention(1))
    client.until(lambda: ids(client) == expected(1), "the next mention")
    client.stop()
    assert client.of("close")
    assert all(close == {"reason": "recreated"} for close in client.of("close"))
    assert [(gap["topic"], gap["reason"]) for gap in client.of("reset")[0]["missing"]] == [
        ("mentions", "foreign")
    ]
    assert len(client.of("trends")) == 1


def test_partitions_added_are_read_from_their_beginning(
    kafka: Broker, topics: str, start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api(stream_refresh_s=0.5)
    client, cut = SseClient(api.url).connect().opened(), SseClient(api.url).connect().opened()
    cut.cut()
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    admin.create_partitions([NewPartitions(topics + "mentions", 6)])[topics + "mentions"].result(30)
    later = Publisher(kafka.bootstrap, topics)
    # The controller has made them; what a producer is told of follows.
    until(lambda: later.knows("mentions", 5), "the new partitions can be written to")
    for number in range(6):
        later.publish(mention(number), partition=number)
    for one in (client, cut.connect()):
        one.expect("mentions", 6)
        assert sorted(ids(one)) == expected(*range(6))
        assert len(decode(one.last_id)["mentions"].offsets) == 6
        assert one.of("reset") == []
        one.stop()


def test_a_client_that_is_too_slow_is_closed_and_can_go_on(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    api = start_api(stream_buffer_bytes=300_000, stream_buffer_events=100)
    gate = threading.Event()

    def stall(event: Any) -> None:
        if event.event == "mentions":
            gate.wait(60)

    slow = SseClient(api.url, on_event=stall).connect().opened()
    fast = SseClient(api.url).connect().opened()
    text = "panjang " * 3000
    for start in range(0, 400, 10):
        publisher.publish(*[mention(number, text=text) for number in range(start, start + 10)])
        fast.expect("mentions", start + 10)
    gate.set()
    slow.until(lambda: not slow.open, "the close")
    assert slow.of("close") == [{"reason": "overflow"}]
    assert len(ids(slow)) < 400
    slow.connect()
    slow.until(lambda: len(ids(slow)) >= 400, "the rest")
    for client in (slow, fast):
        client.stop()
        assert sorted(ids(client)) == sorted(expected(*range(400)))
    told = 'denyut_stream_closes_total{reason="overflow"} 1.0'
    until(lambda: told in api.get("/metrics").text, "the close is counted")


def test_replays_take_turns_when_the_pool_is_taken(
    start_api: Callable[..., Api], publisher: Publisher
) -> None:
    # What is in memory takes no place in the pool.
    api = start_api(stream_replays=1, stream_recent_events=0)
    first = SseClient(api.url).connect().opened()
    first.stop()
    text = "panjang " * 3000
    for start in range(0, 1000, 50):
        publisher.publish(*[mention(number, text=text) for number in range(start, start + 50)])
    gate = threading.Event()

    def hold(_: Any) -> None:
        gate.wait(60)

    holding = SseClient(api.url, on_event=hold).connect(first.last_id)
    holding.until(lambda: bool(holding.events), "the pool to be taken")
    waiting = SseClient(api.url).connect(first.last_id).opened()
    waiting.until(lambda: len(waiting.of("heartbeat")) >= 2, "heartbeats meanwhile")
    assert ids(waiting) == []
    gate.set()
    for client in (holding, waiting):
        client.expect("mentions", 1000)
        client.stop()
        assert sorted(ids(client)) == sorted(expected(*range(1000)))


def test_sigterm_says_farewell_and_ends_with_0(start_api: Callable[..., Api], publisher: Publisher) -> None:
    api = start_api()
    client = SseClient(api.url).connect().opened()
    publisher.publish(mention(1))
    client.until(lambda: ids(client) == expected(1), "a mention")
    assert api.stop() == 0
    client.until(lambda: not client.open, "the end")
    assert client.of("close") == [{"reason": "shutdown"}]
    assert client.events[-1].id
    client.stop()
