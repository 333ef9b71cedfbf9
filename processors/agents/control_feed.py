"""Follows a compacted topic of one partition: read to its end before the first batch, and live from then on."""

import asyncio
from collections.abc import Callable
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.codec import Codec
from schemas.errors import Fatal, Poison
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

log = structlog.get_logger()

_PATIENCE_S = 60.0

Taken = Callable[[str, Any], None]
"""Gets the key and the record of one change, None where the key was deleted; may raise Poison."""


class ControlFeed:
    """Hands every change of a control topic to `take`. Belongs to no group: every worker reads all of it.

    `connection` is how aiokafka reaches the broker, `name` the topic's name in the catalogue. `take` runs in the event loop;
    what it refuses with Poison, and what is no event of the topic, is logged and counts as deleted.
    """

    def __init__(
        self, connection: dict[str, Any], settings: KafkaSettings, name: str, codec: Codec, take: Taken
    ) -> None:
        self._connection = connection
        self._name = name
        self._topic = TOPICS[name].full_name(settings.topic_prefix)
        self._event = TOPICS[name].event
        self._codec = codec
        self._take = take
        self._complete = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def ready(self) -> None:
        """Wait until the topic was read to the end it had; starts following on the first call.

        Raises what ended the feed: a worker without its control state must not go on. Fatal where the topic is missing.
        """
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name=self._name)
        if self._task.done():
            self._task.result()
            raise Fatal(f"nobody follows {self._topic} any more")
        if not self._complete.is_set():
            complete = asyncio.create_task(self._complete.wait())
            await asyncio.wait((self._task, complete), return_when=asyncio.FIRST_COMPLETED)
            complete.cancel()
            if self._task.done():
                self._task.result()

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._connection,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
        await consumer.start()
        try:
            partition = TopicPartition(self._topic, 0)
            await self._until_known(consumer)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            end = (await consumer.end_offsets([partition]))[partition]
            while True:
                if not self._complete.is_set() and await consumer.position(partition) >= end:
                    log.info("control_complete", topic=self._name, offset=end)
                    self._complete.set()
                for records in (await consumer.getmany(timeout_ms=500)).values():
                    for record in records:
                        self._hand(record.offset, record.key, record.value)
        finally:
            await consumer.stop()

    async def _until_known(self, consumer: Any) -> None:
        deadline = asyncio.get_running_loop().time() + _PATIENCE_S
        while self._topic not in await consumer.topics():
            if asyncio.get_running_loop().time() > deadline:
                raise Fatal(f"there is no topic {self._topic}")
            await asyncio.sleep(0.5)

    def _hand(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        if key is None:
            return
        name = key.decode(errors="replace")
        try:
            self._take(name, None if value is None else self._record(value))
        except Poison as error:
            # Control state is written by our own commands; whatever else stands there must not stop the stream. What the key
            # held before is gone for the next worker that reads the topic, so it is gone here.
            log.warning("control_ignored", topic=self._name, offset=offset, key=name[:80], error=str(error))
            self._take(name, None)

    def _record(self, value: bytes) -> Any:
        decoded = self._codec.decode(value)
        if decoded.event != self._event:
            raise Poison("invalid", f"a {decoded.event} in {self._topic}")
        return decoded.record
