"""The rules of alerts as they stand: the compacted topic, read on from where it was read last whenever somebody asks."""

import asyncio
from collections.abc import Mapping
from typing import cast

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from api.reader import new_consumer
from api.settings import ApiSettings
from schemas.codec import Codec
from schemas.errors import Poison, Retryable
from schemas.events import Rule
from schemas.topics import TOPICS

log = structlog.get_logger()

_PATIENCE_S = 10.0


class Rules:
    """Every rule by its id, owned ones too: who asks must be shown his own and everyone's only."""

    def __init__(self, settings: ApiSettings, codec: Codec) -> None:
        self._settings = settings
        self._codec = codec
        self._partition = TopicPartition(TOPICS["rules"].full_name(settings.topic_prefix), 0)
        self._consumer: AIOKafkaConsumer | None = None
        self._rules: dict[str, Rule] = {}
        self._reading = asyncio.Lock()

    async def now(self) -> Mapping[str, Rule]:
        """The rules with every change that was committed before the call; raises Retryable where Kafka does not say."""
        try:
            # One after the other, but nobody waits longer for those before him than he would for Kafka.
            async with asyncio.timeout(_PATIENCE_S), self._reading:
                try:
                    await self._read_on()
                except BaseException:
                    await self._forget()
                    raise
                return dict(self._rules)
        except (KafkaError, TimeoutError) as error:
            raise Retryable(f"Kafka does not tell the rules: {error!r}") from error

    async def close(self) -> None:
        """Close the connection; it is made again when needed."""
        async with self._reading:
            await self._forget()

    async def _read_on(self) -> None:
        partition = self._partition
        if self._consumer is None:
            self._consumer = new_consumer(self._settings, "denyut-api-rules")
            await self._consumer.start()
            if partition.topic not in await self._consumer.topics():
                raise Retryable(f"there is no topic {partition.topic}")
            first = (await self._consumer.beginning_offsets([partition]))[partition]
            self._consumer.assign([partition])
            self._consumer.seek(partition, first)
        consumer = self._consumer
        end = (await consumer.end_offsets([partition]))[partition]
        # Before reading on, for a fetch may well bring what was written since.
        if await consumer.position(partition) > end:
            raise Retryable(f"{partition.topic} was made anew")
        while await consumer.position(partition) < end:
            for record in (await consumer.getmany(partition, timeout_ms=500)).get(partition, []):
                self._take(record.offset, record.key, record.value)

    def _take(self, offset: int, key: bytes | None, value: bytes | None) -> None:
        if key is None:
            return
        name = key.decode(errors="replace")
        self._rules.pop(name, None)
        if value is None:
            return
        try:
            decoded = self._codec.decode(value)
        except Poison as error:
            # As the stage has it: what is no rule is none, and what stood there before is gone.
            log.warning("rule_ignored", offset=offset, key=name[:80], error=str(error))
            return
        if decoded.event == "rule":
            self._rules[name] = cast("Rule", decoded.record)

    async def _forget(self) -> None:
        consumer, self._consumer = self._consumer, None
        self._rules = {}
        if consumer is not None:
            await consumer.stop()
