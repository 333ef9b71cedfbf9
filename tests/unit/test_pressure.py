"""Partitions are paused while too much waits, of theirs or of all in sum, and read on when there is room again."""

from collections.abc import Iterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from schemas.positions import Owed
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.lane import Lane
from sinks.clickhouse.pressure import Pressure
from sinks.ranges import Limits, Positions
from sinks.records import Chunk
from tests.support.direct import Record

LIMITS = Limits(rows=100, size=100_000, linger_s=1.0)
LANDED = Landed("mentions", "mentions", "id", "mention", "mentions")


@pytest.fixture
def consumer() -> Iterator[Consumer]:
    """A real one; to pause what is assigned it needs no broker."""
    made = Consumer({"bootstrap.servers": "127.0.0.1:9", "group.id": "nobody", "log_level": 0})
    made.assign([TopicPartition("mentions", number, 0) for number in range(3)])
    yield made
    made.close()


def lane(number: int, *stored: Owed) -> Lane:
    return Lane(LANDED, number, Positions(0, LIMITS, list(stored)), 0, stored, opened=True)


def read(into: Lane, count: int, size: int) -> None:
    first = into.positions.buffered
    into.positions.read(Chunk.of([Record(first + at, b"x" * size) for at in range(count)]), 0.0)


def test_a_partition_with_a_batch_waiting_is_not_read_on(consumer: Consumer) -> None:
    pressure = Pressure(LIMITS, 1 << 20)
    by_rows, by_size, few = lanes = [lane(0), lane(1), lane(2)]
    read(by_rows, 100, 1)
    read(by_size, 1, 100_000)
    read(few, 99, 1)
    pressure.regulate(consumer, lanes)
    assert [one.paused for one in lanes] == [True, True, False]
    assert not pressure.full
    by_rows.prepare(0.0)
    pressure.regulate(consumer, lanes)
    assert [one.paused for one in lanes] == [False, True, False]


def test_all_are_paused_while_too_much_is_held_in_sum_those_being_inserted_too(consumer: Consumer) -> None:
    pressure = Pressure(LIMITS, 120_000)
    large, small = lanes = [lane(0), lane(1)]
    read(large, 2, 60_000)
    pressure.regulate(consumer, lanes)
    assert (pressure.full, [one.paused for one in lanes]) == (True, [True, True])
    large.prepare(0.0)
    pressure.regulate(consumer, lanes)
    assert [one.paused for one in lanes] == [True, True], "it is in memory until it is in the table"
    large.current = None
    large.prepare(2.0)
    large.current = None
    pressure.regulate(consumer, lanes)
    assert (pressure.full, [one.paused for one in lanes]) == (False, [False, False])
    assert small.positions.buffered == 0


def test_a_stored_range_is_read_to_its_end_however_much_it_is(consumer: Consumer) -> None:
    pressure = Pressure(LIMITS, 1000)
    lanes = [lane(0, Owed(0, 300))]
    read(lanes[0], 200, 10)
    pressure.regulate(consumer, lanes)
    assert pressure.full
    assert [one.paused for one in lanes] == [False]
    read(lanes[0], 100, 10)
    pressure.regulate(consumer, lanes)
    assert [one.paused for one in lanes] == [True]
