"""Equal keys meet in equal partitions, whichever client produced them: joins and enrich's memory of ids rely on it."""

import random
from uuid import uuid4

import pytest
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import Producer

from producers.settings import ProducerSettings
from schemas.clients import producer_config
from tests.support.broker import Broker
from tests.support.kafka_reading import read_all
from tests.support.topics import make_topics

KEYS = 2_000


def keys() -> list[bytes]:
    """Keys of every kind in use, and of every length, so that each tail of the hash is met."""
    dice = random.Random(5)
    made = [f"x:m_{number}" for number in range(KEYS)]
    made += [f"news:h{dice.getrandbits(96):024x}" for _ in range(KEYS)]
    made += [
        "symbol:BBCA.JK",
        "all:",
        "hashtag:ihsg",
        "keyword:harga-beras",
        "kaskus:日本語 é 🇮🇩",
        "a.jsonl:17",
    ]
    made += ["".join(dice.choices("abcé日🔥", k=length)) for length in range(1, 200)]
    return [key.encode() for key in dict.fromkeys(made)]


@pytest.mark.kafka
@pytest.mark.parametrize("partitions", [1, 4, 7])
def test_librdkafka_and_aiokafka_partition_alike(kafka: Broker, prefix: str, partitions: int) -> None:
    topic = f"{prefix}{uuid4().hex[:6]}"
    make_topics(kafka.bootstrap, topic, partitions=partitions)
    settings = ProducerSettings.model_validate({"kafka": kafka.bootstrap})
    producer = Producer(producer_config(settings, "partitioner-test"))
    sent = keys()
    for key in sent:
        producer.produce(topic, key=key, value=b"")
    assert producer.flush(30) == 0
    landed = {message.key(): message.partition() for message in read_all(kafka.bootstrap, topic)}
    numbers = list(range(partitions))
    assert landed == {key: DefaultPartitioner()(key, numbers, numbers) for key in sent}
    assert set(landed.values()) == set(numbers)
