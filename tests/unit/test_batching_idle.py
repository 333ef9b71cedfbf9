"""A worker without partitions: fine while its group gets on, busy while nobody reads, ended where its part in the group is."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from processors.batching.app import BatchApp
from processors.batching.idle import IdleWatch
from processors.batching.offsets import Committed
from processors.batching.thread import LaneThread

TP = TopicPartition("source", 0)


class Reader:
    """As much of a reader as is asked; `met` is what its coordinator raises."""

    def __init__(self) -> None:
        self.committed, self.end = 0, 10
        self.ended: Exception | None = None
        self.met: Exception | None = None
        self._coordinator: Reader | None = self

    def check_errors(self) -> None:
        if self.ended is not None:
            raise self.ended

    async def fetch_committed_offsets(self, wanted: Any) -> Any:
        if self.met is not None:
            raise self.met
        return {tp: SimpleNamespace(offset=self.committed, metadata="") for tp in wanted}

    async def end_offsets(self, wanted: Any) -> Any:
        return dict.fromkeys(wanted, self.end)


def thread_of(reader: Reader) -> LaneThread:
    """The consumer's thread whose loop is the test's own."""
    thread = object.__new__(LaneThread)
    thread.thread_loop = asyncio.get_running_loop()
    thread._consumer = reader
    return thread


def watch_of(reader: Reader) -> IdleWatch:
    app = SimpleNamespace(
        lanes=[],
        handlers={"h": SimpleNamespace(topics=("source",))},
        partitions=1,
        # Every look is due.
        tuning=SimpleNamespace(watchdog_s=0.0),
        consumer=SimpleNamespace(_thread=thread_of(reader)),
    )
    return IdleWatch(cast("BatchApp", app))


async def test_a_group_that_gets_on_is_fine_and_one_that_stands_still_is_not() -> None:
    reader = Reader()
    watch = watch_of(reader)
    assert not (await watch.look()).stalled_s(), "what was committed before is not known yet"
    assert (await watch.look()).stalled_s() > 0
    reader.committed = 5
    assert not (await watch.look()).stalled_s()
    reader.committed = reader.end = 5
    assert not (await watch.look()).stalled_s(), "all was read"


async def test_where_the_broker_tells_of_no_broker_there_is_no_telling() -> None:
    reader = Reader()
    watch = watch_of(reader)
    await watch.look()
    reader.met = AssertionError("Did we not perform bootstrap?")
    assert (await watch.look()).stalled_s() > 0
    reader.met = None
    reader.committed = 1
    assert not (await watch.look()).stalled_s()


async def test_what_ended_its_part_in_the_group_ends_the_worker() -> None:
    reader = Reader()
    watch = watch_of(reader)
    await watch.look()
    reader.ended = KafkaError("Unexpected error during coordination")
    with pytest.raises(KafkaError, match="coordination"):
        await watch.look()


async def test_an_assertion_of_the_reader_is_an_error_of_kafka() -> None:
    reader = Reader()
    reader.committed = 3
    thread = thread_of(reader)
    assert await thread.committed([TP]) == {TP: Committed(3, 0, "")}
    reader.met = AssertionError("Did we not perform bootstrap?")
    with pytest.raises(KafkaError, match="bootstrap"):
        await thread.committed([TP])


async def test_before_it_has_subscribed_there_is_no_telling() -> None:
    reader = Reader()
    reader._coordinator = None
    watch = watch_of(reader)
    assert (await watch.look()).stalled_s() > 0
    reader._coordinator = reader
    assert not (await watch.look()).stalled_s()
