"""What the api asks Kafka about its topics: which they are, where their logs begin and end."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from confluent_kafka import (
    IsolationLevel,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from api.positions import epoch_of
from schemas.clients import connection
from schemas.errors import Retryable
from schemas.settings import KafkaSettings
from schemas.topics import TOPICS

_PATIENCE_S = 10.0
_ATTEMPT_S = 5.0
_PAUSE_S = 0.2

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Described:
    """One topic as it is now."""

    epoch: bytes
    partitions: int


class Cluster:
    """Topics are given by their names in the catalogue; every method raises Retryable where Kafka does not answer."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._prefix = settings.topic_prefix
        self._admin = AdminClient({**connection(settings), "client.id": "denyut-api", "log_level": 0})

    async def describe(self, topics: Iterable[str]) -> dict[str, Described]:
        """The topics' epochs and partition counts; raises Retryable where one of them does not exist (yet)."""
        names = {TOPICS[topic].full_name(self._prefix): topic for topic in topics}
        found: dict[str, Future[Any]] = self._admin.describe_topics(
            TopicCollection(list(names)), request_timeout=_ATTEMPT_S
        )
        cluster = await _answer(self._admin.describe_cluster(request_timeout=_ATTEMPT_S))
        described = {}
        for full_name, future in found.items():
            topic = await _answer(future)
            described[names[full_name]] = Described(
                epoch_of(cluster.cluster_id, str(topic.topic_id)), len(topic.partitions)
            )
        return described

    async def starts(self, partitions: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        """The first offset still there, of each partition of topics with so many partitions."""
        return await self._offsets(partitions, OffsetSpec.earliest())

    async def ends(self, partitions: Mapping[str, int]) -> dict[str, tuple[int, ...]]:
        """The last stable offset of each partition: below it everything is decided."""
        return await self._offsets(partitions, OffsetSpec.latest())

    async def at(self, partitions: Mapping[str, int], millis: int) -> dict[str, tuple[int, ...]]:
        """The first offset recorded at or after a time, -1 where there is none."""
        return await self._offsets(partitions, OffsetSpec.for_timestamp(millis))

    async def _offsets(self, partitions: Mapping[str, int], spec: OffsetSpec) -> dict[str, tuple[int, ...]]:
        return await _retried(lambda: self._offsets_once(partitions, spec))

    async def _offsets_once(
        self, partitions: Mapping[str, int], spec: OffsetSpec
    ) -> dict[str, tuple[int, ...]]:
        asked = {
            TopicPartition(TOPICS[topic].full_name(self._prefix), partition): spec
            for topic, count in partitions.items()
            for partition in range(count)
        }
        futures: dict[TopicPartition, Future[Any]] = self._admin.list_offsets(
            asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_ATTEMPT_S
        )
        offsets = {topic: [0] * count for topic, count in partitions.items()}
        for partition, future in futures.items():
            offsets[partition.topic.removeprefix(self._prefix)][partition.partition] = (
                await _answer(future)
            ).offset
        return {topic: tuple(found) for topic, found in offsets.items()}


async def _retried(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again for a while: a leader or coordinator that has just moved or started answers in a moment."""
    deadline = asyncio.get_running_loop().time() + _PATIENCE_S
    while True:
        try:
            return await ask()
        except Retryable:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_PAUSE_S)


async def _answer(future: "Future[T]") -> T:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await asyncio.wrap_future(future)
    except KafkaException as error:
        raise Retryable(f"Kafka: {error.args[0].str()}") from error
    except TimeoutError:
        raise Retryable("Kafka did not answer") from None
