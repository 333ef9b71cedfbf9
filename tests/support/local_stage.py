"""A stage of one partition for tests, run in their own process and event loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from confluent_kafka import Producer

from processors.batching import Batch, BatchApp, Handler, Tuning
from processors.batching.worker import serve
from tests.support.broker import Broker
from tests.support.kafka_reading import Offsets, read_all
from tests.support.topics import make_topics

PATIENCE_S = 120.0


async def eventually(condition: Callable[[], object], what: str) -> None:
    """Poll a condition that may block, beside the loop."""
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 -- what is polled is in Kafka
            await asyncio.sleep(0.02)


class LocalStage:
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
        assert producer.flush(60) == 0

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
