"""The sink as a process: what is published lands once, what cannot land is named, what lies is refused."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.errors import Fatal
from schemas.positions import Owed, range_metadata
from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks import report
from sinks.clickhouse import preflight
from sinks.clickhouse.assignment import still_stands
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.lane import Lane
from sinks.clickhouse.migrate import migrate
from sinks.ranges import Limits, Positions
from sinks.settings import ClickHouseSinkSettings
from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.exactly import sink_settings
from tests.support.kafka_reading import read_all
from tests.support.landing import CODEC, COLLECTED, mentions, publish, run_sinks, start_sink
from tests.support.rooms import Room
from tests.support.topics import create_topics
from tests.support.until import until

Start = Callable[..., Room]

_LOADING = (
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
)


@pytest.fixture
def settings(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str
) -> ClickHouseSinkSettings:
    return sink_settings(clickhouse, kafka.bootstrap, prefix, database)


@pytest.fixture
def start(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, tmp_path: Path
) -> Iterator[Start]:
    """Starts sinks; whatever still runs at the end is stopped and must have ended with 0."""
    create_topics(kafka.bootstrap, prefix, LANDED)
    running: list[Room] = []

    def start(**options: Any) -> Room:
        process = start_sink(clickhouse, kafka.bootstrap, prefix, database, tmp_path / "sink.log", **options)
        running.append(process)
        return process

    yield start
    for process in running:
        process.terminate()
    for process in running:
        process.wait(60)


def landed(clickhouse: EmbeddedClickHouse, database: str, table: str = "mentions") -> int:
    """Rows of a table; 0 while it is not there yet."""
    with suppress(Exception):
        return int(clickhouse.value(f"SELECT count() FROM {table}", database))
    return 0


def committed(kafka: Broker, prefix: str, topic: str) -> dict[int, int]:
    """Committed offsets by partition; none where the group's coordinator is still loading and cannot tell."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": prefix + "clickhouse"})
    try:
        asked = [TopicPartition(prefix + topic, number) for number in range(TOPICS[topic].partitions(4))]
        found = consumer.committed(asked, timeout=60)
    except KafkaException as error:
        if error.args[0].code() not in _LOADING:
            raise
        return {}
    finally:
        consumer.close()
    return {position.partition: position.offset for position in found if position.offset >= 0}


@contextmanager
def stopped(process: Room) -> Iterator[None]:
    process.terminate()
    assert process.wait(60) == 0
    yield


def test_mentions_land_once_with_their_position_and_the_markers_are_passed(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, start: Start
) -> None:
    publish(kafka.bootstrap, prefix, "mentions", mentions(4000), transactions=10, abort_between=True)
    sink = start()
    until(lambda: landed(clickhouse, database) >= 4000, "all mentions")
    ends = _ends(kafka, prefix, "mentions")
    until(lambda: committed(kafka, prefix, "mentions") == ends, "the end is committed, markers and all")
    with stopped(sink):
        assert clickhouse.rows(
            "SELECT count(), uniqExact(id), uniqExact((kafka_partition, kafka_offset)), countIf(id LIKE 'aborted%') FROM mentions",
            database,
        ) == [(4000, 4000, 4000, 0)]
    row = clickhouse.rows(
        "SELECT text, likes, shares, author_verified, toUnixTimestamp64Milli(event_at), toUnixTimestamp64Milli(collected_at), "
        "emotions['joy'], keywords, fingerprint, origin_partition, kafka_partition, landed_at > collected_at FROM mentions WHERE id = 'x:8'",
        database,
    )[0]
    assert row[0] == "$BBCA naik 8, 'kutip' \\ dan\tàé " + "kata " * 8
    assert row[1:] == (3, None, None, 1_420_070_408_000, COLLECTED + 8, 0.5, ["k1", "k2"], -8, 0, 0, 1)
    assert dict(
        clickhouse.rows("SELECT keyword, sum(mentions) FROM sentiment_metrics GROUP BY keyword", database)
    ) == {"": 4000, "k1": 1000, "k2": 1000}
    assert clickhouse.value(
        "SELECT sum(engagement) FROM sentiment_metrics WHERE keyword = ''", database
    ) == sum(n % 5 + 1 for n in range(4000))


def test_what_cannot_land_is_a_dead_letter_and_the_rest_lands(
    clickhouse: EmbeddedClickHouse,
    kafka: Broker,
    prefix: str,
    database: str,
    start: Start,
    settings: ClickHouseSinkSettings,
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = mentions(40, 1)
    keyword = CODEC.encode("keyword", _keyword("k9"))
    bad: list[tuple[str, bytes | None, int | None]] = [
        ("no header", b"{}", 0),
        ("unknown schema", b"\x00\x00\x00\xff\xff", 0),
        ("another event", keyword, 0),
        ("cut short", (good[0][1] or b"")[:-30], 0),
        ("tombstone", None, 0),
    ]
    publish(kafka.bootstrap, prefix, "mentions", good[:20] + bad + good[20:], transactions=1)
    publish(kafka.bootstrap, prefix, "posts", [("p", b"\x00rubbish", 0)])
    publish(
        kafka.bootstrap,
        prefix,
        "keywords",
        [("k9", keyword, 0), ("k8", CODEC.encode("keyword", _keyword("k8")), 0), ("k9", None, 0)],
    )
    sink = start()
    until(lambda: landed(clickhouse, database, "dead_letters") >= 5, "dead letters")
    until(lambda: landed(clickhouse, database, "keywords") >= 3, "keywords")
    until(lambda: landed(clickhouse, database) >= 40, "what is good")
    assert landed(clickhouse, database) == 40
    letters = clickhouse.rows(
        "SELECT reason, origin, origin_offset, raw_size FROM dead_letters ORDER BY origin_offset", database
    )
    assert [(reason, offset) for reason, _, offset, _ in letters] == [
        ("undecodable", 20),
        ("undecodable", 21),
        ("invalid", 22),
        ("undecodable", 23),
        ("malformed", 24),
    ]
    assert letters[0][1] == f"{prefix}mentions:0:20"
    assert letters[3][3] == len(good[0][1] or b"") - 30
    assert clickhouse.rows("SELECT id, deleted FROM keywords ORDER BY kafka_offset", database) == [
        ("k9", False),
        ("k8", False),
        ("k9", True),
    ]
    assert clickhouse.rows("SELECT id FROM latest_keywords", database) == [("k8",)]
    with stopped(sink):
        shown = run_sinks(settings, "dead-letters", "show", f"clickhouse:{prefix}mentions:0:22:invalid")
        assert bytes.fromhex(orjson.loads(shown.stdout)["raw"]) == keyword
        assert _letters(settings, capsys, "list", "--reason", "invalid").count("\n") == 1
        told = _letters(settings, capsys, "redrive", f"clickhouse:{prefix}mentions:0:22:invalid")
        assert told == f"published 1 to {prefix}mentions\n"
        with pytest.raises(Fatal, match="it was redriven before, --again"):
            _letters(settings, capsys, "redrive", f"clickhouse:{prefix}mentions:0:22:invalid")
        with pytest.raises(Fatal, match="it has no bytes"):
            _letters(settings, capsys, "redrive", f"clickhouse:{prefix}mentions:0:24:malformed")
        with pytest.raises(Fatal, match="no dead letter with the id 'x'"):
            _letters(settings, capsys, "redrive", "x")
        with pytest.raises(Fatal, match="--all"):
            _letters(settings, capsys, "redrive")
        told = _letters(settings, capsys, "redrive", "--topic", f"{prefix}mentions", "--stage", "clickhouse")
        assert f"published 3 to {prefix}mentions; left out 1: it has no bytes" in told
        assert "left out 1: it was redriven before" in told
        told = _letters(settings, capsys, "redrive", "--again", f"clickhouse:{prefix}mentions:0:22:invalid")
        assert told == f"published 1 to {prefix}mentions\n"
        assert "invalid      redriven" in _letters(settings, capsys, "list", "--reason", "invalid")
    assert sum(_ends(kafka, prefix, "mentions").values()) == 51, "45, the marker, and five published again"
    again = [
        message
        for message in read_all(kafka.bootstrap, f"{prefix}mentions")
        if message.key() == b"another event"
    ]
    assert [message.value() for message in again] == [keyword] * 3


def test_a_lost_or_turned_back_offset_and_a_topic_made_again_are_fatal(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, start: Start, tmp_path: Path
) -> None:
    publish(kafka.bootstrap, prefix, "mentions", mentions(100, 1))
    sink = start()
    until(lambda: committed(kafka, prefix, "mentions").get(0) == 100, "committed")
    with stopped(sink):
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap})
    group = prefix + "clickhouse"
    position = TopicPartition(prefix + "mentions", 0, 50)
    until(
        lambda: _try(
            lambda: admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, [position])])[
                group
            ].result(60)
        ),
        "group is empty",
    )
    assert start().wait(60) == 1
    assert "the group's offset went back" in (tmp_path / "sink.log").read_text()
    until(lambda: _try(lambda: admin.delete_consumer_groups([group])[group].result(60)), "group is empty")
    assert start().wait(60) == 1
    assert "has no committed offset, but table mentions has 100" in (tmp_path / "sink.log").read_text()
    admin.delete_topics([prefix + "mentions"])[prefix + "mentions"].result(60)
    until(lambda: _try(lambda: create_topics(kafka.bootstrap, prefix, ["mentions"])), "topic made again")
    assert start().wait(60) == 1
    assert "the topic was made again" in (tmp_path / "sink.log").read_text()
    assert landed(clickhouse, database) == 100


def test_a_sink_that_has_refused_too_much_refuses_no_more_after_a_restart(
    clickhouse: EmbeddedClickHouse, kafka: Broker, prefix: str, database: str, start: Start, tmp_path: Path
) -> None:
    """Nine of ten have been given up before it is stopped: the tenth must not be another first."""
    few = {"DENYUT_SINK_REFUSED_LEAST": "10", "DENYUT_SINK_REFUSED_WINDOW_S": "6000"}
    bad: list[tuple[str, bytes | None, int | None]] = [("bad", b"nothing", 0)]
    publish(kafka.bootstrap, prefix, "mentions", [*mentions(20, 1), *bad * 9])
    sink = start(settings=few)
    until(lambda: committed(kafka, prefix, "mentions").get(0) == 29, "committed")
    # A restart knows of what is in the tables (ADR 17), and the letters land by way of Kafka.
    until(
        lambda: clickhouse.value("SELECT count() FROM dead_letters", database) == 9, "the letters have landed"
    )
    with stopped(sink):
        publish(kafka.bootstrap, prefix, "mentions", bad)
    for _ in range(2):
        assert start(settings=few).wait(60) == 1
    assert (tmp_path / "sink.log").read_text().count(
        "10 of the 30 records of the last 6000 s cannot land"
    ) >= 2
    assert committed(kafka, prefix, "mentions").get(0) == 29, "the tenth is still owed"
    assert sum(_ends(kafka, prefix, "dead-letters").values()) == 9


def test_preflight_names_the_column(
    clickhouse: EmbeddedClickHouse, database: str, settings: ClickHouseSinkSettings
) -> None:
    assert migrate(settings) > 10
    assert migrate(settings) == 0, "a second run has nothing to do"
    client = clickhouse.client(database)
    preflight.check(client, database)
    assert (
        clickhouse.value(
            "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'mentions'",
            database,
        ).count("toIntervalDay(200)")
        == 1
    )
    migrate(settings.model_copy(update={"mentions_days": 100}))
    assert (
        clickhouse.value(
            "SELECT create_table_query FROM system.tables WHERE database = currentDatabase() AND name = 'mentions'",
            database,
        ).count("toIntervalDay(100)")
        == 1
    )
    client.command("ALTER TABLE mentions MODIFY COLUMN enriched_at DateTime64(6, 'UTC')")
    with pytest.raises(Fatal, match=r"mentions\.enriched_at"):
        preflight.check(client, database)
    client.command("ALTER TABLE mentions MODIFY COLUMN enriched_at DateTime64(3, 'UTC')")
    client.command("ALTER TABLE mentions DROP COLUMN url")
    preflight.check(client, database)
    shown = "SELECT type, default_expression FROM system.columns WHERE database = currentDatabase() AND table = 'mentions' AND name = '{}'"
    assert clickhouse.rows(shown.format("url"), database) == [
        ("Nullable(String)", "CAST(NULL, 'Nullable(String)')")
    ]
    client.command("ALTER TABLE mentions DROP COLUMN language")
    with pytest.raises(Fatal, match="Mention does not fit table mentions: field 'language' is new"):
        preflight.check(client, database)
    client.command("ALTER TABLE mentions ADD COLUMN language LowCardinality(String)")
    client.command("ALTER TABLE sentiment_metrics RESET SETTING non_replicated_deduplication_window")
    with pytest.raises(Fatal, match="sentiment_metrics remembers 0"):
        preflight.check(client, database)
    client.close()


def _letters(settings: ClickHouseSinkSettings, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `python -m sinks dead-letters …` says, without a process of its own."""
    parser = argparse.ArgumentParser()
    report.arguments(parser.add_subparsers(dest="command"))
    capsys.readouterr()
    assert report.print_letters(parser.parse_args(["dead-letters", *words]), settings) == 0
    return capsys.readouterr().out


def _keyword(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "text": name,
        "category": "c",
        "priority": 1,
        "active": True,
        "languages": [],
        "query": None,
        "monitoring_start": None,
        "updated_at": 1,
    }


def _ends(kafka: Broker, prefix: str, topic: str) -> dict[int, int]:
    consumer = Consumer(
        {"bootstrap.servers": kafka.bootstrap, "group.id": "nobody", "isolation.level": "read_committed"}
    )
    try:
        return {
            partition: consumer.get_watermark_offsets(TopicPartition(prefix + topic, partition), timeout=60)[
                1
            ]
            for partition in range(4)
        }
    finally:
        consumer.close()


def _try(act: Callable[[], object]) -> bool:
    with suppress(Exception):
        act()
        return True
    return False


def test_a_group_that_has_moved_on_is_told_from_a_lost_offset(kafka: Broker, prefix: str) -> None:
    create_topics(kafka.bootstrap, prefix, ["mentions"])
    topic = f"{prefix}mentions"
    landed = Landed("mentions", topic, "id", "mention", "mentions")
    limits = Limits(10, 1000, 1.0)
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": f"{prefix}group"})

    def lane(committed: int | None, *stored: Owed) -> Lane:
        return Lane(landed, 0, Positions(committed or 0, limits, list(stored)), committed, stored)

    def commit(offset: int, *stored: Owed) -> None:
        place = TopicPartition(topic, 0, offset, range_metadata(stored))
        [done] = consumer.commit(offsets=[place], asynchronous=False)
        assert done.error is None

    try:
        assert still_stands(consumer, lane(None), 10)
        commit(5)
        assert not still_stands(consumer, lane(None), 10), "somebody has begun"
        assert still_stands(consumer, lane(5), 10)
        commit(5, Owed(5, 9))
        assert not still_stands(consumer, lane(5), 10), "somebody has stored a range"
        assert still_stands(consumer, lane(5, Owed(5, 9)), 10)
        commit(9)
        assert not still_stands(consumer, lane(5, Owed(5, 9)), 10), "somebody has landed it"
    finally:
        consumer.close()
