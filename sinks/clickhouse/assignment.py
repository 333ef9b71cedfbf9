"""Partitions come and go: where each begins, and whether its table agrees with the committed offset."""

from collections.abc import Mapping
from typing import Any

import structlog
from confluent_kafka import Consumer, KafkaException, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas import positions as metadata
from schemas.clients import connection
from schemas.errors import Fatal, Retryable
from schemas.settings import KafkaSettings
from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks.clickhouse.batch import TOMBSTONES
from sinks.clickhouse.clients import Clients
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.lane import Lane
from sinks.ranges import Limits, Positions

log = structlog.get_logger()

_TIMEOUT_S = 10


def landed_topics(settings: KafkaSettings) -> dict[str, Landed]:
    """Full topic name to what lands from it, with the topic ids of now; raises Retryable where one is missing."""
    admin = AdminClient({**connection(settings), "log_level": 0})
    names = {TOPICS[name].full_name(settings.topic_prefix): name for name in LANDED}
    landed = {}
    for full_name, future in admin.describe_topics(TopicCollection(list(names))).items():
        try:
            described = future.result(_TIMEOUT_S)
        except (KafkaException, TimeoutError) as error:
            raise Retryable(f"topic {full_name} cannot be described: {error}") from error
        name = names[full_name]
        landed[full_name] = Landed(
            name, full_name, str(described.topic_id), TOPICS[name].event, LANDED[name], TOMBSTONES.get(name)
        )
    return landed


def record_topics(clients: Clients, landed: Mapping[str, Landed]) -> None:
    """Note the id of each topic; raises Fatal where rows of its table came from a topic that is gone.

    A topic that was deleted and made again begins at offset 0: its rows would be taken for what has landed.
    """
    with clients.one() as client:
        known = {
            table: (topic, topic_id)
            for table, topic, topic_id in client.query(
                "SELECT table, argMax(topic, recorded_at), argMax(topic_id, recorded_at) FROM landed_topics GROUP BY table"
            ).result_rows
        }
        for topic in landed.values():
            found = known.get(topic.table)
            if found == (topic.full_name, topic.topic_id):
                continue
            rows = client.command(f"SELECT count() FROM {topic.table}")  # noqa: S608 -- a table name of ours
            if found is not None and rows:
                raise Fatal(
                    f"table {topic.table} has {rows} rows from topic {found[0]} with id {found[1]}, but {topic.full_name} "
                    f"is {topic.topic_id}: the topic was made again; empty the table or restore the topic"
                )
            client.insert(
                "landed_topics",
                [[topic.full_name, topic.topic_id, topic.table]],
                column_names=["topic", "topic_id", "table"],
            )


def begin(
    consumer: Consumer, partitions: list[TopicPartition], landed: Mapping[str, Landed], limits: Limits
) -> list[Lane]:
    """A lane for each partition, beginning at its committed offset, or at its first where there is none yet.

    Raises Retryable where the group cannot be asked, Fatal where what is committed is not ours.
    """
    try:
        committed = consumer.committed(partitions, timeout=_TIMEOUT_S)
        lanes = []
        for partition in committed:
            if partition.error:
                raise Retryable(f"committed offsets cannot be read: {partition.error}")
            lanes.append(_lane(consumer, partition, landed[partition.topic], limits))
    except KafkaException as error:
        raise Retryable(f"committed offsets cannot be read: {error}") from error
    return lanes


def _lane(consumer: Consumer, partition: Any, landed: Landed, limits: Limits) -> Lane:
    if partition.offset < 0:
        low, _ = consumer.get_watermark_offsets(
            TopicPartition(partition.topic, partition.partition), timeout=_TIMEOUT_S
        )
        return Lane(landed, partition.partition, Positions(low, limits), None, ())
    ranges = metadata.pending_ranges(partition.metadata or "")
    positions = Positions(partition.offset, limits, ranges)
    return Lane(landed, partition.partition, positions, partition.offset, tuple(ranges))


def open_lane(lane: Lane, clients: Clients) -> None:
    """Compare the table with the committed offset; raises Fatal where rows lie beyond what was stored, Retryable.

    Such rows mean that the group's offset was lost or went back: going on would insert them a second time.
    """
    with clients.one() as client:
        row = client.query(
            f"SELECT count(), max(kafka_offset) FROM {lane.landed.table} WHERE kafka_partition = {{p:Int32}}",  # noqa: S608 -- a table name of ours
            parameters={"p": lane.partition},
        ).result_rows[0]
    count, highest = int(row[0]), int(row[1])
    if not count:
        return
    where = f"{lane.landed.full_name}[{lane.partition}]"
    if lane.committed is None:
        raise Fatal(
            f"{where} has no committed offset, but table {lane.landed.table} has {count} of its rows up to offset {highest}: "
            "the group's offsets were lost; set them to follow the rows, or empty the table"
        )
    end = lane.stored[-1].end if lane.stored else lane.committed
    if highest >= end:
        raise Fatal(
            f"{where} is committed up to {end}, but table {lane.landed.table} has its rows up to offset {highest}: "
            "the group's offset went back; set it to follow the rows"
        )


def still_stands(consumer: Consumer, lane: Lane, patience_s: float) -> bool:
    """Whether the group's commit is the one that the lane began with; raises Retryable where Kafka does not tell now."""
    place = TopicPartition(lane.landed.full_name, lane.partition)
    try:
        [found] = consumer.committed([place], timeout=patience_s)
    except KafkaException as error:
        raise Retryable(f"Kafka: {error.args[0].str()}") from error
    if lane.committed is None:
        return int(found.offset) < 0
    return (
        found.offset == lane.committed and tuple(metadata.pending_ranges(found.metadata or "")) == lane.stored
    )
