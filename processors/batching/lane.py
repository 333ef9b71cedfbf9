"""One lane: the batches of one handler and one partition number, one after the other, each in one transaction."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

import structlog
from aiokafka import TopicPartition

from processors.batching.admission import Admitted
from processors.batching.batch import Batch, Oversized
from processors.batching.handler import Handler
from processors.batching.offsets import Standing
from processors.batching.producer import Probe
from processors.batching.routing import Groups, Router
from processors.batching.schedule import Advance, Input, Run, Tick, Wait, next_step
from processors.batching.telemetry import BatchCounter
from processors.batching.transaction import LaneRevoked, Transactor
from processors.batching.tuning import Tuning
from processors.batching.watchdog import Pulse
from processors.record import Record

log = structlog.get_logger()


class Lane:
    """Buffers what is read for it and runs its handler; `run` ends when the lane is released or something fails."""

    def __init__(
        self,
        handler: Handler,
        partition: int,
        transactor: Transactor,
        cursors: Mapping[TopicPartition, int],
        *,
        router: Router,
        tuning: Tuning,
        probe: Probe,
        room: Callable[[], None],
    ) -> None:
        self.handler = handler
        self.partition = partition
        self.transactor = transactor
        self.inputs = {tp: Input(tp, cursor, cursor) for tp, cursor in cursors.items()}
        self.pulse = Pulse(f"lane {transactor.producer.transactional_id}")
        self.applied: Standing = transactor.standing
        """What the rows in memory correspond to."""
        self.batches = 0
        self.records = 0
        self._counter = BatchCounter(handler.name)
        self._begun = dict(cursors)
        self._router = router
        self._tuning = tuning
        self._probe = probe
        self._room = room
        self._wake = asyncio.Event()
        self._released = False
        self._handling = False
        self._task: asyncio.Task[None] | None = None
        self._last_call = monotonic()
        self._pending = max(
            (committed.pending for committed in transactor.standing.values() if committed), default=0
        )

    def wants(self) -> list[TopicPartition]:
        """The inputs that have room for more."""
        limit = self.handler.max_records
        return [tp for tp, waiting in self.inputs.items() if len(waiting.buffer) < limit]

    def accept(self, tp: TopicPartition, admitted: Admitted) -> None:
        """Take over what was read."""
        waiting = self.inputs[tp]
        waiting.accept(list(admitted.records), admitted.end, admitted.at_end, monotonic())
        if waiting.cursor > waiting.base:
            self.pulse.busy()
        self._wake.set()

    def behind(self) -> dict[TopicPartition, int]:
        """By input, the positions up to its last stable offset that are not committed; markers of transactions count.

        The end is what the latest fetch knew. May be called from any thread.
        """
        applied = self.applied
        return {
            tp: max(waiting.cursor, waiting.stable_end)
            - (self._begun[tp] if (committed := applied.get(tp)) is None else committed.offset)
            for tp, waiting in self.inputs.items()
        }

    def release(self) -> None:
        """Start nothing more; what runs may finish."""
        self._released = True
        self._wake.set()

    def start(self, failed: Callable[[Exception], Awaitable[None]]) -> asyncio.Task[None]:
        """Run in a task; what the lane cannot survive is given to `failed`."""

        async def run() -> None:
            try:
                await self.run()
            except Exception as error:  # noqa: BLE001 -- the runner of handlers: whatever they raise ends the worker
                await failed(error)

        self._task = asyncio.create_task(run())
        return self._task

    async def cancel(self) -> None:
        """End the task. A running handler is waited for: a thread it has started would outlive its cancellation."""
        while self._task is not None and not self._task.done():
            if not self._handling:
                self._task.cancel()  # again and again, for a library may swallow it
            await asyncio.wait({self._task}, timeout=0.1)

    async def run(self) -> None:
        """Do what is due until released; raises what the handler raises, LaneLost and other Fatal errors."""
        try:
            while not self._released:
                handler = self.handler
                tick_at = None if handler.tick_s is None else self._last_call + handler.tick_s
                self._wake.clear()
                step = next_step(
                    self.inputs.values(),
                    monotonic(),
                    linger_s=handler.linger_s,
                    max_records=handler.max_records,
                    tick_at=tick_at,
                )
                match step:
                    case Wait(seconds):
                        await self._sleep(seconds)
                    case Run(waiting):
                        await self._run_batch(waiting)
                    case Advance(waiting):
                        await self._advance(waiting)
                    case Tick():
                        await self._tick()
        except LaneRevoked:
            log.info("lane_revoked", lane=self.transactor.producer.transactional_id)

    async def _sleep(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass

    async def _run_batch(self, waiting: Input) -> None:
        records, start, end, caught_up = waiting.take(self.handler.max_records, monotonic())
        self._room()
        batch = self._batch(waiting.tp.topic, records, start, end, caught_up)
        await self._handle(batch)
        await self._commit(batch)
        self.records += len(records)

    async def _handle(self, batch: Batch) -> None:
        self._handling = True
        began = monotonic()
        try:
            await self.handler.handle(batch)
        except Exception:
            log.exception(
                "handler_failed",
                handler=self.handler.name,
                topic=batch.topic,
                partition=batch.partition,
                start=batch.start,
                end=batch.end,
            )
            raise
        finally:
            self._handling = False
        self._counter.handled(monotonic() - began)

    async def _tick(self) -> None:
        first = next(iter(self.inputs.values()))
        caught_up = all(waiting.at_end for waiting in self.inputs.values())
        batch = self._batch(first.tp.topic, [], first.base, first.base, caught_up)
        await self._handle(batch)
        if batch.has_effects or batch.pending != self._pending:
            await self._commit(batch)
        else:
            self._last_call = monotonic()

    async def _advance(self, waiting: Input) -> None:
        _, start, end, caught_up = waiting.take(self.handler.max_records, monotonic())
        batch = self._batch(waiting.tp.topic, [], start, end, caught_up)
        batch.pending = self._pending
        await self._commit(batch, called=False)

    def _batch(self, topic: str, records: list[Record], start: int, end: int, caught_up: bool) -> Batch:
        return Batch(
            handler=self.handler.name,
            topic=topic,
            partition=self.partition,
            records=records,
            start=start,
            end=end,
            caught_up=caught_up,
            max_record_bytes=self._tuning.max_record_bytes,
        )

    async def _commit(self, batch: Batch, *, called: bool = True) -> None:
        """Commit the batch, then change memory, with no await between the rows and the handler's own memory."""
        groups = await self._groups(batch)
        offsets = {tp: waiting.base for tp, waiting in self.inputs.items()}
        await self._probe("handled")
        began, retries = monotonic(), self.transactor.retries
        await self.transactor.commit(groups, offsets, batch.pending)
        self._counter.committed(
            len(batch.records), groups, self.transactor.retries - retries, monotonic() - began
        )
        await self._probe("before_memory")
        for table, writes in batch.writes.items():
            table.apply(self.partition, writes)
        self.applied = self.transactor.standing
        self._pending = batch.pending
        if called:
            self._last_call = monotonic()
            if self.handler.committed is not None:
                self.handler.committed(batch)
        self.batches += 1
        self.pulse.beat(busy=any(waiting.cursor > waiting.base for waiting in self.inputs.values()))

    async def _groups(self, batch: Batch) -> Groups:
        groups = await self._router.route(batch.outputs, self.transactor.producer.partitions_of)
        for table, writes in batch.writes.items():
            changes = groups.setdefault((table.changelog, self.partition), [])
            for key, value in table.changelog_records(writes):
                size = len(key) + (0 if value is None else len(value))
                if size > self._tuning.max_record_bytes:
                    raise Oversized(table.changelog, size, self._tuning.max_record_bytes)
                changes.append((key, value, None))
        return groups
