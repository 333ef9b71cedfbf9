"""Follows the keywords in Kafka, live: what collectors search for is what the topic says at that moment."""

import time
from collections.abc import Sequence
from contextvars import copy_context
from threading import Event, Lock, Thread
from typing import Protocol, cast

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from producers.settings import ProducerSettings
from producers.wanted import Wanted, wanted
from schemas.clients import consumer_config
from schemas.codec import Codec
from schemas.errors import Poison, Retryable
from schemas.events import Keyword, Millis
from schemas.registry import schema_ids
from schemas.topics import TOPICS

_POLL_S = 0.5
_ASK_S = 5
_AGAIN_S = 1.0


class Keywords(Protocol):
    """Where a collector learns what to search for."""

    def active(self, now_ms: Millis) -> Sequence[Wanted]:
        """What is to be searched for at `now_ms`, the most important first; raises Retryable where nobody knows."""
        ...


class ActiveKeywords:
    """The compacted topic `keywords`, followed in a thread of its own from the first question on. Used by many threads."""

    def __init__(self, settings: ProducerSettings) -> None:
        self._settings = settings
        self._topic = TOPICS["keywords"].full_name(settings.topic_prefix)
        self._lock = Lock()
        self._known: dict[str, Keyword] = {}
        self._complete = Event()
        self._ended = Event()
        self._why = "it has not answered yet"
        self._thread: Thread | None = None

    def active(self, now_ms: Millis) -> Sequence[Wanted]:
        """What is to be searched for at `now_ms`, the most important first.

        The first question waits until the topic was read to its end; raises Retryable where that takes longer than
        `kafka_patience_s`. While Kafka is away later on, what was known last stands.
        """
        with self._lock:
            if self._thread is None:
                target = copy_context().run
                self._thread = Thread(target=target, args=(self._follow,), name="keywords", daemon=True)
                self._thread.start()
        deadline = time.monotonic() + self._settings.kafka_patience_s
        while not self._complete.wait(_POLL_S) or not self._thread.is_alive():
            if time.monotonic() >= deadline or not self._thread.is_alive():
                raise Retryable(f"the keywords cannot be read from {self._topic}: {self._why}")
        with self._lock:
            known = list(self._known.values())
        return wanted(known, now_ms)

    def close(self) -> None:
        """Stop following."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._ended.is_set():
            try:
                self._read(Codec(schema_ids(self._settings)))
            except KafkaException as error:
                self._why = error.args[0].str()
            except Retryable as error:
                self._why = str(error)
            else:
                return
            structlog.get_logger().warning("keywords_unread", topic=self._topic, why=self._why)
            self._ended.wait(_AGAIN_S)

    def _read(self, codec: Codec) -> None:
        """Read the topic from its beginning and on until the end of this; raises KafkaException, Retryable."""
        group = f"{self._settings.topic_prefix}keywords-of-collectors"
        consumer = Consumer(
            consumer_config(self._settings, "keywords", group)
            | {"enable.partition.eof": True, "log_level": 2}
        )
        try:
            low, _ = consumer.get_watermark_offsets(TopicPartition(self._topic, 0), _ASK_S, cached=False)
            consumer.assign([TopicPartition(self._topic, 0, low)])
            # What was known stands until all of it was read again.
            fresh: dict[str, Keyword] | None = {}
            while not self._ended.is_set():
                message = consumer.poll(_POLL_S)
                if message is None:
                    continue
                if message.error() is None:
                    self._take(message, codec, fresh)
                elif message.error().code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 -- public, spelled so
                    raise KafkaException(message.error())
                elif fresh is not None:
                    with self._lock:
                        self._known, fresh = fresh, None
                    self._complete.set()
                    structlog.get_logger().info(
                        "keywords_followed", topic=self._topic, known=len(self._known)
                    )
        finally:
            consumer.close()

    def _take(self, message: object, codec: Codec, fresh: dict[str, Keyword] | None) -> None:
        record = cast("Message", message)
        key, value = (record.key() or b"").decode(errors="replace"), record.value()
        keyword: Keyword | None = None
        try:
            keyword = None if value is None else _keyword(codec, value)
        except Poison as error:
            # Written by our own commands; whatever else stands there must not stop the collectors, and is told.
            structlog.get_logger().warning("keyword_ignored", key=key[:80], error=str(error))
        with self._lock:
            known = self._known if fresh is None else fresh
            if keyword is None:
                known.pop(key, None)
            else:
                known[key] = keyword


class Message(Protocol):
    """A record as confluent-kafka hands it over."""

    def key(self) -> bytes | None:
        """Its key."""
        ...

    def value(self) -> bytes | None:
        """Its value; None deletes."""
        ...


def _keyword(codec: Codec, value: bytes) -> Keyword:
    decoded = codec.decode(value)
    if decoded.event != "keyword":
        raise Poison("invalid", f"a {decoded.event} among the keywords")
    return cast("Keyword", decoded.record)
