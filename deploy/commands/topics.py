"""`topics`: create what is missing of the topic catalogue, and show it."""

import sys

from deploy import environment
from deploy.commands.base import Asked, Command
from deploy.topics import ensure_topics
from schemas.access import check_access
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS


def kafka_of(asked: Asked) -> KafkaSettings:
    """The running stack's Kafka, or the one that the settings name where none runs; Fatal where that refuses us."""
    state = asked.folder.running()
    if state is None:
        check_access(asked.settings)
        return asked.settings
    return environment.kafka_of(asked.settings, state)


def _act(asked: Asked) -> int:
    settings = kafka_of(asked)
    created = ensure_topics(settings)
    for topic in TOPICS.values():
        name = topic.full_name(settings.topic_prefix)
        kept = f"{topic.retention_days} d" if topic.retention_days else "for ever"
        mark = "created" if name in created else "there"
        sys.stdout.write(
            f"{name:<24} {topic.partitions(settings.partitions):>3} partitions  {topic.cleanup:<8} "
            f"{kept:<9} {mark:<8} {topic.about}\n"
        )
    return 0


COMMAND = Command("create what is missing of the topics, and show them", _act)
