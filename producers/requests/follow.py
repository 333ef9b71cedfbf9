"""Follows the topic of requests in Kafka, in a thread of its own, and hands each to the collector that it is for."""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, cast

import structlog
from confluent_kafka import Consumer, KafkaException, TopicPartition

from producers.settings import ProducerSettings
from schemas.clients import consumer_config
from schemas.codec import Codec
from schemas.errors import Fatal, Poison, Retryable
from schemas.events import Millis, Request
from schemas.registry import schema_ids
from schemas.topics import TOPICS

_POLL_S = 0.5
_ASK_S = 5
_AGAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Ordered:
    """A record of the topic: the request, or why it is none, and where and as which bytes it stands."""

    request: Request | Poison
    topic: str
    partition: int
    offset: int
    at: Millis
    """The record's time."""
    key: bytes | None
    raw: bytes


Put = Callable[[Ordered], None]


class Requests:
    """Reads all that the topic still has, and then on; after Kafka was away, all of it once more: takers know what they took.

    What is for a collector that does not exist goes to the first taker, which refuses it; what is for one that runs elsewhere goes
    to nobody.
    """

    def __init__(self, settings: ProducerSettings, collectors: Sequence[str]) -> None:
        """`collectors` are all that there are, here or elsewhere."""
        self._settings = settings
        self._collectors = frozenset(collectors)
        self._topic = TOPICS["requests"].full_name(settings.topic_prefix)
        self._takers: dict[str, Put] = {}
        self._ended = Event()
        self._thread: Thread | None = None
        self._problem: Fatal | None = None

    def subscribe(self, collector: str, put: Put) -> None:
        """Have what is for `collector` handed to `put`, in the thread that reads; before `start` alone."""
        self._takers[collector] = put

    def start(self, fail: Callable[[], None]) -> None:
        """Begin to follow; where that is hopeless, `fail` is called, and `close` raises the Fatal."""
        self._thread = Thread(
            target=copy_context().run, args=(self._follow, fail), name="requests", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop following; raises Fatal where it could not be done."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._problem is not None:
            raise self._problem

    def _follow(self, fail: Callable[[], None]) -> None:
        told = ""
        while not self._ended.is_set():
            try:
                self._read(Codec(schema_ids(self._settings)))
            except KafkaException as error:
                why, broke = error.args[0].str(), None
            except Retryable as error:
                why, broke = str(error), None
            except Fatal as error:
                self._problem = error
                fail()
                return
            except Exception as error:  # noqa: BLE001 -- a thread that ends in silence is worse than one that tries again
                why, broke = f"{type(error).__name__}: {error}", error
            else:
                return
            if why != told:
                log = structlog.get_logger().bind(topic=self._topic, why=why)
                if broke is None:
                    log.warning("requests_unread")
                else:
                    log.error("requests_broke", exc_info=broke)
                told = why
            self._ended.wait(_AGAIN_S)

    def _read(self, codec: Codec) -> None:
        """Read from the beginning and on until the end of this; raises KafkaException, Retryable."""
        group = f"{self._settings.topic_prefix}requests-of-collectors"
        consumer = Consumer(consumer_config(self._settings, "requests", group) | {"log_level": 2})
        try:
            low, _ = consumer.get_watermark_offsets(TopicPartition(self._topic, 0), _ASK_S, cached=False)
            consumer.assign([TopicPartition(self._topic, 0, low)])
            while not self._ended.is_set():
                message = consumer.poll(_POLL_S)
                if message is None:
                    continue
                if message.error() is not None:
                    raise KafkaException(message.error())
                self._hand(ordered(message, codec))
        finally:
            consumer.close()

    def _hand(self, one: Ordered) -> None:
        target = None if isinstance(one.request, Poison) else one.request["target"]
        taker = self._takers.get(target or "")
        if taker is None and target not in self._collectors:
            taker = next(iter(self._takers.values()), None)
        if taker is not None:
            taker(one)


def ordered(message: Any, codec: Codec) -> Ordered:
    """A record of Kafka as it is handed over."""
    raw = message.value() or b""
    request: Request | Poison
    try:
        decoded = codec.decode(raw)
        if decoded.event != "request":
            raise Poison("invalid", f"a {decoded.event} among the requests")  # noqa: TRY301 -- told like any other
        request = cast("Request", decoded.record)
    except Poison as error:
        request = error
    return Ordered(
        request,
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        raw,
    )
