"""A lane's producer on real Kafka: what it writes to need not have been there when it was opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from processors.batching.producer import LaneProducer, no_probe
from processors.batching.routing import Groups
from processors.batching.tuning import Tuning
from tests.support.broker import Broker
from tests.support.kafka_reading import read_all
from tests.support.topics import create_topics

KNOWN, NEW = ("posts", "mentions", "partials", "receipts", "fingerprints"), "trends"


@asynccontextmanager
async def opened(bootstrap: str, name: str, tuning: Tuning) -> AsyncIterator[LaneProducer]:
    producer = LaneProducer({"bootstrap_servers": bootstrap}, name, name, tuning, no_probe)
    await producer.open()
    try:
        yield producer
    finally:
        await producer.close()


async def test_a_topic_made_after_the_producer_was_opened_holds_up_no_other(
    kafka: Broker, prefix: str
) -> None:
    """aiokafka asks of all topics as long as it was told of none, and then of that one alone: the others' batches had no leader until they expired."""
    create_topics(kafka.bootstrap, prefix, KNOWN)
    tuning = Tuning(transaction_timeout_s=10)
    async with opened(kafka.bootstrap, f"{prefix}producer", tuning) as producer:
        create_topics(kafka.bootstrap, prefix, [NEW])
        groups: Groups = {(f"{prefix}{topic}", 0): [(b"key", b"value", None)] for topic in (*KNOWN, NEW)}
        await producer.transact(groups, {TopicPartition(f"{prefix}posts", 0): OffsetAndMetadata(1, "")})
    for topic, _ in groups:
        assert [message.value() for message in read_all(kafka.bootstrap, topic)] == [b"value"]
