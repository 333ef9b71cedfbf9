"""The Faust app whose handlers get batches: register tables and handlers, then give it to `run_worker`."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import faust
import structlog
from aiokafka.errors import KafkaError
from faust.app.base import BootStrategy
from mode import Service

from processors.batching.changelog import prepare_topics
from processors.batching.consumer import LaneTransport
from processors.batching.handler import Handler
from processors.batching.idle import IdleWatch
from processors.batching.lanes import Lanes
from processors.batching.producer import Probe, no_probe
from processors.batching.recovery import LaneTableManager
from processors.batching.table import BatchTable
from processors.batching.tuning import Tuning
from schemas.errors import Fatal

log = structlog.get_logger()

_DEFAULTS = Tuning()


class _Boot(BootStrategy):  # type: ignore[misc]  # Faust has no types
    """No producer of Faust's own (every lane has its own), no web."""

    enable_kafka_producer = False
    enable_web = False


class BatchApp(faust.App):  # type: ignore[misc]  # Faust has no types
    """One stage. `id` is its consumer group, `broker` a comma-separated bootstrap list, `partitions` that of its inputs.

    `security` is what every aiokafka client needs beyond that to be let in.
    `content_types`: topic to the media type that a header of every record sent there names; records of other topics have no headers.
    `probe` is called between the steps of each transaction: tests sleep or fail in it.
    """

    BootStrategy = _Boot

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 -- Faust's name for it
        broker: str,
        partitions: int = 4,
        security: Mapping[str, Any] = MappingProxyType({}),
        tuning: Tuning = _DEFAULTS,
        probe: Probe = no_probe,
        content_types: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.tuning = tuning
        self.probe = probe
        self.content_types = content_types
        self.partitions = partitions
        self.handlers: dict[str, Handler] = {}
        self.batch_tables: list[BatchTable] = []
        self.failure: BaseException | None = None
        self.failed = asyncio.Event()
        self._security = security
        self._bootstrap = [server.removeprefix("kafka://").strip() for server in broker.split(",")]
        self._handler_by_topic: dict[str, Handler] = {}
        super().__init__(
            id,
            broker=[f"kafka://{server}" for server in self._bootstrap],
            store="memory://",
            autodiscover=False,
            topic_partitions=partitions,
            topic_disable_leader=True,
            web_enabled=False,
            worker_redirect_stdouts=False,
            TableManager=LaneTableManager,
        )

    def batch_table(self, name: str) -> BatchTable:
        """Declare a table; its changelog is the compacted topic `{id}-{name}-changelog`."""
        if any(table.name == name for table in self.batch_tables):
            raise ValueError(f"table {name} is declared twice")
        table = BatchTable(name, f"{self._default_options[0]}-{name}-changelog")
        self.batch_tables.append(table)
        return table

    def add_handler(self, handler: Handler) -> None:
        """Register a handler; a topic is read by one handler only."""
        taken = [topic for topic in handler.topics if topic in self._handler_by_topic]
        if taken or handler.name in self.handlers:
            raise ValueError(f"handler {handler.name}: its name or a topic of {taken} is taken")
        self.handlers[handler.name] = handler
        self._handler_by_topic.update(dict.fromkeys(handler.topics, handler))

    def handler_of(self, topic: str) -> Handler | None:
        """Who reads this topic."""
        return self._handler_by_topic.get(topic)

    @property
    def lingers_s(self) -> float:
        """How long every lane of this stage lets pass at least between two batches of an input, where it is not behind."""
        return min(handler.linger_s for handler in self.handlers.values())

    def transactional_id(self, handler: str, partition: int) -> str:
        """One id per lane, the same in every worker: that is what fences a former owner."""
        return f"{self.conf.id}-{handler}-{partition}"

    def connection(self) -> dict[str, Any]:
        """How aiokafka's clients reach the broker."""
        return {
            **self._security,
            "bootstrap_servers": self._bootstrap,
            "client_id": self.conf.id,
            "metadata_max_age_ms": int(self.tuning.metadata_max_age_s * 1000),
        }

    @property
    def lanes(self) -> Lanes:
        """The lanes of the current assignment."""
        lanes: Lanes = self.consumer.lanes
        return lanes

    @property
    def started_lanes(self) -> Lanes | None:
        """The same, None before the worker has begun to read."""
        return None if self._consumer is None else self.lanes

    async def fail(self, error: BaseException) -> None:
        """Note why this worker must end; its runner then stops it. Only the first reason counts."""
        if self.failure is None:
            self.failure = error
            log.error("worker_failed", stage=self.conf.id, error=repr(error), exc_info=error)
        self.failed.set()

    def _new_transport(self) -> LaneTransport:
        return LaneTransport(self.conf.broker_consumer, self)

    async def on_first_start(self) -> None:
        """Nothing: Faust would create data folders, and rows are kept in memory and in Kafka only."""

    async def on_start(self) -> None:
        """Check the topics and subscribe; raises Retryable or Fatal where they are not as they must be."""
        if self.agents or self.tables:
            raise Fatal("agents and tables of Faust's own do not work beside lanes")
        inputs = list(self._handler_by_topic)
        await prepare_topics(self.connection(), inputs, self.batch_tables, self.partitions, self.tuning)
        self.topics.add(self.topic(*inputs, key_type=bytes, value_type=bytes))
        await super().on_start()

    async def on_stop(self) -> None:
        """Settle the lanes first, while the group still counts this worker in."""
        if (lanes := self.started_lanes) is not None:
            await lanes.deactivate(self.tuning.settle_s)
        await super().on_stop()

    @Service.task  # type: ignore[untyped-decorator]  # Faust has no types
    async def _watch(self) -> None:
        """End the worker if anything it should do stands still."""
        limit = self.tuning.watchdog_s
        idle = IdleWatch(self)
        while not self.should_stop:
            await self.sleep(min(1.0, limit / 4))
            try:
                standby = await idle.look()
            except KafkaError as error:
                await self.fail(error)
                return
            lanes = self.lanes
            pulses = [lanes.opening, *(lane.pulse for lane in lanes), standby]
            for pulse in pulses:
                if pulse.stalled_s() > limit:
                    await self.fail(Fatal(f"no progress for {limit:.0f} s: {pulse.name}"))
                    return
