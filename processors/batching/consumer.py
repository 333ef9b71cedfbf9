"""Faust's consumer for lanes: its group callbacks drive the lanes, and its fetch loop feeds them."""

import asyncio
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError, OffsetOutOfRangeError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from processors.batching.admission import admit
from processors.batching.lanes import Lanes
from processors.batching.thread import LaneThread
from schemas.errors import Fatal

if TYPE_CHECKING:
    from processors.batching.app import BatchApp

_FETCH_S = 0.25
_FETCH_WHILE_FULL_S = 0.05


class LaneConsumer(driver.Consumer):  # type: ignore[misc]  # Faust has no types
    """Reads for lanes only: no streams, no acknowledgements, and so nothing for Faust's own commits to do."""

    app: "BatchApp"
    _thread: LaneThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lanes = Lanes(self.app, self._thread)

    def _new_consumer_thread(self) -> LaneThread:
        return LaneThread(self, loop=self.loop, beacon=self.beacon)

    async def _drain_messages(self, fetcher: Any) -> None:
        """Feed the lanes until the fetcher stops; replaces Faust's delivery of one event at a time."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                if self.flow_active:
                    await self._feed()
                else:
                    await self.wait(self.can_resume_flow)
        except ConsumerStoppedError:
            if not self.app.should_stop:
                raise
        except asyncio.CancelledError:
            if not self.app.should_stop:
                raise
        except OffsetOutOfRangeError as error:
            await self.app.fail(Fatal(f"input that was not read yet is gone: {error}"))
        except KafkaError as error:
            await self.app.fail(error)

    async def _feed(self) -> None:
        """Fetch once and hand out what continues the lanes' cursors."""
        lanes = self.lanes
        epoch = lanes.epoch
        lanes.room.clear()
        wanted = [tp for lane in lanes for tp in lane.wants()]
        if not wanted:
            try:
                async with asyncio.timeout(_FETCH_S):
                    await lanes.room.wait()
            except TimeoutError:
                pass
            return
        all_wanted = len(wanted) == len(lanes.cursors())
        fetched = await self._thread.fetch(wanted, _FETCH_S if all_wanted else _FETCH_WHILE_FULL_S)
        if epoch != lanes.epoch:
            return
        rewind: dict[TopicPartition, int] = {}
        for tp, result in fetched.items():
            lane = lanes.lane_of(tp)
            if lane is None:
                continue
            cursor = lane.inputs[tp].cursor
            lane.inputs[tp].stable_end = result.stable_end or cursor
            admitted = admit(cursor, result)
            if admitted is None:
                rewind[tp] = cursor
            else:
                lane.accept(tp, admitted)
        if rewind:
            await self._thread.seek_all(rewind)

    async def perform_seek(self) -> None:
        """Move the reader to where the lanes go on; Faust calls this before it resumes the flow."""
        await self._thread.seek_all(self.lanes.cursors())

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Open the lanes of a new assignment, beside the group's heartbeats."""
        if not self.app.should_stop:
            self.lanes.activate({TopicPartition(tp.topic, tp.partition) for tp in assigned})
        await super().on_partitions_assigned(assigned, generation_id)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Settle and close the lanes before anybody else can get them; at once if the group went on without us."""
        self.stop_flow()
        await self.lanes.deactivate(0.0 if self._thread.expelled else self.app.tuning.settle_s)
        await super().on_partitions_revoked(revoked)

    async def wait_empty(self) -> None:
        """Settle the lanes; Faust calls this before it stops."""
        await self.lanes.deactivate(self.app.tuning.settle_s)

    async def on_stop(self) -> None:
        """Settle, and drop what Faust's own transport keeps."""
        await self.wait_empty()
        self.transport._topic_waiters.clear()

    async def verify_all_partitions_active(self) -> None:
        """Nothing: the watchdog looks at the lanes instead."""


class LaneTransport(driver.Transport):  # type: ignore[misc]  # Faust has no types
    """Faust's transport with this consumer."""

    Consumer = LaneConsumer
