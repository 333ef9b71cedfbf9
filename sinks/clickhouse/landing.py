"""Lands ranges in their tables: insert by token, and after a replay look whether every row is really there."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from sinks.clickhouse import telemetry
from sinks.clickhouse.attach import attach_all, beside
from sinks.clickhouse.batch import Framer, Insert, Landed, Sorted
from sinks.clickhouse.client import connect, decisions, pinned
from sinks.clickhouse.targets import repair
from sinks.dead_letters import DeadLetters
from sinks.ranges import Range
from sinks.settings import ClickHouseSinkSettings

log = structlog.get_logger()

Step = Callable[[str], None]
"""Called with a step's name right before it; tests kill or sleep there."""


class Clients:
    """As many clients as are needed at once; a client that failed is not used again."""

    def __init__(self, settings: ClickHouseSinkSettings) -> None:
        self._settings = settings
        self._free: queue.SimpleQueue[Client] = queue.SimpleQueue()

    @contextmanager
    def one(self) -> Iterator[Client]:
        """A client of this thread's own, its errors turned into Retryable and Fatal."""
        try:
            client = self._free.get_nowait()
        except queue.Empty:
            client = connect(self._settings, self._settings.sink_insert_timeout_s)
        try:
            with decisions():
                yield client
        except BaseException:
            client.close()
            raise
        self._free.put(client)

    def close(self) -> None:
        """Close those that are free."""
        while not self._free.empty():
            self._free.get_nowait().close()


class Landing:
    """Lands whole ranges; every method may be called from several threads, for different partitions."""

    def __init__(self, clients: Clients, framer: Framer, dead_letters: DeadLetters, step: Step) -> None:
        self._clients = clients
        self._framer = framer
        self._dead_letters = dead_letters
        self._step = step

    def land(self, landed: Landed, partition: int, cut: Range, fence: Callable[[], None]) -> int:
        """Insert the range; how many rows it has.

        What cannot land becomes a dead letter. After a replay, rows that are missing although their token is known
        are put in; `fence` must raise Retryable where the partition is no longer ours. Raises Retryable where the
        outcome is unknown or ClickHouse cannot now, Fatal otherwise.
        """
        began = time.monotonic()
        groups = self._framer.sort(landed, cut)
        try:
            self._insert(landed, partition, cut, groups)
        except Fatal:
            # Refused as a whole, so nothing landed: perhaps a record of it is no whole record.
            checked = self._framer.suspects(groups, cut)
            if len(checked.bad) == len(groups.bad):
                raise
            groups = checked
            self._insert(landed, partition, cut, groups)
        if groups.bad:
            self._dead_letters.publish(landed.name, landed.full_name, partition, groups.bad)
            telemetry.DEAD_LETTERS.labels(landed.name).inc(len(groups.bad))
        if cut.replay:
            telemetry.REPLAYS.labels(landed.table).inc()
            self._step("verify")
            self._verify(landed, partition, cut, groups, fence)
        rows = len(groups.offsets())
        telemetry.ROWS.labels(landed.table).inc(rows)
        telemetry.INSERTS.labels(landed.table).inc()
        telemetry.SECONDS.labels(landed.table).observe(time.monotonic() - began)
        return rows

    def _insert(self, landed: Landed, partition: int, cut: Range, groups: Sorted) -> None:
        for insert in self._framer.frame(landed, partition, cut, groups):
            self._step("insert")
            with self._clients.one() as client:
                send(client, insert, insert.table)
            self._step("inserted")

    def _verify(
        self, landed: Landed, partition: int, cut: Range, groups: Sorted, fence: Callable[[], None]
    ) -> None:
        """ClickHouse notes a token before it puts the part in place: a crash in between loses the block for good.

        The rows go in beside the token, through a table of their own whose partitions are attached: materialised
        views have had the block (their targets keep tokens of their own) and must not see it again. Then the targets
        are looked through likewise.
        """
        with self._clients.one() as client:
            if _missing(client, landed, partition, cut, groups):
                self._restore(client, landed, partition, cut, groups, fence)
            repair(client, landed.table, partition, cut, fence)

    def _restore(
        self,
        client: Client,
        landed: Landed,
        partition: int,
        cut: Range,
        groups: Sorted,
        fence: Callable[[], None],
    ) -> None:
        with beside(client, landed.table, partition) as aside:
            # Looked at again: an earlier try, whose answer was lost, may have been attaching until `aside` was dropped.
            missing = _missing(client, landed, partition, cut, groups)
            if not missing:
                return
            log.warning(
                "lost_block_restored",
                topic=landed.full_name,
                partition=partition,
                start=cut.start,
                end=cut.end,
                rows=len(missing),
            )
            lost = Sorted(
                good={
                    schema_id: kept
                    for schema_id, group in groups.good.items()
                    if (kept := [item for item in group if item[0] in missing])
                }
            )
            for insert in self._framer.frame(landed, partition, cut, lost):
                send(client, insert, aside)
            fence()
            telemetry.RESTORED.labels(landed.table).inc()
            attach_all(client, landed.table, aside)


def _missing(client: Client, landed: Landed, partition: int, cut: Range, groups: Sorted) -> set[int]:
    """Offsets of the range that should be in the table and are not; raises Fatal where one is there twice."""
    found = client.query(
        f"SELECT kafka_offset, count() FROM {landed.table} "  # noqa: S608 -- a table name of ours
        "WHERE kafka_partition = {partition:Int32} AND kafka_offset >= {start:Int64} "
        "AND kafka_offset < {end:Int64} GROUP BY kafka_offset",
        parameters={"partition": partition, "start": cut.start, "end": cut.end},
    ).result_rows
    doubled = [offset for offset, count in found if count > 1]
    if doubled:
        raise Fatal(f"{landed.full_name}[{partition}] landed twice at offsets {doubled[:10]}")
    return groups.offsets() - {offset for offset, _ in found}


def send(client: Client, insert: Insert, table: str) -> None:
    """One insert into `table` under its token; raises what clickhouse-connect raises.

    The rows pass through input() with plain types: ClickHouse builds LowCardinality columns from whole columns
    three times as fast as value by value.
    """
    columns = ", ".join(f"`{name}`" for name in insert.columns)
    structure = insert.structure.replace("\\", "\\\\").replace("'", "\\'")
    client.command(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM input('{structure}') FORMAT Avro",  # noqa: S608 -- names of our own schemas
        data=insert.file,
        settings={**pinned(client), "insert_deduplication_token": insert.token},
    )
