"""Lanes on real Kafka, in this process: what commits, what does not, and what a handler is told."""

import asyncio
from typing import Any

import pytest
from confluent_kafka import Producer

from processors.batching import Batch, BatchApp
from tests.support.kafka_reading import read_all
from tests.support.local_stage import LocalStage, eventually
from tests.support.topics import make_topics

pytestmark = pytest.mark.kafka


async def test_batches_tile_the_offsets_and_say_when_they_caught_up(stage: LocalStage) -> None:
    seen: list[tuple[int, int, int, bool]] = []

    async def handle(batch: Batch) -> None:
        seen.append((batch.start, batch.end, len(batch.records), batch.caught_up))

    app = stage.app()
    app.add_handler(stage.handler(handle, max_records=10))
    stage.produce(*[b"v"] * 25)
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 25, "all committed")
    assert [(start, end) for start, end, _, _ in seen] == [(0, 10), (10, 20), (20, 25)]
    assert [count for _, _, count, _ in seen] == [10, 10, 5]
    assert [caught_up for _, _, _, caught_up in seen] == [False, False, True]


async def test_a_tick_commits_what_it_did_and_nothing_where_it_did_nothing(stage: LocalStage) -> None:
    app = stage.app()
    table = app.batch_table("rows")
    ticks: list[tuple[int, int, bool]] = []

    async def handle(batch: Batch) -> None:
        if batch.records:
            batch.pending = 2
            return
        ticks.append((batch.start, batch.end, batch.caught_up))
        owed = 2 if batch.get(table, "told") is None else 1 if batch.get(table, "told") == 1 else 0
        if owed:
            batch.put(table, "told", 3 - owed)
            batch.send(stage.out, None, b"told %d" % (3 - owed), timestamp=1_234)
            batch.pending = owed - 1

    app.add_handler(stage.handler(handle, tick_s=0.2))
    stage.produce(b"v")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 1 and stage.metadata()["pending"] == 2, "owes two")
        await eventually(lambda: stage.metadata()["pending"] == 0 and len(ticks) >= 2, "owes nothing")
        token = stage.metadata()["txn"]
        more = len(ticks) + 3
        await eventually(lambda: len(ticks) >= more, "more ticks")
        assert stage.metadata()["txn"] == token
    after_first = [tick for tick in ticks if tick[0] == 1]
    assert after_first == [(1, 1, True)] * len(after_first)
    assert [message.value() for message in stage.outputs()] == [b"told 1", b"told 2"]
    assert [message.timestamp()[1] for message in stage.outputs()] == [1_234, 1_234]


async def test_deleted_rows_stay_deleted(stage: LocalStage) -> None:
    heard: list[tuple[str, Any]] = []

    def app() -> BatchApp:
        made = stage.app()
        table = made.batch_table("rows")

        async def handle(batch: Batch) -> None:
            for record in batch.records:
                assert record.key is not None
                key = record.key.decode()
                batch.put(
                    table, key, None if record.value == b"drop" else {"is": (record.value or b"").decode()}
                )

        made.add_handler(
            stage.handler(
                handle,
                restored=lambda partition, rows: heard.append(("restored", dict(rows[table]))),
                committed=lambda batch: heard.append(("committed", dict(batch.rows(table)))),
                revoked=lambda partition: heard.append(("revoked", partition)),
            )
        )
        return made

    stage.produce(b"1", key=b"a")
    stage.produce(b"1", key=b"b")
    async with stage.running(app()):
        await eventually(lambda: stage.committed() == 2, "two rows")
    stage.produce(b"drop", key=b"a")
    async with stage.running(app()):
        await eventually(lambda: stage.committed() == 3, "one deleted")
    async with stage.running(app()):
        await eventually(lambda: heard[-1][0] == "restored" and len(heard) > 6, "restored again")
    both = {"a": {"is": "1"}, "b": {"is": "1"}}
    assert heard[0] == ("restored", {})
    assert ("restored", both) in heard
    assert heard[-2:] == [("restored", {"b": {"is": "1"}}), ("revoked", 0)]
    changelog = list(read_all(stage.bootstrap, f"{stage.group}-rows-changelog"))
    assert [message.value() is None for message in changelog if message.key() == b"a"] == [False, True]


async def test_rows_of_an_aborted_transaction_are_not_restored(stage: LocalStage) -> None:
    restored: list[dict[str, Any]] = []

    def app() -> BatchApp:
        made = stage.app()
        table = made.batch_table("rows")

        async def handle(batch: Batch) -> None:
            batch.put(table, "n", batch.end)

        made.add_handler(
            stage.handler(handle, restored=lambda partition, rows: restored.append(dict(rows[table])))
        )
        return made

    stage.produce(b"v")
    async with stage.running(app()):
        await eventually(lambda: stage.committed() == 1, "one row")
    aborted = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.group}-other"})
    aborted.init_transactions(60)
    aborted.begin_transaction()
    aborted.produce(f"{stage.group}-rows-changelog", b"99", key=b"n")
    aborted.flush(60)
    aborted.abort_transaction(30)
    async with stage.running(app()):
        await eventually(lambda: len(restored) == 2, "restored")
    assert restored == [{}, {"n": 1}]


async def test_markers_and_aborted_records_at_the_end_are_committed_past(stage: LocalStage) -> None:
    handled: list[int] = []

    async def handle(batch: Batch) -> None:
        handled.extend(record.offset for record in batch.records)

    app = stage.app()
    app.add_handler(stage.handler(handle))
    producer = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.group}-source"})
    producer.init_transactions(60)
    for finish in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(stage.source, b"v")
        producer.flush(60)
        finish(30)
    await eventually(lambda: stage.offsets.ends() == {0: 4}, "both markers")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 4, "the end")
    assert handled == [0]


async def test_a_lane_at_the_end_fills_its_batch(stage: LocalStage) -> None:
    sizes: list[int] = []

    async def handle(batch: Batch) -> None:
        sizes.append(len(batch.records))

    app = stage.app()
    app.add_handler(stage.handler(handle, linger_s=1.0))
    stage.produce(b"first")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 1, "caught up")
        for _ in range(10):
            await asyncio.to_thread(stage.produce, b"v")
        await eventually(lambda: stage.committed() == 11, "all")
    assert sizes[0] == 1
    assert len(sizes) <= 4


async def test_outputs_meet_librdkafkas_in_their_partitions(stage: LocalStage, prefix: str) -> None:
    spread = f"{prefix}spread"
    make_topics(stage.bootstrap, spread, partitions=4)
    keys = [f"kunci-{number}".encode() for number in range(50)]
    producer = Producer({"bootstrap.servers": stage.bootstrap, "partitioner": "murmur2_random"})
    for key in keys:
        producer.produce(spread, b"librdkafka", key=key)
    assert producer.flush(60) == 0

    async def handle(batch: Batch) -> None:
        for key in keys:
            batch.send(spread, key, b"lane")
        batch.send(spread, b"fixed", b"fixed", partition=3)

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"v")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 1, "sent")
    where: dict[bytes, set[int]] = {}
    for message in read_all(stage.bootstrap, spread):
        where.setdefault(message.key(), set()).add(message.partition())
    assert where.pop(b"fixed") == {3}
    assert len(where) == 50
    assert all(len(partitions) == 1 for partitions in where.values())


async def test_a_batch_larger_than_a_produce_request_is_one_transaction(stage: LocalStage) -> None:
    async def handle(batch: Batch) -> None:
        for number in range(8):
            batch.send(stage.out, b"%d" % number, bytes(400_000))

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"v")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 1, "sent")
    assert len(stage.outputs()) == 8
