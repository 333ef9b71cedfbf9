"""Changelog topics: their creation, and reading rows back in bulk, committed ones only."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from processors.batching.cycles import uncollected
from processors.batching.table import BatchTable
from processors.batching.tuning import Tuning
from schemas.errors import Fatal, Retryable

log = structlog.get_logger()

ISOLATION = "read_committed"
"""Rows of a transaction that was aborted are in the log, too."""

_PATIENCE_S = 10.0
_PAUSE_S = 0.2
_CONFIG = {"cleanup.policy": "compact", "segment.ms": "86400000", "min.cleanable.dirty.ratio": "0.2"}


async def prepare_topics(
    connection: Mapping[str, Any],
    inputs: Iterable[str],
    tables: Iterable[BatchTable],
    partitions: int,
    tuning: Tuning,
) -> None:
    """Create missing changelogs, patiently; Retryable if an input stays missing, Fatal on another partition count."""
    deadline = monotonic() + _PATIENCE_S
    while True:
        try:
            await _prepare(connection, inputs, tables, partitions, tuning)
        except (Retryable, KafkaError) as error:
            # A topic that another worker is just creating has no partitions yet; a broker that starts is not ready.
            refused = isinstance(error, KafkaError) and not error.retriable
            if refused or monotonic() > deadline:
                raise
            log.info("topics_not_ready", detail=str(error))
            await asyncio.sleep(_PAUSE_S)
        else:
            return


async def _prepare(
    connection: Mapping[str, Any],
    inputs: Iterable[str],
    tables: Iterable[BatchTable],
    partitions: int,
    tuning: Tuning,
) -> None:
    admin = AIOKafkaAdminClient(**connection)
    await admin.start()
    try:
        wanted = set(inputs)
        found = {topic["topic"]: topic for topic in await admin.describe_topics(sorted(wanted))}
        for name in sorted(wanted):
            if found[name]["error_code"] != 0:
                raise Retryable(
                    f"input topic {name} is not there: {for_code(found[name]['error_code']).__name__}"
                )
            _same_count(name, len(found[name]["partitions"]), partitions)
        for table in tables:
            new = NewTopic(table.changelog, partitions, tuning.changelog_replication, topic_configs=_CONFIG)
            response = await admin.create_topics([new])
            for _, code, *message in response.topic_errors:
                if code not in {0, TopicAlreadyExistsError.errno}:
                    raise Retryable(
                        f"{table.changelog} could not be created: {for_code(code).__name__} {message}"
                    )
                if code == TopicAlreadyExistsError.errno:
                    (existing,) = await admin.describe_topics([table.changelog])
                    _same_count(table.changelog, len(existing["partitions"]), partitions)
    finally:
        await admin.close()


def _same_count(topic: str, found: int, expected: int) -> None:
    if found == 0:
        raise Retryable(f"{topic} has no partitions yet")
    if found != expected:
        raise Fatal(f"{topic} has {found} partitions, its stage needs {expected}")


async def restore(
    connection: Mapping[str, Any],
    tables: Iterable[BatchTable],
    partitions: Iterable[int],
    progress: Callable[[], None],
    fetch_bytes: int,
) -> int:
    """Replace the rows of these partitions by what their changelogs hold; the number of records read.

    The lanes that write there must be open already: with their former owners fenced the log ends with whole
    transactions. Progress is the position, not the last record: markers and aborted records count.
    """
    by_tp = {
        TopicPartition(table.changelog, partition): table for table in tables for partition in set(partitions)
    }
    if not by_tp:
        return 0
    reader = AIOKafkaConsumer(
        **connection,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=ISOLATION,
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_wait_ms=100,
    )
    for tp, table in by_tp.items():
        table.drop(tp.partition)
    await reader.start()
    try:
        with uncollected():
            return await _read(reader, by_tp, progress)
    finally:
        await reader.stop()


async def _read(
    reader: AIOKafkaConsumer, by_tp: Mapping[TopicPartition, BatchTable], progress: Callable[[], None]
) -> int:
    """Load what these partitions hold now; the number of records."""
    count = 0
    reader.assign(list(by_tp))
    begins = await reader.beginning_offsets(list(by_tp))
    ends = await reader.end_offsets(list(by_tp))
    for tp, begin in begins.items():
        reader.seek(tp, begin)
    left = {tp for tp in by_tp if begins[tp] < ends[tp]}
    while left:
        for tp, records in (await reader.getmany(*left, timeout_ms=200)).items():
            by_tp[tp].load(tp.partition, records)
            count += len(records)
        positions = {tp: await reader.position(tp) for tp in left}
        left = {tp for tp in left if positions[tp] < ends[tp]}
        progress()
    return count
