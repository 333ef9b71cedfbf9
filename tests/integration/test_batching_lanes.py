"""Lanes on real Kafka, in this process: what commits, what does not, and what a handler is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from processors.batching import Batch, BatchApp, Handler, Tuning
from processors.batching.transaction import LaneLost
from processors.batching.worker import serve
from schemas.errors import Fatal, Retryable
from tests.support.broker import Broker
from tests.support.kafka_reading import Offsets, make_topics, read_all

pytestmark = pytest.mark.kafka

PATIENCE_S = 30.0


async def eventually(condition: Callable[[], object], what: str) -> None:
    """Poll a condition that may block, beside the loop."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- what is polled is in Kafka
            await asyncio.sleep(0.02)


class Stage:
    """One topic with one partition, the app that reads it, and a way to run it."""

    def __init__(self, kafka: Broker, prefix: str) -> None:
        self.bootstrap = kafka.bootstrap
        self.source, self.out = f"{prefix}source", f"{prefix}out"
        self.group = f"{prefix}stage"
        make_topics(self.bootstrap, self.source, self.out, partitions=1)
        self.offsets = Offsets(self.bootstrap, self.group, self.source, 1)

    def app(self, **tuning: Any) -> BatchApp:
        settings = {"session_timeout_s": 6.0, "heartbeat_s": 0.5, **tuning}
        return BatchApp(id=self.group, broker=self.bootstrap, partitions=1, tuning=Tuning(**settings))

    def handler(self, handle: Callable[[Batch], Awaitable[None]], **options: Any) -> Handler:
        return Handler(name="work", topics=(self.source,), handle=handle, **options)

    def produce(self, *values: bytes, key: bytes = b"k", **options: Any) -> None:
        producer = Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, **options})
        for value in values:
            producer.produce(self.source, value, key=key)
        assert producer.flush(10) == 0

    def committed(self) -> int:
        return self.offsets.committed().get(0, 0)

    def metadata(self) -> dict[str, Any]:
        text = self.offsets.metadata()[0]
        return dict(orjson.loads(text)) if text else {}

    def outputs(self) -> list[Any]:
        return list(read_all(self.bootstrap, self.out))

    @contextlib.asynccontextmanager
    async def running(self, app: BatchApp) -> AsyncIterator[None]:
        """Run the app; it must end well."""
        stopping = asyncio.Event()
        served = asyncio.create_task(serve(app, stopping))
        try:
            yield
        finally:
            stopping.set()
            code = await served
        assert code == 0, app.failure

    async def fails(self, app: BatchApp) -> BaseException:
        """Run the app until it ends by itself; why it did."""
        async with asyncio.timeout(PATIENCE_S):
            assert await serve(app, asyncio.Event()) == 1
        assert app.failure is not None
        return app.failure


@pytest.fixture
def stage(kafka: Broker, prefix: str) -> Any:
    made = Stage(kafka, prefix)
    yield made
    made.offsets.close()


async def test_batches_tile_the_offsets_and_say_when_they_caught_up(stage: Stage) -> None:
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


async def test_a_tick_commits_what_it_did_and_nothing_where_it_did_nothing(stage: Stage) -> None:
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


async def test_deleted_rows_stay_deleted(stage: Stage) -> None:
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


async def test_rows_of_an_aborted_transaction_are_not_restored(stage: Stage) -> None:
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
    aborted.init_transactions(30)
    aborted.begin_transaction()
    aborted.produce(f"{stage.group}-rows-changelog", b"99", key=b"n")
    aborted.flush(10)
    aborted.abort_transaction(30)
    async with stage.running(app()):
        await eventually(lambda: len(restored) == 2, "restored")
    assert restored == [{}, {"n": 1}]


async def test_markers_and_aborted_records_at_the_end_are_committed_past(stage: Stage) -> None:
    handled: list[int] = []

    async def handle(batch: Batch) -> None:
        handled.extend(record.offset for record in batch.records)

    app = stage.app()
    app.add_handler(stage.handler(handle))
    producer = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.group}-source"})
    producer.init_transactions(30)
    for finish in (producer.commit_transaction, producer.abort_transaction):
        producer.begin_transaction()
        producer.produce(stage.source, b"v")
        producer.flush(10)
        finish(30)
    await eventually(lambda: stage.offsets.ends() == {0: 4}, "both markers")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 4, "the end")
    assert handled == [0]


async def test_a_lane_at_the_end_fills_its_batch(stage: Stage) -> None:
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


async def test_outputs_meet_librdkafkas_in_their_partitions(stage: Stage, prefix: str) -> None:
    spread = f"{prefix}spread"
    make_topics(stage.bootstrap, spread, partitions=4)
    keys = [f"kunci-{number}".encode() for number in range(50)]
    producer = Producer({"bootstrap.servers": stage.bootstrap, "partitioner": "murmur2_random"})
    for key in keys:
        producer.produce(spread, b"librdkafka", key=key)
    assert producer.flush(10) == 0

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


async def test_a_batch_larger_than_a_produce_request_is_one_transaction(stage: Stage) -> None:
    async def handle(batch: Batch) -> None:
        for number in range(8):
            batch.send(stage.out, b"%d" % number, bytes(400_000))

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"v")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 1, "sent")
    assert len(stage.outputs()) == 8


@pytest.mark.parametrize("what", ["output", "row"])
async def test_what_is_too_large_ends_the_worker_and_commits_nothing(stage: Stage, what: str) -> None:
    app = stage.app()
    table = app.batch_table("rows")

    async def handle(batch: Batch) -> None:
        batch.send(stage.out, b"k", b"before")
        if what == "output":
            batch.send(stage.out, b"k", bytes(batch.max_record_bytes + 1))
        else:
            batch.put(table, "k", "x" * batch.max_record_bytes)

    app.add_handler(stage.handler(handle))
    stage.produce(b"v")
    failure = await stage.fails(app)
    assert "oversized" in str(failure)
    assert (stage.out if what == "output" else "rows-changelog") in str(failure)
    assert stage.committed() == 0
    assert stage.outputs() == []


async def test_what_a_handler_raises_ends_the_worker(stage: Stage) -> None:
    async def handle(batch: Batch) -> None:
        batch.send(stage.out, b"k", b"v")
        raise ZeroDivisionError

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"v")
    assert isinstance(await stage.fails(app), ZeroDivisionError)
    assert stage.committed() == 0
    assert stage.outputs() == []


async def test_a_worker_that_was_fenced_by_nobody_in_particular_goes_on(stage: Stage) -> None:
    async def handle(batch: Batch) -> None:
        for record in batch.records:
            batch.send(stage.out, record.key, record.value)

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"1")
    async with stage.running(app):
        await eventually(lambda: stage.committed() == 1, "first")
        other = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.group}-work-0"})
        await asyncio.to_thread(other.init_transactions, 30)
        stage.produce(b"2")
        await eventually(lambda: stage.committed() == 2, "second")
        assert sum(lane.transactor.retries for lane in app.lanes) == 1
    assert [message.value() for message in stage.outputs()] == [b"1", b"2"]


async def test_a_commit_behind_its_back_ends_the_worker(stage: Stage) -> None:
    async def handle(batch: Batch) -> None: ...

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"1")
    served = asyncio.create_task(serve(app, asyncio.Event()))
    await eventually(lambda: stage.committed() == 1, "first")
    other = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.group}-work-0"})
    member = Consumer({"bootstrap.servers": stage.bootstrap, "group.id": stage.group})

    def commit_as_somebody_else() -> None:
        other.init_transactions(30)
        other.begin_transaction()
        other.send_offsets_to_transaction(
            [TopicPartition(stage.source, 0, 1)], member.consumer_group_metadata(), 30
        )
        other.commit_transaction(30)

    await asyncio.to_thread(commit_as_somebody_else)
    stage.produce(b"2")
    async with asyncio.timeout(PATIENCE_S):
        assert await served == 1
    assert isinstance(app.failure, LaneLost)
    assert stage.committed() == 1
    member.close()


async def test_rows_without_an_offset_are_fatal(stage: Stage) -> None:
    make_topics(
        stage.bootstrap, f"{stage.group}-rows-changelog", partitions=1, **{"cleanup.policy": "compact"}
    )
    producer = Producer({"bootstrap.servers": stage.bootstrap})
    producer.produce(f"{stage.group}-rows-changelog", b"1", key=b"k")
    producer.flush(10)

    async def handle(batch: Batch) -> None: ...

    app = stage.app()
    app.batch_table("rows")
    app.add_handler(stage.handler(handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Fatal)
    assert "no committed offset" in str(failure)


async def test_input_that_is_gone_is_fatal(stage: Stage) -> None:
    async def handle(batch: Batch) -> None: ...

    stage.produce(b"1")
    consumer = Consumer({"bootstrap.servers": stage.bootstrap, "group.id": stage.group})
    consumer.commit(offsets=[TopicPartition(stage.source, 0, 100)], asynchronous=False)
    consumer.close()
    app = stage.app()
    app.add_handler(stage.handler(handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Fatal)
    assert "gone" in str(failure)


async def test_a_missing_input_topic_is_named(stage: Stage, prefix: str) -> None:
    async def handle(batch: Batch) -> None: ...

    app = stage.app()
    app.add_handler(Handler(name="work", topics=(f"{prefix}nowhere",), handle=handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Retryable)
    assert f"{prefix}nowhere" in str(failure)


async def test_another_partition_count_is_fatal(stage: Stage) -> None:
    async def handle(batch: Batch) -> None: ...

    app = BatchApp(id=stage.group, broker=stage.bootstrap, partitions=2)
    app.add_handler(stage.handler(handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Fatal)
    assert "1 partitions" in str(failure)
