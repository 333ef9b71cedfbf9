"""The consumer's thread: group membership and fetching go on in it while handlers keep the main loop busy."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import aiokafka
from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError, NoOffsetForPartitionError
from faust.exceptions import ConsumerNotStarted
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.transport.drivers.aiokafka import Transport as FaustTransport

from processors.batching.admission import Fetched
from processors.batching.offsets import Committed, Standing, parse

if TYPE_CHECKING:
    from processors.batching.app import BatchApp

T = TypeVar("T")


class LaneThread(AIOKafkaConsumerThread):  # type: ignore[misc]  # Faust has no types
    """Faust's consumer thread with the reader that lanes need; its methods are called from the main loop."""

    app: "BatchApp"

    def _create_worker_consumer(self, transport: FaustTransport) -> aiokafka.AIOKafkaConsumer:  # noqa: ARG002 -- Faust's signature
        """Build the group's reader: committed records only, never a silent jump to another offset."""
        tuning = self.app.tuning
        gather_s = self.app.lingers_s / 2
        return aiokafka.AIOKafkaConsumer(
            **self.app.connection(),
            group_id=self.app.conf.id,
            partition_assignment_strategy=[self.app.assignor],
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_min_bytes=tuning.gather_bytes if gather_s >= tuning.fetch_wait_s else 1,
            fetch_max_wait_ms=int(1000 * max(gather_s, tuning.fetch_wait_s)),
            max_partition_fetch_bytes=tuning.fetch_bytes,
            session_timeout_ms=int(tuning.session_timeout_s * 1000),
            heartbeat_interval_ms=int(tuning.heartbeat_s * 1000),
            rebalance_timeout_ms=int(tuning.rebalance_timeout_s * 1000),
            max_poll_interval_ms=86_400_000,  # the watchdog decides what is too slow
        )

    async def _in_thread(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the thread's loop; cancelling the caller cancels it."""
        try:
            future = asyncio.run_coroutine_threadsafe(work, self.thread_loop)
        except RuntimeError as error:  # the loop is closed
            work.close()
            raise ConsumerStoppedError from error
        try:
            return await asyncio.wrap_future(future)
        except AssertionError as error:
            # aiokafka asserts that it knows some broker; one that is just starting tells it of none, not even of itself.
            raise KafkaError(f"the reader met what it holds to be impossible: {error}") from error

    def _member(self) -> Any:
        """This worker's part in the group; raises ConsumerNotStarted while it has none: the reader has not subscribed yet."""
        coordinator = self._ensure_consumer()._coordinator
        if coordinator is None:
            raise ConsumerNotStarted
        return coordinator

    async def fetch(
        self, partitions: Iterable[TopicPartition], timeout_s: float
    ) -> dict[TopicPartition, Fetched]:
        """What is there to read, waiting up to `timeout_s` for the first record; says of every partition where it is.

        Raises KafkaError (OffsetOutOfRangeError among them) as the reader does.
        """
        return await self._in_thread(self._fetch(frozenset(partitions), timeout_s))

    async def _fetch(
        self, wanted: frozenset[TopicPartition], timeout_s: float
    ) -> dict[TopicPartition, Fetched]:
        consumer = self._ensure_consumer()
        # An empty set of partitions means all of them to aiokafka.
        mine = wanted & consumer.assignment()
        if not mine:
            await asyncio.sleep(timeout_s)
            return {}
        try:
            before = {tp: await consumer.position(tp) for tp in mine}
            records = await consumer.getmany(*mine, timeout_ms=int(timeout_s * 1000))
            return {
                tp: Fetched(
                    before[tp],
                    await consumer.position(tp),
                    consumer.last_stable_offset(tp),
                    records.get(tp, ()),
                )
                for tp in mine
            }
        except (IllegalStateError, AssertionError):  # taken away meanwhile
            return {}
        except NoOffsetForPartitionError:
            # aiokafka looked for a committed offset right after a rebalance, before the lane's cursor was sought.
            return {}

    async def seek_all(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Move the reader; partitions that are not assigned any more are left out."""

        async def seek() -> None:
            consumer = self._ensure_consumer()
            for tp in consumer.assignment() & offsets.keys():
                consumer.seek(tp, offsets[tp])

        await self._in_thread(seek())

    async def committed(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Committed | None]:
        """What the group has committed, with its metadata; raises KafkaError where there is no telling."""
        wanted = list(partitions)

        async def read() -> Standing:
            found = await self._member().fetch_committed_offsets(wanted)
            return {tp: parse(found[tp].offset, found[tp].metadata) if tp in found else None for tp in wanted}

        return dict(await self._in_thread(read()))

    async def start_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """Where a group that has committed nothing starts."""
        consumer = self._ensure_consumer()
        find = consumer.beginning_offsets if self.app.tuning.start == "earliest" else consumer.end_offsets
        found: dict[TopicPartition, int] = await self._in_thread(find(list(partitions)))
        return found

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The last stable offset of each partition."""
        found: dict[TopicPartition, int] = await self._in_thread(
            self._ensure_consumer().end_offsets(list(partitions))
        )
        return found

    async def is_member(self) -> bool:
        """Ask the coordinator whether it still knows this worker; False if there is no telling."""

        async def ask() -> bool:
            coordinator = self._member()
            if coordinator.generation < 0:
                return False
            alive: bool = await coordinator._do_heartbeat()
            return alive and coordinator.generation >= 0

        try:
            return await self._in_thread(ask())
        except KafkaError:
            return False

    async def ended(self) -> KafkaError | None:
        """What has ended this worker's part in the group, so that it would never be given a partition again; None while nothing has."""

        async def look() -> None:
            self._member().check_errors()

        try:
            await self._in_thread(look())
        except KafkaError as error:
            return error
        return None

    @property
    def expelled(self) -> bool:
        """Whether the group has gone on without this worker."""
        generation: int = self._member().generation
        return generation < 0

    def close(self) -> None:
        """Nothing: Faust would close the reader from the wrong loop; `on_thread_stop` closes it."""
