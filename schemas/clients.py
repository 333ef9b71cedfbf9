"""Kafka client configuration shared by all rooms: the same security, partitioner, acknowledgements and isolation."""

import ssl
from typing import Any

from schemas.errors import Fatal
from schemas.settings import KafkaSettings
from schemas.topics import MAX_RECORD_BYTES

PARTITIONER = "murmur2_random"
"""librdkafka's name of what the Java client and aiokafka do by default: equal keys meet in equal partitions."""

_MESSAGE_BYTES = MAX_RECORD_BYTES + 100_000
"""Room for key and framing around the largest value."""


def connection(settings: KafkaSettings) -> dict[str, Any]:
    """How every librdkafka client reaches the brokers: addresses, TLS and login."""
    config: dict[str, Any] = {
        "bootstrap.servers": settings.kafka,
        "security.protocol": settings.kafka_security,
    }
    if settings.kafka_security.endswith("SSL") and settings.kafka_ca_file is not None:
        config["ssl.ca.location"] = str(settings.kafka_ca_file)
    if settings.kafka_security.startswith("SASL") and settings.kafka_password is not None:
        config |= {
            "sasl.mechanism": settings.kafka_mechanism,
            "sasl.username": settings.kafka_user,
            "sasl.password": settings.kafka_password.get_secret_value(),
        }
    return config


def async_connection(settings: KafkaSettings) -> dict[str, Any]:
    """The same for every aiokafka client; raises Fatal where the file of certificates is none."""
    options: dict[str, Any] = {
        "bootstrap_servers": [server.strip() for server in settings.kafka.split(",")],
        "security_protocol": settings.kafka_security,
    }
    if settings.kafka_security.endswith("SSL"):
        try:
            options["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ca_file)
        except OSError as error:
            raise Fatal(f"DENYUT_KAFKA_CA_FILE {settings.kafka_ca_file}: {error}") from error
    if settings.kafka_security.startswith("SASL") and settings.kafka_password is not None:
        options |= {
            "sasl_mechanism": settings.kafka_mechanism,
            "sasl_plain_username": settings.kafka_user,
            "sasl_plain_password": settings.kafka_password.get_secret_value(),
        }
    return options


def producer_config(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """Librdkafka configuration of an idempotent producer that loses and reorders nothing."""
    return {
        **connection(settings),
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
        **connection(settings),
        "client.id": client_id,
        "group.id": group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "fetch.message.max.bytes": _MESSAGE_BYTES,
    }
