"""Batches, tables, committed positions, routing and the watchdog's clock, each by itself."""

from collections import Counter

import pytest
from aiokafka import TopicPartition

from processors.batching import Batch, BatchTable, Handler, Oversized
from processors.batching.offsets import Committed, carries, parse
from processors.batching.routing import Router
from processors.batching.watchdog import Pulse
from schemas import positions
from schemas.errors import Fatal, Poison
from tests.unit.test_batching_admission import Read


def batch(limit: int = 100) -> Batch:
    return Batch(
        handler="h",
        topic="t",
        partition=2,
        records=[],
        start=0,
        end=0,
        caught_up=True,
        max_record_bytes=limit,
    )


def test_a_batch_sees_its_own_writes_and_the_table_does_not() -> None:
    table, work = BatchTable("x", "x-changelog"), batch()
    table.apply(2, {"a": 1, "b": 2})
    work.put(table, "a", 5)
    work.put(table, "b", None)
    assert (work.get(table, "a"), work.get(table, "b"), work.get(table, "c")) == (5, None, None)
    assert dict(work.rows(table)) == {"a": 1, "b": 2}
    table.apply(2, work.writes[table])
    assert dict(work.rows(table)) == {"a": 5}


def test_a_batch_sees_its_own_partition_only() -> None:
    table, work = BatchTable("x", "x-changelog"), batch()
    table.apply(1, {"a": 1})
    assert work.get(table, "a") is None
    assert dict(work.rows(table)) == {}


def test_effects_are_noticed() -> None:
    work = batch()
    assert not work.has_effects
    work.send("out", None, b"v")
    assert work.has_effects


def test_an_oversized_output_names_topic_and_size() -> None:
    work = batch(limit=10)
    with pytest.raises(Oversized, match=r"11 bytes for out") as caught:
        work.send("out", b"k", b"x" * 11)
    assert isinstance(caught.value, Poison)
    assert (caught.value.reason, caught.value.topic, caught.value.size) == ("oversized", "out", 11)
    assert not work.outputs


def test_two_handlers_cannot_write_one_table() -> None:
    table = BatchTable("x", "x-changelog")
    table.claim("one")
    table.claim("one")
    with pytest.raises(Fatal, match="one and by two"):
        table.claim("two")


def test_rows_survive_their_changelog() -> None:
    table, again = BatchTable("x", "c"), BatchTable("x", "c")
    writes = {"a": {"n": [1, 2.5, "ü"]}, "ü": None}
    again.apply(0, {"ü": 1})
    records = [
        Read(number, key=key, value=value)
        for number, (key, value) in enumerate(table.changelog_records(writes))
    ]
    again.load(0, records)
    assert dict(again.rows(0)) == {"a": {"n": [1, 2.5, "ü"]}}


def test_what_is_committed_can_be_read_by_others() -> None:
    committed = Committed(7, 3, "p.1")
    assert parse(7, committed.metadata) == committed
    seen_by_confluent = committed.metadata.split("\0")[0]
    assert positions.owes(seen_by_confluent)
    assert not positions.owes(Committed(7, 0, "p.1").metadata.split("\0")[0])


def test_offsets_set_by_hand_have_no_token() -> None:
    assert parse(7, "") == Committed(7)
    with pytest.raises(Fatal, match="not ours"):
        parse(7, "[1]")


def test_only_a_whole_commit_carries_its_token() -> None:
    one, two = TopicPartition("a", 0), TopicPartition("b", 0)
    assert carries({one: Committed(1, 0, "x"), two: Committed(1, 0, "x")}, "x")
    assert not carries({one: Committed(1, 0, "x"), two: Committed(1, 0, "y")}, "x")
    assert not carries({one: Committed(1, 0, "x"), two: None}, "x")
    assert not carries({}, "x")


async def four(topic: str) -> int:
    return 4


async def test_keys_decide_partitions_and_order_stays() -> None:
    groups = await Router().route(
        [("out", b"k%d" % (number % 9), b"%d" % number, None, None) for number in range(90)], four
    )
    where: dict[bytes | None, set[int]] = {}
    for (_, partition), records in groups.items():
        numbers = [int(value or b"") for _, value, _ in records]
        assert numbers == sorted(numbers)
        for key, _, _ in records:
            where.setdefault(key, set()).add(partition)
    assert all(len(partitions) == 1 for partitions in where.values())


async def test_records_without_a_key_take_turns() -> None:
    groups = await Router().route([("out", None, b"v", None, 5)] * 8, four)
    assert Counter({partition: len(records) for (_, partition), records in groups.items()}) == Counter(
        {0: 2, 1: 2, 2: 2, 3: 2}
    )


async def test_an_explicit_partition_must_exist() -> None:
    assert set(await Router().route([("out", b"k", b"v", 3, None)], four)) == {("out", 3)}
    with pytest.raises(Fatal, match="no partition 4"):
        await Router().route([("out", b"k", b"v", 4, None)], four)


def test_a_pulse_runs_only_while_there_is_work() -> None:
    now = 10.0
    pulse = Pulse("p", lambda: now)
    assert pulse.stalled_s() == 0
    pulse.busy()
    now = 15.0
    pulse.busy()
    assert pulse.stalled_s() == 5
    pulse.beat(busy=True)
    now = 16.0
    assert pulse.stalled_s() == 1
    pulse.beat(busy=False)
    assert pulse.stalled_s() == 0


@pytest.mark.parametrize("wrong", [{"topics": ()}, {"max_records": 0}, {"tick_s": 0.0}])
def test_impossible_handlers_are_refused(wrong: dict[str, object]) -> None:
    async def handle(batch: Batch) -> None: ...

    arguments: dict[str, object] = {"name": "h", "topics": ("t",), "handle": handle, **wrong}
    with pytest.raises(ValueError, match="handler h"):
        Handler(**arguments)  # type: ignore[arg-type]
