"""All lanes of one worker: opened and restored after an assignment, settled and closed before the next."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from aiokafka import TopicPartition

from processors.batching.changelog import restore
from processors.batching.lane import Lane
from processors.batching.offsets import Standing
from processors.batching.producer import LaneProducer
from processors.batching.routing import Router
from processors.batching.transaction import LaneRevoked, Transactor
from processors.batching.watchdog import Pulse
from schemas.errors import Fatal

if TYPE_CHECKING:
    from processors.batching.app import BatchApp
    from processors.batching.thread import LaneThread

log = structlog.get_logger()

Key = tuple[str, int]
"""Handler name and partition number."""


class Lanes:
    """The lanes of the current assignment. `epoch` changes with every revocation; `ready` is set while they run."""

    def __init__(self, app: "BatchApp", thread: "LaneThread") -> None:
        self.epoch = 0
        self.ready = asyncio.Event()
        self.room = asyncio.Event()
        """Set when a lane has taken something from its buffer."""
        self.opening = Pulse("opening lanes")
        self._app = app
        self._thread = thread
        self._router = Router()
        self._by_tp: dict[TopicPartition, Lane] = {}
        self._lanes: dict[Key, Lane] = {}
        self._transactors: dict[Key, Transactor] = {}
        self._kept: dict[Key, Standing] = {}
        """What the rows in memory correspond to, of lanes that were ours: if Kafka still says so, they are current."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._activation: asyncio.Task[None] | None = None
        self._changing = asyncio.Lock()

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def __len__(self) -> int:
        return len(self._lanes)

    def snapshot(self) -> list[Lane]:
        """The lanes now; may be called from any thread."""
        return list(self._lanes.values())

    def lane_of(self, tp: TopicPartition) -> Lane | None:
        """The lane that reads this partition."""
        return self._by_tp.get(tp)

    def cursors(self) -> dict[TopicPartition, int]:
        """Where the reader has to go on."""
        return {tp: lane.inputs[tp].cursor for tp, lane in self._by_tp.items()}

    def activate(self, assigned: set[TopicPartition]) -> None:
        """Begin to open the lanes of an assignment; the group goes on meanwhile."""
        keys: dict[Key, list[TopicPartition]] = defaultdict(list)
        for tp in assigned:
            handler = self._app.handler_of(tp.topic)
            if handler is not None:
                keys[handler.name, tp.partition].append(tp)
        self.opening.beat(busy=True)
        self._activation = asyncio.create_task(self._activate(keys, self.epoch))

    async def _activate(self, keys: Mapping[Key, list[TopicPartition]], epoch: int) -> None:
        try:
            started = monotonic()
            await self._open(keys)
            opened = monotonic()
            await self._restore(keys)
            cursors = await self._find_cursors(keys)
            if epoch != self.epoch:  # cancelled, but some library has swallowed it
                return
            for key, tps in keys.items():
                self._start(key, {tp: cursors[tp] for tp in tps})
            log.info(
                "lanes_ready",
                partitions=sorted({partition for _, partition in keys}),
                open_s=round(opened - started, 3),
                restore_s=round(monotonic() - opened, 3),
            )
            self.opening.beat(busy=False)
            self.ready.set()
        except LaneRevoked:
            pass
        except Exception as error:  # noqa: BLE001 -- the runner of the activation: whatever it is ends the worker
            await self._app.fail(error)

    async def _open(self, keys: Mapping[Key, list[TopicPartition]]) -> None:
        app = self._app
        for key, tps in keys.items():
            producer = LaneProducer(
                app.connection(),
                app.transactional_id(*key),
                app.conf.id,
                app.tuning,
                app.probe,
                app.content_types,
            )
            self._transactors[key] = Transactor(producer, self._thread, sorted(tps), app.tuning)
        try:
            async with asyncio.TaskGroup() as opening:
                for key in keys:
                    opening.create_task(self._transactors[key].open())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _restore(self, keys: Mapping[Key, list[TopicPartition]]) -> None:
        """Bring the rows of the assigned partitions to what is committed; forget those of other partitions."""
        tables = self._app.batch_tables
        assigned = {partition for _, partition in keys}
        stale = {key[1] for key in keys if self._kept.get(key) != self._transactors[key].standing}
        self._kept = {key: kept for key, kept in self._kept.items() if key[1] in assigned - stale}
        for table in tables:
            for partition in table.held() - assigned:
                table.drop(partition)
        count = await restore(
            self._app.connection(),
            tables,
            stale,
            lambda: self.opening.beat(busy=True),
            self._app.tuning.fetch_bytes,
        )
        if count:
            log.info("rows_restored", records=count, partitions=sorted(stale))
        for partition in assigned:
            new = all(
                committed is None
                for key in keys
                if key[1] == partition
                for committed in self._transactors[key].standing.values()
            )
            if new and any(table.rows(partition) for table in tables):
                raise Fatal(
                    f"partition {partition} has rows but no committed offset: where to go on is unknown"
                )

    async def _find_cursors(self, keys: Mapping[Key, list[TopicPartition]]) -> dict[TopicPartition, int]:
        standing = {tp: c for key in keys for tp, c in self._transactors[key].standing.items()}
        fresh = [tp for tp, committed in standing.items() if committed is None]
        starts = await self._thread.start_offsets(fresh) if fresh else {}
        return {tp: starts[tp] if c is None else c.offset for tp, c in standing.items()}

    def _start(self, key: Key, cursors: Mapping[TopicPartition, int]) -> None:
        app = self._app
        handler = app.handlers[key[0]]
        if handler.restored is not None:
            handler.restored(key[1], {table: table.rows(key[1]) for table in app.batch_tables})
        lane = Lane(
            handler,
            key[1],
            self._transactors[key],
            cursors,
            router=self._router,
            tuning=app.tuning,
            probe=app.probe,
            room=self.room.set,
        )
        self._lanes[key] = lane
        self._by_tp.update(dict.fromkeys(cursors, lane))
        task = lane.start(app.fail)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def deactivate(self, grace_s: float) -> None:
        """Give all lanes up: what runs has `grace_s` seconds to finish, then it is cancelled; nothing commits after."""
        self.epoch += 1
        self.ready.clear()
        async with self._changing:
            if self._activation is not None:
                await _cancel(self._activation)
                self._activation = None
            for lane in self._lanes.values():
                lane.release()
            running = set(self._tasks)
            if running and grace_s > 0:
                _, running = await asyncio.wait(running, timeout=grace_s)
            # Before the cancellation, for a task may be at a point where it is swallowed.
            for transactor in self._transactors.values():
                transactor.revoke()
            if running:
                log.warning("batches_cancelled", count=len(running))
                await asyncio.gather(*(lane.cancel() for lane in self._lanes.values()))
            lanes, self._lanes = self._lanes, {}
            transactors, self._transactors = self._transactors, {}
            self._by_tp = {}
            self._kept.update({key: lane.applied for key, lane in lanes.items()})
            await asyncio.gather(*(transactor.close() for transactor in transactors.values()))
            self.opening.beat(busy=False)
            for lane in lanes.values():
                if lane.handler.revoked is not None:
                    lane.handler.revoked(lane.partition)


async def _cancel(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended; a swallowed cancellation is repeated."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
