"""Kafka client configuration shared by all rooms: the same partitioner, acknowledgements and isolation everywhere."""

from typing import Any

from schemas.settings import KafkaSettings
from schemas.topics import MAX_RECORD_BYTES

PARTITIONER = "murmur2_random"
"""librdkafka's name of what the Java client and aiokafka do by default: equal keys meet in equal partitions."""

_MESSAGE_BYTES = MAX_RECORD_BYTES + 100_000
"""Room for key and framing around the largest value."""


def producer_config(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Librdkafka configuration of an idempotent producer that loses and reorders nothing."""
    return {
        "bootstrap.servers": settings.kafka,
        "client.id": client_id,
        "partitioner": PARTITIONER,
        "enable.idempotence": True,
        "acks": "all",
        "message.max.bytes": _MESSAGE_BYTES,
        # aiokafka, which reads what is written here, knows no lz4 or zstd without cramjam, which is not in the lock.
        "compression.type": "none",
        "linger.ms": 20,
    }


def consumer_config(settings: KafkaSettings, client_id: str, group: str) -> dict[str, Any]:
    """Librdkafka configuration of a consumer that sees only committed records and commits by hand."""
    return {
        "bootstrap.servers": settings.kafka,
        "client.id": client_id,
        "group.id": group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "fetch.message.max.bytes": _MESSAGE_BYTES,
    }
