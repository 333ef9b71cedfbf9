"""Checkpoints: the cursors of a collector, read from the compacted topic at the start, written after its posts."""

import time
from threading import Event

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from producers.settings import ProducerSettings
from schemas.clients import consumer_config
from schemas.codec import Codec
from schemas.errors import Fatal, Retryable
from schemas.topics import TOPICS

_POLL_S = 0.5
_ASK_S = 5


def read_cursors(settings: ProducerSettings, codec: Codec, collector: str, stop: Event) -> dict[str, str]:
    """Every stored cursor of `collector` by checkpoint source, from a scan of the whole topic.

    Waits `kafka_patience_s` for Kafka; raises Fatal after that or where the topic does not exist, Retryable where
    it was told to stop.
    """
    deadline = time.monotonic() + settings.kafka_patience_s
    while True:
        try:
            return _scan(settings, codec, collector, deadline)
        except KafkaException as error:
            if time.monotonic() >= deadline:
                raise Fatal(f"Kafka at {settings.kafka} does not answer: {error}; is it running?") from error
            structlog.get_logger().warning("kafka_unreachable", kafka=settings.kafka)
        if stop.wait(_POLL_S):
            raise Retryable("told to stop before Kafka answered")


def _scan(settings: ProducerSettings, codec: Codec, collector: str, deadline: float) -> dict[str, str]:
    topic = TOPICS["checkpoints"].full_name(settings.topic_prefix)
    consumer = Consumer(
        consumer_config(
            settings, f"{collector}-checkpoints", f"{settings.topic_prefix}{collector}-checkpoints"
        )
        | {"enable.partition.eof": True, "fetch.wait.max.ms": 10, "log_level": 2}
    )
    try:
        metadata = consumer.list_topics(topic, _ASK_S).topics[topic]
        if metadata.error is not None or len(metadata.partitions) != 1:
            raise Fatal(f"topic {topic} is not there with one partition; `python -m deploy up` creates it")
        low, _ = consumer.get_watermark_offsets(TopicPartition(topic, 0), _ASK_S)
        consumer.assign([TopicPartition(topic, 0, low)])
        prefix = f"{collector}:"
        cursors: dict[str, str] = {}
        while True:
            message = consumer.poll(_POLL_S)
            if message is None:
                if time.monotonic() >= deadline:
                    raise KafkaException(KafkaError(KafkaError.REQUEST_TIMED_OUT))
                continue
            if message.error() is not None:
                if message.error().code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- public, spelled so
                    return cursors
                raise KafkaException(message.error())
            key = (message.key() or b"").decode()
            if not key.startswith(prefix):
                continue
            source = key.removeprefix(prefix)
            if message.value() is None:
                cursors.pop(source, None)
            else:
                cursors[source] = codec.decode(message.value()).record["cursor"]
    finally:
        consumer.close()
