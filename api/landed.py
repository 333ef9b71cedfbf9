"""Up to where mentions have landed: what the sink's consumer group has committed."""

import asyncio

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from api.settings import ApiSettings
from schemas.clients import async_connection
from schemas.errors import Retryable
from schemas.flow import step
from schemas.topics import TOPICS

_PATIENCE_S = 10.0
_PAUSE_S = 0.2


class Landed:
    """Asks Kafka through aiokafka: librdkafka's admin client dies of a group whose coordinator moves.

    (librdkafka issue 5040, seen here with 2.16.1: NOT_COORDINATOR in an answer to ListConsumerGroupOffsets.)
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._group = step("clickhouse").group(settings.topic_prefix)
        self._admin: AIOKafkaAdminClient | None = None
        self._asking = asyncio.Lock()

    async def offsets(self, topic: str, partitions: int) -> tuple[int, ...]:
        """The offset of each partition below which all has landed, 0 where nothing has; raises Retryable."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE_S
        async with self._asking:
            while True:
                try:
                    return await self._once(TOPICS[topic].full_name(self._settings.topic_prefix), partitions)
                except (KafkaError, TimeoutError, AttributeError) as error:
                    # AttributeError: aiokafka looks for the error of a partition in the wrong place.
                    await self.close()
                    if asyncio.get_running_loop().time() > deadline:
                        raise Retryable(f"Kafka: {error}") from error
                await asyncio.sleep(_PAUSE_S)

    async def close(self) -> None:
        """Close the connection; it is made again when needed."""
        admin, self._admin = self._admin, None
        if admin is not None:
            await admin.close()

    async def _once(self, full_name: str, partitions: int) -> tuple[int, ...]:
        async with asyncio.timeout(_PATIENCE_S):
            if self._admin is None:
                self._admin = AIOKafkaAdminClient(
                    **async_connection(self._settings), client_id="denyut-api-landed"
                )
                await self._admin.start()
            asked = [TopicPartition(full_name, number) for number in range(partitions)]
            found = await self._admin.list_consumer_group_offsets(self._group, partitions=asked)
        # aiokafka does not look at the error of the whole answer: what was asked for is then not in it.
        if any(partition not in found for partition in asked):
            raise KafkaError("the group's coordinator did not answer for every partition")
        return tuple(max(found[partition].offset, 0) for partition in asked)
