"""What ends a worker, and what does not: errors of handlers, records too large, fencing, topics that are not as they were."""

import asyncio

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from processors.batching import Batch, BatchApp, Handler
from processors.batching.transaction import LaneLost
from processors.batching.worker import serve
from schemas.errors import Fatal, Retryable
from tests.support.local_stage import PATIENCE_S, LocalStage, eventually
from tests.support.topics import make_topics

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("what", ["output", "row"])
async def test_what_is_too_large_ends_the_worker_and_commits_nothing(stage: LocalStage, what: str) -> None:
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


async def test_what_a_handler_raises_ends_the_worker(stage: LocalStage) -> None:
    async def handle(batch: Batch) -> None:
        batch.send(stage.out, b"k", b"v")
        raise ZeroDivisionError

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"v")
    assert isinstance(await stage.fails(app), ZeroDivisionError)
    assert stage.committed() == 0
    assert stage.outputs() == []


async def test_a_worker_that_was_fenced_by_nobody_in_particular_goes_on(stage: LocalStage) -> None:
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


async def test_a_commit_behind_its_back_ends_the_worker(stage: LocalStage) -> None:
    async def handle(batch: Batch) -> None: ...

    app = stage.app()
    app.add_handler(stage.handler(handle))
    stage.produce(b"1")
    served = asyncio.create_task(serve(app, asyncio.Event()))
    await eventually(lambda: stage.committed() == 1, "first")
    other = Producer({"bootstrap.servers": stage.bootstrap, "transactional.id": f"{stage.group}-work-0"})
    member = Consumer({"bootstrap.servers": stage.bootstrap, "group.id": stage.group})

    def commit_as_somebody_else() -> None:
        other.init_transactions(60)
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


async def test_rows_without_an_offset_are_fatal(stage: LocalStage) -> None:
    make_topics(
        stage.bootstrap, f"{stage.group}-rows-changelog", partitions=1, **{"cleanup.policy": "compact"}
    )
    producer = Producer({"bootstrap.servers": stage.bootstrap})
    producer.produce(f"{stage.group}-rows-changelog", b"1", key=b"k")
    producer.flush(60)

    async def handle(batch: Batch) -> None: ...

    app = stage.app()
    app.batch_table("rows")
    app.add_handler(stage.handler(handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Fatal)
    assert "no committed offset" in str(failure)


async def test_input_that_is_gone_is_fatal(stage: LocalStage) -> None:
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


async def test_a_missing_input_topic_is_named(stage: LocalStage, prefix: str) -> None:
    async def handle(batch: Batch) -> None: ...

    app = stage.app()
    app.add_handler(Handler(name="work", topics=(f"{prefix}nowhere",), handle=handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Retryable)
    assert f"{prefix}nowhere" in str(failure)


async def test_another_partition_count_is_fatal(stage: LocalStage) -> None:
    async def handle(batch: Batch) -> None: ...

    app = BatchApp(id=stage.group, broker=stage.bootstrap, partitions=2)
    app.add_handler(stage.handler(handle))
    failure = await stage.fails(app)
    assert isinstance(failure, Fatal)
    assert "1 partitions" in str(failure)
