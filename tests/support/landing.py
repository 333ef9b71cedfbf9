"""Mentions for landing: made by number, encoded by the codec, published in transactions like a stage does."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from schemas.codec import Codec
from schemas.registry import PinnedIds
from sinks.settings import ClickHouseSinkSettings
from tests.support import rooms
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.rooms import Room

CODEC = Codec(PinnedIds())
SENTIMENTS = ("positive", "negative", "neutral")
DAY_ONE = 1_420_070_400_000
COLLECTED = int(time.time()) // 3600 * 3_600_000
"""Of today, so that no retention takes it away, and the first millisecond of an hour."""


def mention(number: int, partition: int = 0) -> dict[str, Any]:
    """A mention whose every figure is a function of its number."""
    return {
        "id": f"x:{number}",
        "platform": ("x", "reddit")[number % 2],
        "source": "stocknet",
        "kind": "post",
        "url": None,
        "title": None,
        "text": f"$BBCA naik {number}, 'kutip' \\ dan\tàé " + "kata " * (number % 20),
        "lang": "id",
        "author_id": f"a{number % 97}",
        "author_name": None,
        "author_handle": None,
        "author_followers": number,
        "author_verified": None,
        "likes": number % 5,
        "shares": None,
        "comments": 1,
        "views": None,
        "parent_id": None,
        "matched": [],
        "symbols": ["BBCA.JK"],
        "published_at": DAY_ONE + number * 1000,
        "published_precision": "second",
        "event_at": DAY_ONE + number * 1000,
        "collected_at": COLLECTED + number,
        "collector": "replay",
        "language": "id",
        "sentiment": SENTIMENTS[number % 3],
        "confidence": 0.5,
        "positive": 0.5,
        "negative": 0.25,
        "neutral": 0.25,
        "emotion": "joy",
        "emotion_confidence": 0.5,
        "emotions": {"joy": 0.5, "fear": 0.5},
        "keywords": ["k1", "k2"] if number % 4 == 0 else [],
        "hashtags": ["ihsg"],
        "fingerprint": -number,
        "truncated": False,
        "model_version": "m1",
        "enriched_at": COLLECTED + number + 5,
        "origin_topic": "posts",
        "origin_partition": partition,
        "origin_offset": number,
    }


def publish(
    bootstrap: str,
    prefix: str,
    topic: str,
    values: Sequence[tuple[str, bytes | None, int | None]],
    *,
    transactions: int = 0,
    abort_between: bool = False,
) -> None:
    """Publish (key, value, partition) records; in that many transactions, with aborted ones between if asked."""
    config: dict[str, Any] = {"bootstrap.servers": bootstrap, "linger.ms": 5, "partitioner": "murmur2_random"}
    if not transactions:
        _send(Producer(config), prefix + topic, values)
        return
    producer = Producer({**config, "transactional.id": f"{prefix}{topic}.writer"})
    producer.init_transactions(60)
    size = -(-len(values) // transactions)
    for start in range(0, len(values), size):
        if abort_between:
            producer.begin_transaction()
            _send(producer, prefix + topic, [("aborted-" + key, value, at) for key, value, at in values[:3]])
            producer.abort_transaction(60)
        producer.begin_transaction()
        _send(producer, prefix + topic, values[start : start + size])
        producer.commit_transaction(60)


def _send(producer: Producer, topic: str, values: Sequence[tuple[str, bytes | None, int | None]]) -> None:
    for key, value, partition in values:
        # -1 lets the partitioner choose.
        producer.produce(topic, key=key, value=value, partition=-1 if partition is None else partition)
        producer.poll(0)
    assert producer.flush(60) == 0


def mentions(count: int, partitions: int = 4, first: int = 0) -> list[tuple[str, bytes | None, int | None]]:
    """Encoded mentions, dealt to the partitions in turn."""
    return [
        (f"x:{number}", CODEC.encode("mention", mention(number, number % partitions)), number % partitions)
        for number in range(first, first + count)
    ]


def start_sink(
    clickhouse: EmbeddedClickHouse,
    bootstrap: str,
    prefix: str,
    database: str,
    log: Path,
    *,
    module: str = "sinks",
    settings: Mapping[str, str] | None = None,
) -> Room:
    """A real sink process, quick to flush."""
    environment = {
        **os.environ,
        **clickhouse.environment(database),
        "DENYUT_KAFKA": bootstrap,
        "DENYUT_TOPIC_PREFIX": prefix,
        "DENYUT_SINK_LINGER_MS": "50",
        "DENYUT_SINK_SESSION_TIMEOUT_MS": "6000",
        **(settings or {}),
    }
    with log.open("ab") as out:
        return rooms.start([module, "clickhouse"], environment, out.fileno(), out.fileno())


def run_sinks(settings: ClickHouseSinkSettings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """`python -m sinks …` with these settings; its output."""
    environment = {
        **os.environ,
        "DENYUT_KAFKA": settings.kafka,
        "DENYUT_TOPIC_PREFIX": settings.topic_prefix,
        "DENYUT_CLICKHOUSE_URL": settings.clickhouse_url,
        "DENYUT_CLICKHOUSE_DATABASE": settings.clickhouse_database,
        "DENYUT_CLICKHOUSE_USER": settings.clickhouse_user,
        "DENYUT_CLICKHOUSE_PASSWORD": settings.clickhouse_password.get_secret_value(),
    }
    return rooms.run(["sinks", *arguments], environment)
