"""The Kafka consumer under both hub and replay: explicit positions, committed records only, no group, no commits."""

from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.clients import async_connection
from schemas.settings import KafkaSettings
from schemas.topics import MAX_RECORD_BYTES, TOPICS

POLL_MS = 500
MAX_RECORDS = 250
"""Handled without giving the event loop back: about 5 ms of work."""


def new_consumer(settings: KafkaSettings, client_id: str) -> AIOKafkaConsumer:
    """A consumer that never moves to a position it was not given: an offset out of range is an error."""
    return AIOKafkaConsumer(
        **async_connection(settings),
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="none",
        fetch_max_wait_ms=POLL_MS,
        max_partition_fetch_bytes=MAX_RECORD_BYTES + 200_000,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
    )


def assign(
    consumer: AIOKafkaConsumer, prefix: str, offsets: Mapping[tuple[str, int], int]
) -> dict[TopicPartition, tuple[str, int]]:
    """Read these partitions from these offsets; returns Kafka's name of each with ours."""
    names = {
        TopicPartition(TOPICS[topic].full_name(prefix), number): (topic, number) for topic, number in offsets
    }
    # Both calls in one turn of the loop: between them the consumer would look for an offset of its own.
    consumer.assign(list(names))
    for partition, own in names.items():
        consumer.seek(partition, offsets[own])
    return names
