"""The publisher: events to their topics, idempotent and acknowledged; a failed delivery is never silent."""

import time
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any

import structlog
from confluent_kafka import KafkaError, KafkaException, Producer

from producers.settings import ProducerSettings
from schemas.clients import producer_config
from schemas.codec import Codec
from schemas.errors import Fatal, Poison, Retryable
from schemas.topics import MAX_POST_BYTES, MAX_RECORD_BYTES, TOPICS

_KEYS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "posts": lambda record: record["id"],
    "engagements": lambda record: record["post_id"],
    "candles": lambda record: record["symbol"],
    "quotes": lambda record: record["symbol"],
    "runs": lambda record: record["collector"],
    "requests": lambda record: record["target"],
    "dead-letters": lambda record: record["origin"],
    "checkpoints": lambda record: f"{record['collector']}:{record['source']}",
}
_TIMES: Mapping[str, str] = {
    "posts": "collected_at",
    "engagements": "read_at",
    "candles": "collected_at",
    "quotes": "collected_at",
    "runs": "ended_at",
    "requests": "requested_at",
    "dead-letters": "failed_at",
    "checkpoints": "updated_at",
}
"""Which field is the record's time: always one of collection, never of the event."""

_QUEUED_RECORDS = 50_000
_QUEUED_KILOBYTES = 65_536

_HOPELESS = {
    KafkaError.UNKNOWN_TOPIC_OR_PART,
    KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001 -- librdkafka's own codes are public, only spelled so
    KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001 -- same
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.INVALID_RECORD,
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
}
_SLICE_S = 0.2
_WARN_S = 10


class Publisher:
    """One idempotent producer; used by one thread.

    What waits to be acknowledged is bounded: `publish` blocks while the queue is full. `stop` shortens waiting for
    a broker that does not answer to `stop_grace_s`.
    """

    def __init__(self, settings: ProducerSettings, codec: Codec, client_id: str, stop: Event) -> None:
        self._codec = codec
        self._prefix = settings.topic_prefix
        self._grace_s = settings.stop_grace_s
        self._stop = stop
        self._failures: list[tuple[str, KafkaError]] = []
        self._producer = Producer(
            producer_config(settings, client_id)
            | {
                "queue.buffering.max.messages": _QUEUED_RECORDS,
                "queue.buffering.max.kbytes": _QUEUED_KILOBYTES,
                # `flush` waits for every record; only failures need a call into Python for each.
                "delivery.report.only.error": True,
                "message.timeout.ms": round(settings.delivery_timeout_s * 1000),
                "log_level": 2,
            },
            on_delivery=self._delivered,
        )

    def publish(self, topic: str, record: Mapping[str, Any]) -> None:
        """Queue `record` for the catalogue's `topic`, keyed and timed as that topic wants it.

        Raises Poison (invalid, oversized) where the record is at fault, Retryable where the queue stays full after
        a stop, Fatal where the producer is broken. Delivered is only what a later `flush` has returned for.
        """
        value = self._codec.encode(TOPICS[topic].event, record)
        limit = MAX_POST_BYTES if topic == "posts" else MAX_RECORD_BYTES
        if len(value) > limit:
            raise Poison("oversized", f"{len(value)} bytes encoded, the limit of {topic} is {limit}")
        key = _KEYS[topic](record).encode()
        deadline = _Patience(self._stop, self._grace_s)
        while True:
            try:
                self._producer.produce(
                    self._prefix + topic, value=value, key=key, timestamp=record[_TIMES[topic]]
                )
            except BufferError:
                self._producer.poll(_SLICE_S)
                deadline.check("the queue stayed full")
            except KafkaException as error:
                raise Fatal(f"cannot publish to {self._prefix + topic}: {error}") from error
            else:
                return

    def flush(self) -> None:
        """Wait until everything published is acknowledged.

        Raises Retryable where some of it was not (publish it again), Fatal where trying again is hopeless.
        """
        deadline = _Patience(self._stop, self._grace_s)
        while self._producer.flush(_SLICE_S):
            deadline.check(f"{len(self._producer)} records not acknowledged")
        failures, self._failures = self._failures, []
        if not failures:
            return
        for topic, error in failures:
            if error.fatal() or error.code() in _HOPELESS:
                raise Fatal(f"{topic} refused a record: {error.str()}")
        topic, error = failures[0]
        raise Retryable(f"{len(failures)} records not delivered, the first to {topic}: {error.str()}")

    def close(self) -> None:
        """Drop what is not acknowledged and end; call `flush` first."""
        self._producer.purge()
        self._producer.flush(1)

    def _delivered(self, error: KafkaError | None, message: Any) -> None:
        if error is not None:
            self._failures.append((message.topic(), error))


class _Patience:
    """Warns while a broker does not answer; gives up `grace_s` after a stop, never before."""

    def __init__(self, stop: Event, grace_s: float) -> None:
        self._stop = stop
        self._grace_s = grace_s
        self._stopped_at: float | None = None
        self._warn_at = time.monotonic() + _WARN_S

    def check(self, what: str) -> None:
        """Raises Retryable once a stop has been waited for long enough."""
        now = time.monotonic()
        if self._stop.is_set():
            self._stopped_at = now if self._stopped_at is None else self._stopped_at
            if now - self._stopped_at >= self._grace_s:
                raise Retryable(f"stopped while {what}")
        if now >= self._warn_at:
            self._warn_at = now + _WARN_S
            structlog.get_logger().warning("kafka_slow", what=what)
