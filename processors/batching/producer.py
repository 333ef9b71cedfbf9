"""One lane's transactional producer: opening it fences every former owner of the lane."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.producer import sender
from aiokafka.structs import OffsetAndMetadata

from processors.batching.routing import Groups
from processors.batching.tuning import Tuning
from schemas.errors import Fatal

log = structlog.get_logger()

# While the broker still writes the markers of the last transaction, the next one is refused; aiokafka waits 20 ms.
sender.BACKOFF_OVERRIDE = 0.002

_OPEN_S = 15.0
_CLOSE_S = 1.0

Probe = Callable[[str], Awaitable[None]]
"""Called by name between the steps of a transaction; tests sleep or raise in it."""


async def no_probe(step: str) -> None:
    """Do nothing."""


class LaneProducer:
    """Opened, used for one transaction at a time, and replaced by a new one after any error."""

    def __init__(
        self,
        connection: Mapping[str, Any],
        transactional_id: str,
        group: str,
        tuning: Tuning,
        probe: Probe,
        content_types: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.transactional_id = transactional_id
        self._connection = connection
        self._group = group
        self._tuning = tuning
        self._probe = probe
        self._headers = {topic: [("content-type", kind.encode())] for topic, kind in content_types.items()}
        self._producer: AIOKafkaProducer | None = None
        self._in_transaction = False

    async def open(self) -> None:
        """Start a new producer: older ones are fenced and their transaction is finished one way or the other.

        Raises KafkaError or TimeoutError; the half-open producer is closed then.
        """
        await self.close()
        timeout_ms = int(self._tuning.transaction_timeout_s * 1000)
        self._producer = AIOKafkaProducer(
            **self._connection,
            transactional_id=self.transactional_id,
            transaction_timeout_ms=timeout_ms,
            request_timeout_ms=timeout_ms,
            acks="all",
            linger_ms=0,
            retry_backoff_ms=20,
            compression_type=self._tuning.compression,
            max_batch_size=self._tuning.max_batch_bytes,
            max_request_size=self._tuning.max_batch_bytes,
        )
        async with asyncio.timeout(_OPEN_S):
            await self._producer.start()

    async def partitions_of(self, topic: str) -> int:
        """How many partitions a topic has; raises KafkaError if there is no telling."""
        return len(await self._started().partitions_for(topic))

    async def transact(self, groups: Groups, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        """Commit records and offsets in one transaction. After any error or cancellation its fate is unknown."""
        producer = self._started()
        await producer.begin_transaction()
        self._in_transaction = True
        await self._produce(producer, groups)
        await self._probe("produced")
        await producer.send_offsets_to_transaction(dict(offsets), self._group)
        await self._probe("offsets_sent")
        # From here on an abort is not ours to ask for: the commit may be on its way.
        self._in_transaction = False
        await producer.commit_transaction()
        await self._probe("committed")

    async def _produce(self, producer: AIOKafkaProducer, groups: Groups) -> None:
        # aiokafka asks of all topics until it was told of one, and then of those it was told of: a topic that it meets for the first time
        # between batches that wait would take their leaders away, for good.
        for topic in {topic for topic, _ in groups}:
            producer.client.add_topic(topic)
        acknowledgements: list[asyncio.Future[Any]] = []
        try:
            for (topic, partition), records in groups.items():
                for builder in _built(producer, topic, records, self._headers.get(topic, [])):
                    acknowledgements.append(  # noqa: PERF401 -- those sent before a failure must not be lost
                        await producer.send_batch(builder, topic, partition=partition)
                    )
        finally:
            # aiokafka commits happily after a failed produce, so every acknowledgement counts; and offsets only
            # after them, for once the group is added the broker may refuse what is still being produced.
            results = await asyncio.gather(*acknowledgements, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def close(self) -> None:
        """Close without waiting for anybody long; an open transaction is aborted so that readers can go on."""
        producer, self._producer = self._producer, None
        in_transaction, self._in_transaction = self._in_transaction, False
        if producer is None:
            return
        try:
            if in_transaction:
                await self._quietly("abort", producer.abort_transaction())
            if await self._quietly("stop", producer.stop()):
                return
            task = producer._sender.sender_task
            if task is not None:
                task.cancel()
            await self._quietly("disconnect", producer.client.close())
        finally:
            # Last, for closing may be what makes it fail: without a look at its error asyncio complains.
            ended = producer._txn_manager._transaction_waiter
            if ended is not None and ended.done() and not ended.cancelled():
                ended.exception()

    async def _quietly(self, step: str, work: Awaitable[None]) -> bool:
        """Whether `work` ended well within a second; what goes wrong here has no consequence but this line."""
        try:
            async with asyncio.timeout(_CLOSE_S):
                await work
        except (KafkaError, TimeoutError, AssertionError, asyncio.InvalidStateError) as error:
            log.info("producer_close_failed", step=step, lane=self.transactional_id, error=repr(error))
            return False
        return True

    def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            raise KafkaError(f"{self.transactional_id}: no producer")
        return self._producer


def _built(
    producer: AIOKafkaProducer,
    topic: str,
    records: Iterable[tuple[bytes | None, bytes | None, int | None]],
    headers: list[tuple[str, bytes]],
) -> list[Any]:
    """The records, all with the same headers, in as few produce batches as they fit in."""
    builders = []
    builder = producer.create_batch()
    append = builder.append
    for key, value, timestamp in records:
        if append(key=key, value=value, timestamp=timestamp, headers=headers) is None:
            builders.append(builder)
            builder = producer.create_batch()
            append = builder.append
            if append(key=key, value=value, timestamp=timestamp, headers=headers) is None:
                raise Fatal(f"a record for {topic} does not fit in a produce batch")
    if builder.record_count():
        builders.append(builder)
    return builders
