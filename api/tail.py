"""The tail: the task that reads the end of all live topics into the hub, through whatever happens to Kafka."""

import asyncio
import time
from collections.abc import Mapping

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from api.before import before
from api.catalogue import LIVE
from api.cluster import Cluster, Described
from api.hub import Hub
from api.positions import TopicPosition
from api.reader import MAX_RECORDS, POLL_MS, assign, new_consumer
from api.settings import ApiSettings
from schemas.errors import Retryable

log = structlog.get_logger()

_PAUSE_S = 0.5


class Tail:
    """Runs until cancelled. After any error it goes on from where the hub stands, so that nothing is left out."""

    def __init__(self, settings: ApiSettings, cluster: Cluster, hub: Hub) -> None:
        self._settings = settings
        self._cluster = cluster
        self._hub = hub
        self._consumer: AIOKafkaConsumer | None = None
        self._answered_ms = 0
        self._moved = time.monotonic()
        self._names: dict[TopicPartition, tuple[str, int]] = {}

    async def run(self) -> None:
        """Find the topics, stand at their end, read on."""
        lost = False
        while True:
            try:
                await self._align(await self._cluster.describe(LIVE))
                if lost:
                    await self._jump()
                    lost = False
                await self._read()
            except OffsetOutOfRangeError as error:
                log.warning("live_out_of_range", detail=str(error))
                lost = True
            except (KafkaError, Retryable) as error:
                log.warning("live_interrupted", error=str(error) or type(error).__name__)
            await asyncio.sleep(_PAUSE_S)

    def stale_s(self) -> float:
        """Seconds since Kafka last answered for the partition it was longest silent on."""
        return max(0.0, time.time() - self._answered_ms / 1000)

    def stuck_s(self) -> float:
        """Seconds since the last progress, while there is something to read; otherwise 0."""
        return time.monotonic() - self._moved if self.lag() else 0.0

    def lag(self) -> int:
        """Offsets below the last stable one that have not been handed out yet, over all partitions."""
        return sum(self.lags().values())

    def lags(self) -> dict[tuple[str, int], int]:
        """The same by topic and partition; empty while nothing is read."""
        if self._consumer is None:
            return {}
        stable = {own: self._consumer.last_stable_offset(partition) for partition, own in self._names.items()}
        return {own: max(0, (end or 0) - self._hub.vector.offset(*own)) for own, end in stable.items()}

    async def _read(self) -> None:
        """Read into the hub; returns when the topics have changed. The consumer ends with it."""
        consumer = new_consumer(self._settings, "denyut-api-live")
        try:
            await consumer.start()
            self._names = assign(consumer, self._settings.topic_prefix, self._hub.vector.offsets())
            self._consumer = consumer
            log.info("live", partitions=len(self._names))
            watch = asyncio.create_task(self._changed())
            try:
                while not watch.done():
                    await self._turn(consumer)
            finally:
                watch.cancel()
        finally:
            self._consumer = None
            await consumer.stop()

    async def _turn(self, consumer: AIOKafkaConsumer) -> None:
        """One fetch into the hub. Nothing waits between the first record and the last position."""
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        for partition, records in fetched.items():
            topic, _ = self._names[partition]
            for record in records:
                self._hub.publish(topic, record)
        for partition, (topic, number) in self._names.items():
            # Past markers and aborted records, which no record led to. A known position does not suspend.
            self._hub.vector.advance(topic, number, await consumer.position(partition))
        self._answered_ms = min(consumer.last_poll_timestamp(partition) or 0 for partition in self._names)
        if fetched or not self.lag():
            self._moved = time.monotonic()
        # A consumer that has data at hand never suspends either: the clients need their turn.
        await asyncio.sleep(0)

    async def _changed(self) -> None:
        """Return when a topic got new partitions or was created again."""
        while True:
            await asyncio.sleep(self._settings.stream_refresh_s)
            try:
                described = await self._cluster.describe(LIVE)
            except Retryable:
                continue
            at = self._hub.position()
            if any(
                at[topic].epoch != now.epoch or len(at[topic].offsets) < now.partitions
                for topic, now in described.items()
            ):
                return

    async def _align(self, described: Mapping[str, Described]) -> None:
        """Bring the hub's position in line with the topics as they are."""
        known = self._hub.position() if self._hub.ready else {}
        if all(topic in known and known[topic].epoch == now.epoch for topic, now in described.items()):
            # A partition added while we ran has only events nobody has seen: from its beginning.
            grown = {
                topic: TopicPosition(
                    now.epoch, known[topic].offsets + (0,) * (now.partitions - len(known[topic].offsets))
                )
                for topic, now in described.items()
            }
            if grown != known:
                log.warning("partitions_added")
                self._hub.place(grown)
            return
        ends = await self._cluster.ends({topic: now.partitions for topic, now in described.items()})
        if known:
            log.warning("topics_recreated")
            # Nothing waits between this and the next: who joined in between would stand in the old topic, and be told of no gap.
            self._hub.close_all("recreated")
        begins, records = ({}, []) if known else await before(self._settings, self._cluster, ends)
        self._hub.place({topic: TopicPosition(now.epoch, ends[topic]) for topic, now in described.items()})
        self._hub.recent.fill(begins, records)

    async def _jump(self) -> None:
        """Retention overtook us: clients come back with their ids and are told what they missed."""
        at = self._hub.position()
        partitions = {topic: len(position.offsets) for topic, position in at.items()}
        starts, ends = await self._cluster.starts(partitions), await self._cluster.ends(partitions)
        moved = {}
        for topic, position in at.items():
            ranges = zip(position.offsets, starts[topic], ends[topic], strict=True)
            offsets = tuple(offset if first <= offset <= end else end for offset, first, end in ranges)
            moved[topic] = TopicPosition(position.epoch, offsets)
        if moved != at:
            self._hub.close_all("behind")
            self._hub.place(moved)
