"""Commits of many lanes in one request: an offset with the ranges that are stored beside it."""

from collections.abc import Sequence
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from schemas.positions import range_metadata
from sinks.clickhouse import telemetry
from sinks.clickhouse.landing import Step
from sinks.clickhouse.lane import Commit, Lane

log = structlog.get_logger()

# The broker no longer takes us for the owner; what follows is a rebalance, which says so again.
_NOT_OURS = frozenset(
    {
        KafkaError.ILLEGAL_GENERATION,
        KafkaError.UNKNOWN_MEMBER_ID,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError.FENCED_INSTANCE_ID,
    }
)


def commit(consumer: Consumer, lanes: Sequence[Lane], step: Step) -> bool:
    """Commit what the lanes want; False if the group did not take all of it. `step` is called right before."""
    wanted = [(lane, want) for lane in lanes if (want := lane.wanted()) is not None]
    if not wanted:
        return True
    step("commit")
    try:
        results = consumer.commit(offsets=[position(lane, want) for lane, want in wanted], asynchronous=False)
    except KafkaException as error:
        _not_taken(error.args[0])
        return False
    taken = True
    errors = {(result.topic, result.partition): result.error for result in results}
    for lane, want in wanted:
        refusal = errors[lane.landed.full_name, lane.partition]
        if refusal is None:
            lane.took(want)
            telemetry.LAST_COMMIT.set_to_current_time()
        else:
            _not_taken(refusal)
            taken = False
    return taken


def position(lane: Lane, commit: Commit) -> TopicPartition:
    """The commit as Kafka's client takes it."""
    metadata = range_metadata(commit.ranges)
    return TopicPartition(lane.landed.full_name, lane.partition, commit.offset, metadata)


def _not_taken(error: Any) -> None:
    """Nothing is stored, so nothing is inserted; a later turn tries again unless a rebalance takes the partition."""
    if error.code() in _NOT_OURS:
        log.warning("commit_refused", error=error.str())
    else:
        log.warning("commit_failed", error=error.str())
