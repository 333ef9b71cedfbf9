"""Watches a worker that holds no partition: fine while the others get on, not if the group stands still."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.errors import ConsumerStoppedError, KafkaError
from faust.exceptions import ConsumerNotStarted

from processors.batching.watchdog import Pulse

if TYPE_CHECKING:
    from processors.batching.app import BatchApp

_LOOK_S = 10.0


class IdleWatch:
    """A worker that joined while the broker restarted may sit without partitions for ever; this notices."""

    def __init__(self, app: "BatchApp") -> None:
        self._app = app
        self._pulse = Pulse("worker without partitions, group without progress")
        self._every_s = app.tuning.watchdog_s / 6
        self._next = 0.0
        self._before: Mapping[TopicPartition, int] = {}

    async def look(self) -> Pulse:
        """The pulse: busy while this worker holds nothing and what there is to read is not being read.

        Raises the KafkaError that has ended its part in the group; one that reads would meet it by itself.
        """
        if len(self._app.lanes):
            self._pulse.beat(busy=False)
        elif monotonic() >= self._next:
            self._next = monotonic() + self._every_s
            self._pulse.busy()
            ended: KafkaError | None = None
            try:
                async with asyncio.timeout(_LOOK_S):
                    ended = await self._app.consumer._thread.ended()
                    if ended is None and await self._group_gets_on():
                        self._pulse.beat(busy=False)
            except (KafkaError, ConsumerStoppedError, ConsumerNotStarted, TimeoutError):
                pass  # no telling is no progress
            if ended is not None:
                raise ended
        return self._pulse

    async def _group_gets_on(self) -> bool:
        app = self._app
        inputs = [
            TopicPartition(topic, partition)
            for handler in app.handlers.values()
            for topic in handler.topics
            for partition in range(app.partitions)
        ]
        thread = app.consumer._thread
        committed = await thread.committed(inputs)
        ends = await thread.end_offsets(inputs)
        now = {tp: found.offset if found else 0 for tp, found in committed.items()}
        before, self._before = self._before, now
        return now != before or all(now[tp] >= ends[tp] for tp in inputs)
