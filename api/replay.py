"""Replay: what a client missed, read from Kafka by a bounded pool of consumers, as fast as the client takes it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from api.decoding import event_of
from api.filters import Filter
from api.frames import Frame, frame, payload
from api.positions import Position, Vector
from api.reader import MAX_RECORDS, POLL_MS, assign, new_consumer
from api.settings import ApiSettings
from schemas.codec import Codec

log = structlog.get_logger()

_PAUSE_S = 0.5


class Expired(Exception):  # noqa: N818 -- a finding about the log, not a failure
    """Offsets that were still to be replayed are no longer in the log."""


class ReplayPool:
    """At most so many clients are replayed at once; the others wait for their turn."""

    def __init__(self, settings: ApiSettings, codec: Codec) -> None:
        self._settings = settings
        self._codec = codec
        self._slots = asyncio.Semaphore(settings.stream_replays)

    async def replay(
        self, wanted: Filter, vector: Vector, target: Position
    ) -> AsyncGenerator[list[Frame], None]:
        """Yield what `wanted` matches between `vector` and `target`, moving `vector` along; ends when it is there.

        Yields an empty list whenever nothing came for a while, so that the caller can do its own things in between.
        The next read happens when the caller asks for more: the pace is the caller's. Raises Expired.
        """
        while behind(vector, target):
            async with self._slot() as slot:
                if not slot:
                    yield []
                    continue
                try:
                    async with self._consumer(vector, target) as (consumer, names):
                        while behind(vector, target):
                            yield await self._turn(consumer, names, wanted, vector, target)
                except OffsetOutOfRangeError as error:
                    raise Expired(str(error)) from error
                except KafkaError as error:
                    # `vector` says what the caller got; the next consumer goes on from there.
                    log.warning("replay_interrupted", error=str(error) or type(error).__name__)
                    yield []
                    await asyncio.sleep(_PAUSE_S)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[bool]:
        """Hold a place in the pool, or tell after a moment that there is none."""
        try:
            async with asyncio.timeout(POLL_MS / 1000):
                await self._slots.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self._slots.release()

    @asynccontextmanager
    async def _consumer(
        self, vector: Vector, target: Position
    ) -> AsyncIterator[tuple[AIOKafkaConsumer, dict[TopicPartition, tuple[str, int]]]]:
        """A consumer of the partitions that are behind, from where they are."""
        consumer = new_consumer(self._settings, "denyut-api-replay")
        try:
            await consumer.start()
            yield consumer, assign(consumer, self._settings.topic_prefix, behind(vector, target))
        finally:
            await consumer.stop()

    async def _turn(
        self,
        consumer: AIOKafkaConsumer,
        names: dict[TopicPartition, tuple[str, int]],
        wanted: Filter,
        vector: Vector,
        target: Position,
    ) -> list[Frame]:
        """One fetch. Events at or after the target are the hub's and left to it."""
        waiting = [
            partition
            for partition, (topic, number) in names.items()
            if vector.offset(topic, number) < target[topic].offsets[number]
        ]
        fetched = await consumer.getmany(*waiting, timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        # Asked before anything moves: an error here must not cost what was fetched.
        reached = {partition: await consumer.position(partition) for partition in waiting}
        frames = []
        for partition, records in fetched.items():
            topic, number = names[partition]
            end = target[topic].offsets[number]
            for record in records:
                if record.offset >= end:
                    break
                vector.advance(topic, number, record.offset + 1)
                event = event_of(self._codec, topic, record)
                if event is not None and wanted.matches(topic, event):
                    frames.append(frame(topic, vector.id(wanted.topics), payload(event)))
        for partition, offset in reached.items():
            topic, number = names[partition]
            # Past markers and aborted records, but never past the target.
            vector.advance(topic, number, min(offset, target[topic].offsets[number]))
        return frames


def behind(vector: Vector, target: Position) -> Mapping[tuple[str, int], int]:
    """The partitions in which `vector` has not reached `target`, with its offsets there."""
    return {
        (topic, number): vector.offset(topic, number)
        for topic, at in target.items()
        for number, end in enumerate(at.offsets)
        if vector.offset(topic, number) < end
    }
