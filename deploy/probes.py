"""Asks servers and consumer groups whether they are ready."""

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_TIMEOUT_S = 2.0


def kafka_answers(bootstrap: str) -> bool:
    """Whether a broker answers there."""
    try:
        AdminClient({"bootstrap.servers": bootstrap, "log_level": 0}).list_topics(timeout=_TIMEOUT_S)
    except KafkaException:
        return False
    return True


def http_answers(url: str) -> bool:
    """Whether GET `url` gives a status below 500."""
    try:
        return httpx.get(url, timeout=_TIMEOUT_S).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.TransportError:
        return False


def group_has_members(bootstrap: str, group: str, least: int) -> bool:
    """Whether at least `least` members of the consumer group share its partitions out."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        described = admin.describe_consumer_groups([group], request_timeout=_TIMEOUT_S)[group].result(
            _TIMEOUT_S
        )
    except (KafkaException, TimeoutError):
        return False
    return described.state.name == "STABLE" and len(described.members) >= least
