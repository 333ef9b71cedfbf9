"""The consumer of the sink, and what it brings: records into their lanes, and what Kafka says of a partition."""

from collections.abc import Iterable, Mapping
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, TopicPartition

from schemas.clients import consumer_config
from schemas.errors import Fatal
from schemas.flow import step
from sinks.clickhouse import telemetry
from sinks.clickhouse.lane import Lane
from sinks.records import Chunk
from sinks.settings import ClickHouseSinkSettings

log = structlog.get_logger()

_POLL_S = 0.05
_POLL_RECORDS = 10_000
"""As many are objects for a moment before they are columns."""
_FETCH_BYTES = 1 << 20
_FETCH_MS = 250
"""So much, or what there is after so long, the broker gathers before it answers: it would answer for all partitions whenever one grows, and records wait here for `sink_linger_ms` anyway."""
_QUEUE_KIB = 32_768
"""What the client reads ahead."""


def consumer(settings: ClickHouseSinkSettings) -> Consumer:
    """A member of the sink's group that has subscribed to nothing yet."""
    return Consumer(
        {
            **consumer_config(settings, "sink-clickhouse", step("clickhouse").group(settings.topic_prefix)),
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": settings.sink_session_timeout_ms,
            "heartbeat.interval.ms": settings.sink_session_timeout_ms // 5,
            "enable.partition.eof": True,
            "fetch.min.bytes": _FETCH_BYTES,
            "fetch.wait.max.ms": max(10, min(_FETCH_MS, settings.sink_linger_ms // 4)),
            "fetch.queue.backoff.ms": 20,
            "queued.max.messages.kbytes": _QUEUE_KIB,
            "log_level": 3,
        }
    )


def take_up(source: Consumer, places: list[TopicPartition]) -> None:
    """Read these partitions, too, from the offsets they name.

    librdkafka remembers a pause beyond the ownership of a partition: one that was paused, taken away and given back would
    never be read again.
    """
    source.incremental_assign(places)
    source.resume(places)


def read(source: Consumer, lanes: Mapping[tuple[str, int], Lane], now: float) -> None:
    """Give every lane what there is for it; raises Fatal where Kafka says that it cannot be gone on with."""
    records: dict[tuple[str, int], list[Any]] = {}
    events = []
    for message in source.consume(_POLL_RECORDS, _POLL_S):
        if message.error() is None:
            records.setdefault((message.topic(), message.partition()), []).append(message)
        else:
            events.append(message)
    for place, messages in records.items():
        lanes[place].positions.read(Chunk.of(messages), now)
    # After the records: an end that is reached lies behind what was read before it.
    for message in events:
        _event(message, lanes)


def _event(message: Any, lanes: Mapping[tuple[str, int], Lane]) -> None:
    error = message.error()
    if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 -- librdkafka's own codes are spelled so
        lane = lanes.get((message.topic(), message.partition()))
        if lane is not None:
            lane.positions.reached(message.offset())
    elif error.code() in (KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE):  # noqa: SLF001
        raise Fatal(
            f"{message.topic()}[{message.partition()}]: the committed offset is out of the topic's range: {error.str()}"
        )
    elif error.fatal():
        raise Fatal(f"Kafka: {error.str()}")
    else:
        log.warning("kafka_says", error=error.str())


def measure_lag(source: Consumer, lanes: Iterable[Lane]) -> None:
    """Show how far each partition is behind, by the ends that fetches have brought: nothing is asked of Kafka."""
    for lane in lanes:
        topic, partition = lane.landed.full_name, lane.partition
        _, end = source.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
        done = lane.positions.start if lane.committed is None else lane.committed
        telemetry.LAG.labels(topic, str(partition)).set(max(0, end - done))
