"""The targets of materialised views: after a replay, what a partition's share lacks is put back."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from clickhouse_connect.driver.client import Client

from schemas.tables import MENTIONS, SENTIMENT_METRICS
from sinks.clickhouse import telemetry
from sinks.clickhouse.attach import attach_all, beside
from sinks.ranges import Range

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Target:
    """A summing table that a materialised view fills.

    `keys` are its sorting key, kafka_partition left out; `sums` are what it adds up. `touched` names the keys by
    which the rows of a range are found again, `touched_of` the same as expressions over the source.
    """

    table: str
    view: str
    source: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    touched: str
    touched_of: str


TARGETS = (
    Target(
        SENTIMENT_METRICS,
        "sentiment_metrics_from_mentions",
        MENTIONS,
        ("minute", "keyword", "platform", "sentiment", "collected_on"),
        ("mentions", "engagement"),
        "minute, collected_on",
        "toStartOfMinute(toDateTime(event_at, 'UTC')), toDate(collected_at)",
    ),
)
"""Every materialised view; a test compares them with the migrations."""


def repair(client: Client, table: str, partition: int, cut: Range, fence: Callable[[], None]) -> None:
    """Put back what the targets of `table` lack of the minutes that the range touches.

    ClickHouse notes the token of a block of the target before it puts the part in place, as it does for the source;
    a crash in between loses the block for good. Here the partition's mentions of those minutes are counted again with
    the view's own query, and what the target has too little goes in by ATTACH PARTITION. Only this partition's share
    is compared: nobody else inserts it, and inserts of other partitions that are under way do not show. What the
    target has too much (its source has expired, or was deleted by hand) is told in the log and left alone. `fence`
    must raise Retryable where the partition is no longer ours.
    """
    for target in TARGETS:
        if target.source == table:
            _repair(client, target, partition, cut, fence)


def _repair(client: Client, target: Target, partition: int, cut: Range, fence: Callable[[], None]) -> None:
    query = _differences(client, target)
    where = {"partition": partition, "start": cut.start, "end": cut.end}
    first = target.sums[0]
    lacking, excess, keys = client.query(
        f"SELECT sum(greatest({first}, 0)), sum(greatest(-{first}, 0)), count() FROM ({query})",  # noqa: S608 -- names of ours
        parameters=where,
    ).result_rows[0]
    place = {"table": target.table, "partition": partition, "start": cut.start, "end": cut.end}
    if excess:
        log.error("target_exceeds_its_source", rows=int(excess), **place)
    if not keys or not lacking:
        return
    log.warning("lost_target_block_restored", rows=int(lacking), keys=int(keys), **place)
    with beside(client, target.table, partition) as aside:
        columns = ", ".join((*target.keys, "kafka_partition", *target.sums))
        client.command(
            f"INSERT INTO {aside} ({columns}) SELECT {columns} FROM ({query}) WHERE {first} > 0",  # noqa: S608 -- names of ours
            parameters=where,
        )
        fence()
        telemetry.RESTORED.labels(target.table).inc()
        attach_all(client, target.table, aside)


def _differences(client: Client, target: Target) -> str:
    """A query of every key where source and target differ: keys, kafka_partition and the sums that are lacking."""
    select = client.query(
        "SELECT as_select FROM system.tables WHERE database = currentDatabase() AND name = {view:String}",
        parameters={"view": target.view},
    ).result_rows[0][0]
    keys = ", ".join((*target.keys, "kafka_partition"))
    plus = ", ".join(f"toInt64({name}) AS {name}" for name in target.sums)
    minus = ", ".join(f"-toInt64({name}) AS {name}" for name in target.sums)
    totals = ", ".join(f"sum(d.{name}) AS {name}" for name in target.sums)
    differ = " OR ".join(f"{name} != 0" for name in target.sums)
    share = (
        f"kafka_partition = {{partition:Int32}} AND ({target.touched}) IN (SELECT DISTINCT {target.touched_of} "  # noqa: S608 -- names of ours
        f"FROM {target.source} WHERE kafka_partition = {{partition:Int32}} "
        "AND kafka_offset >= {start:Int64} AND kafka_offset < {end:Int64})"
    )
    return (
        f"SELECT {keys}, {totals} FROM (SELECT {keys}, {plus} FROM ({select}) AS s WHERE {share} "  # noqa: S608
        f"UNION ALL SELECT {keys}, {minus} FROM {target.table} AS t WHERE {share}) AS d GROUP BY {keys} HAVING {differ}"
    )
