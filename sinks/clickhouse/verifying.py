"""After a replay: looks whether every row is really there, and puts in those that a crash of ClickHouse has lost."""

from collections.abc import Callable

import structlog
from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from sinks.clickhouse import telemetry
from sinks.clickhouse.attach import attach_all, beside
from sinks.clickhouse.batch import Framer
from sinks.clickhouse.groups import Landed, Sorted
from sinks.clickhouse.inserting import send
from sinks.clickhouse.targets import repair
from sinks.ranges import Range

log = structlog.get_logger()


def verify(
    client: Client,
    framer: Framer,
    landed: Landed,
    partition: int,
    cut: Range,
    groups: Sorted,
    fence: Callable[[], None],
) -> None:
    """Put back what the table, or a view's target, lacks of the range although its token is known.

    ClickHouse notes a token before it puts the part in place: a crash in between loses the block for good. The rows go
    in beside the token, through a table of their own whose partitions are attached: materialised views have had the
    block (their targets keep tokens of their own) and must not see it again. Then the targets are looked through
    likewise. `fence` must raise Retryable where the partition is no longer ours. Raises Fatal where a row is there twice.
    """
    if _missing(client, landed, partition, cut, groups):
        with beside(client, landed.table, partition) as aside:
            # Looked at again: an earlier try, whose answer was lost, may have been attaching until `aside` was dropped.
            missing = _missing(client, landed, partition, cut, groups)
            if missing:
                log.warning(
                    "lost_block_restored",
                    topic=landed.full_name,
                    partition=partition,
                    start=cut.start,
                    end=cut.end,
                    rows=len(missing),
                )
                for insert in framer.frame(landed, partition, cut, groups.only(missing)):
                    send(client, insert, aside)
                fence()
                telemetry.RESTORED.labels(landed.table).inc()
                attach_all(client, landed.table, aside)
    repair(client, landed.table, partition, cut, fence)


def _missing(client: Client, landed: Landed, partition: int, cut: Range, groups: Sorted) -> set[int]:
    """Offsets of the range that should be in the table and are not; raises Fatal where one is there twice."""
    found = found_of(client, landed, partition, cut)
    doubled = [offset for offset, count in found if count > 1]
    if doubled:
        raise Fatal(f"{landed.full_name}[{partition}] landed twice at offsets {doubled[:10]}")
    return groups.offsets() - {offset for offset, _ in found}


def found_of(client: Client, landed: Landed, partition: int, cut: Range) -> list[tuple[int, int]]:
    """(offset, rows) of what is in the table of the range."""
    rows = client.query(
        f"SELECT kafka_offset, count() FROM {landed.table} "  # noqa: S608 -- a table name of ours
        "WHERE kafka_partition = {partition:Int32} AND kafka_offset >= {start:Int64} "
        "AND kafka_offset < {end:Int64} GROUP BY kafka_offset",
        parameters={"partition": partition, "start": cut.start, "end": cut.end},
    ).result_rows
    return [(int(offset), int(count)) for offset, count in rows]
