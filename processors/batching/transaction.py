"""Commits one lane's batches, each exactly once: after any error the committed token tells whether it had happened."""

import asyncio
import secrets
from collections.abc import Mapping
from itertools import count
from typing import Protocol

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from processors.batching.offsets import Committed, Standing, carries
from processors.batching.producer import LaneProducer
from processors.batching.routing import Groups
from processors.batching.tuning import Tuning
from schemas.errors import Fatal

log = structlog.get_logger()

_OPEN_ATTEMPTS = 60
_READ_S = 15.0
_PROCESS = secrets.token_hex(4)
_NUMBERS = count()


class LaneLost(Fatal):
    """Somebody else has committed on this lane: what is in memory is not what is in Kafka."""


class LaneRevoked(Exception):  # noqa: N818 -- not an error: the lane's new owner goes on
    """The lane was taken away; whether its last batch has committed is its new owner's business."""


class Group(Protocol):
    """What a lane asks of its consumer group."""

    async def committed(self, partitions: list[TopicPartition]) -> Mapping[TopicPartition, Committed | None]:
        """What is committed."""

    async def is_member(self) -> bool:
        """Whether the group still knows this worker."""


class Transactor:
    """Owns a lane's producer and knows what the lane has committed last.

    Only the latest producer of a transactional id can commit, and offsets and rows commit together: so whatever is
    found committed under our token includes our rows, and whatever is not found there never will be.
    """

    def __init__(
        self, producer: LaneProducer, group: Group, inputs: list[TopicPartition], tuning: Tuning
    ) -> None:
        self.standing: Standing = {}
        self.retries = 0
        self._producer = producer
        self._group = group
        self._inputs = inputs
        self._tuning = tuning
        self._revoked = False

    @property
    def producer(self) -> LaneProducer:
        """The lane's producer."""
        return self._producer

    async def open(self) -> Standing:
        """Fence former owners, then read what is committed; raises LaneLost if Kafka stays away, LaneRevoked."""
        self.standing = await self._reopen()
        return self.standing

    async def commit(self, groups: Groups, offsets: Mapping[TopicPartition, int], pending: int) -> None:
        """Commit records and offsets as one; when it returns they are committed, whatever happened on the way.

        `offsets` names every input of the lane. Raises LaneRevoked, LaneLost, or Fatal as it is met.
        """
        for _ in range(self._tuning.attempts):
            token = f"{_PROCESS}.{next(_NUMBERS)}"
            after = {tp: Committed(offset, pending, token) for tp, offset in offsets.items()}
            if await self._attempt(groups, after, token):
                self.standing = after
                return
            self.retries += 1
        raise LaneLost(f"{self._producer.transactional_id}: gave up after {self._tuning.attempts} attempts")

    async def _attempt(self, groups: Groups, after: Mapping[TopicPartition, Committed], token: str) -> bool:
        """Try once; whether it has happened."""
        self._check()
        try:
            async with asyncio.timeout(self._tuning.transaction_timeout_s):
                await self._producer.transact(
                    groups, {tp: OffsetAndMetadata(c.offset, c.metadata) for tp, c in after.items()}
                )
        except Fatal:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it was, what is committed decides
            log.warning("transaction_failed", lane=self._producer.transactional_id, error=repr(error))
        else:
            return True
        await self._await_membership()
        found = await self._reopen()
        if carries(found, token):
            log.info("transaction_had_committed", lane=self._producer.transactional_id)
            return True
        if found != self.standing:
            raise LaneLost(f"{self._producer.transactional_id}: found {found}, expected {self.standing}")
        return False

    async def _await_membership(self) -> None:
        """Return once the group confirms this worker: one that was expelled must not fence its successor."""
        while not await self._group.is_member():
            self._check()
            await asyncio.sleep(0.1)
        self._check()

    async def _reopen(self) -> Standing:
        for attempt in range(_OPEN_ATTEMPTS):
            self._check()
            try:
                await self._producer.open()
                async with asyncio.timeout(_READ_S):
                    return await self._group.committed(self._inputs)
            except (KafkaError, TimeoutError) as error:
                log.warning("lane_open_failed", lane=self._producer.transactional_id, error=repr(error))
                await asyncio.sleep(min(1.0, 0.1 * (attempt + 1)))
        raise LaneLost(f"{self._producer.transactional_id}: could not be opened")

    def _check(self) -> None:
        if self._revoked:
            raise LaneRevoked(self._producer.transactional_id)

    def revoke(self) -> None:
        """From now on commit nothing; a commit that is on its way may still happen."""
        self._revoked = True

    async def close(self) -> None:
        """Close the producer."""
        self.revoke()
        await self._producer.close()
