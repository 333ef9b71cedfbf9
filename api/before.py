"""The last records before a position, read once, when an api starts: its clients come back for what happened while it was away."""

import asyncio
from collections.abc import Mapping

import structlog
from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError

from api.cluster import Cluster
from api.reader import MAX_RECORDS, POLL_MS, assign, new_consumer
from api.settings import ApiSettings
from schemas.errors import Retryable

log = structlog.get_logger()

_PATIENCE_S = 5.0

Offsets = dict[tuple[str, int], int]
Records = list[tuple[str, ConsumerRecord]]


async def before(
    settings: ApiSettings, cluster: Cluster, ends: Mapping[str, tuple[int, ...]]
) -> tuple[Offsets, Records]:
    """Where the last records before `ends` begin, in each partition, and all committed ones from there on, by their topic.

    Nothing where Kafka does not give them soon: they are no more than a shorter way for those who come back.
    """
    last = {(topic, number): end for topic, offsets in ends.items() for number, end in enumerate(offsets)}
    share = settings.stream_recent_events // len(last)
    if not share:
        return {}, []
    try:
        async with asyncio.timeout(_PATIENCE_S):
            first = await cluster.starts({topic: len(offsets) for topic, offsets in ends.items()})
            begins = {
                (topic, number): max(first[topic][number], end - share)
                for (topic, number), end in last.items()
            }
            return begins, await _read(settings, begins, last)
    except (KafkaError, Retryable, TimeoutError) as error:
        log.warning("recent_not_read", error=str(error) or type(error).__name__)
        return {}, []


async def _read(settings: ApiSettings, begins: Offsets, last: Offsets) -> Records:
    records: Records = []
    left = {place: begin for place, begin in begins.items() if begin < last[place]}
    if not left:
        return records
    consumer = new_consumer(settings, "denyut-api-recent")
    try:
        await consumer.start()
        names = assign(consumer, settings.topic_prefix, left)
        waiting = list(names)
        while waiting:
            fetched = await consumer.getmany(*waiting, timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            for partition, found in fetched.items():
                end = last[names[partition]]
                records += [(names[partition][0], one) for one in found if one.offset < end]
            waiting = [one for one in waiting if await consumer.position(one) < last[names[one]]]
    finally:
        await consumer.stop()
    return records
