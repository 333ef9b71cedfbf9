import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from sinks.clickhouse.reading import take_up
from tests.support.broker import Broker
from tests.support.topics import make_topics

pytestmark = pytest.mark.kafka


def consumed(source: Consumer, wanted: int) -> int:
    found = 0
    deadline = time.monotonic() + 60
    while found < wanted and time.monotonic() < deadline:
        found += len(source.consume(100, 0.2))
    return found


def test_a_partition_that_was_paused_taken_away_and_given_back_is_read(kafka: Broker, prefix: str) -> None:
    name = f"{prefix}records"
    make_topics(kafka.bootstrap, name, partitions=1)
    producer = Producer({"bootstrap.servers": kafka.bootstrap})
    for _ in range(10):
        producer.produce(name, b"x")
    assert producer.flush(30) == 0
    source = Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": name, "enable.auto.commit": False})
    places = [TopicPartition(name, 0, 0)]
    take_up(source, places)
    assert consumed(source, 10) == 10
    source.pause(places)
    source.incremental_unassign(places)
    take_up(source, places)
    assert consumed(source, 10) == 10
    source.close()
