"""Creates the catalogue's topics, and brings those that exist to what the catalogue says."""

import time
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from schemas.clients import connection
from schemas.errors import Fatal, Retryable
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

_TIMEOUT_S = 20


def ensure_topics(settings: KafkaSettings) -> list[str]:
    """Create what is missing and set every topic's configuration; the full names of those created. Idempotent.

    Raises Retryable where Kafka does not answer, Fatal where a topic has fewer partitions than the settings say:
    adding some would send equal keys elsewhere than before.
    """
    admin = AdminClient({**connection(settings), "log_level": 0})
    try:
        known = admin.list_topics(timeout=_TIMEOUT_S).topics
        missing = [topic for topic in TOPICS.values() if topic.full_name(settings.topic_prefix) not in known]
        created = _create(
            admin,
            [
                NewTopic(
                    topic.full_name(settings.topic_prefix),
                    topic.partitions(settings.partitions),
                    settings.replication,
                    config=topic.config(),
                )
                for topic in missing
            ],
        )
        for topic in TOPICS.values():
            name = topic.full_name(settings.topic_prefix)
            wanted = topic.partitions(settings.partitions)
            if name in known and len(known[name].partitions) != wanted:
                raise Fatal(
                    f"topic {name} has {len(known[name].partitions)} partitions, the settings say {wanted}: "
                    f"set DENYUT_PARTITIONS to what it was created with"
                )
        _configure(admin, settings, [topic.name for topic in TOPICS.values() if topic not in missing])
        _await_leaders(admin, created, settings)
    except KafkaException as error:
        raise Retryable(f"Kafka does not create topics: {error.args[0].str()}") from error
    return created


def _await_leaders(admin: AdminClient, created: list[str], settings: KafkaSettings) -> None:
    """Return when every partition of the topics just created answers: creation is acknowledged before that."""
    partitions = [
        TopicPartition(topic.full_name(settings.topic_prefix), partition)
        for topic in TOPICS.values()
        if topic.full_name(settings.topic_prefix) in created
        for partition in range(topic.partitions(settings.partitions))
    ]
    deadline = time.monotonic() + _TIMEOUT_S
    while partitions:
        # Metadata first: librdkafka asks for offsets by the leaders that it knows already.
        admin.list_topics(timeout=_TIMEOUT_S)
        answers = admin.list_offsets(
            dict.fromkeys(partitions, OffsetSpec.latest()), request_timeout=_TIMEOUT_S
        )
        try:
            for answer in answers.values():
                answer.result(_TIMEOUT_S)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _create(admin: AdminClient, topics: list[NewTopic]) -> list[str]:
    created = []
    for name, future in (admin.create_topics(topics) if topics else {}).items():
        try:
            future.result(_TIMEOUT_S)
        except KafkaException as error:
            # Another `topics` may be a moment ahead.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
        else:
            created.append(name)
    return created


def _configure(admin: AdminClient, settings: KafkaSettings, names: list[str]) -> None:
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            TOPICS[name].full_name(settings.topic_prefix),
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in TOPICS[name].config().items()
            ],
        )
        for name in names
    ]
    answers: list[Future[Any]] = (
        list(admin.incremental_alter_configs(resources).values()) if resources else []
    )
    for answer in answers:
        answer.result(_TIMEOUT_S)
