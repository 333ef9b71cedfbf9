"""Collectors follow the keywords in Kafka while they change."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Producer

from producers.keywords import ActiveKeywords
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.errors import Retryable
from schemas.registry import PinnedIds
from tests.support.broker import Broker
from tests.support.keywords import keyword
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka

CODEC = Codec(PinnedIds())


@pytest.fixture
def followed(kafka: Broker, prefix: str) -> Iterator[ActiveKeywords]:
    keywords = ActiveKeywords(ProducerSettings(kafka=kafka.bootstrap, topic_prefix=prefix))
    yield keywords
    keywords.close()


def test_changes_and_tombstones_are_seen_while_it_runs(
    kafka: Broker, prefix: str, followed: ActiveKeywords
) -> None:
    create_topics(kafka.bootstrap, prefix, ["keywords"])
    producer = Producer({"bootstrap.servers": kafka.bootstrap})

    def write(name: str, value: bytes | None) -> None:
        producer.produce(f"{prefix}keywords", key=name, value=value)
        assert producer.flush(60) == 0

    assert followed.active(10) == [], "there are none, and that is known"
    write("a", CODEC.encode("keyword", keyword("a", priority=1)))
    write("b", CODEC.encode("keyword", keyword("b", priority=5, monitoring_start=20)))
    write("c", b"no keyword")
    until(lambda: [one.id for one in followed.active(20)] == ["b", "a"], "both are known")
    assert [one.id for one in followed.active(19)] == ["a"]
    write("a", None)
    write("b", CODEC.encode("keyword", keyword("b", active=False)))
    until(lambda: not followed.active(20), "both are gone")


def test_without_the_topic_nobody_knows(kafka: Broker, prefix: str) -> None:
    keywords = ActiveKeywords(
        ProducerSettings(kafka=kafka.bootstrap, topic_prefix=prefix, kafka_patience_s=0.5)
    )
    try:
        with pytest.raises(Retryable, match=f"cannot be read from {prefix}keywords"):
            keywords.active(0)
    finally:
        keywords.close()
