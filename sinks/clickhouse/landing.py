"""Lands ranges in their tables: insert by token, and after a replay look whether every row is really there."""

import queue
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import structlog
from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal, Poison
from schemas.positions import Owed
from schemas.registry import SchemaIds
from sinks.clickhouse import telemetry
from sinks.clickhouse.attach import attach_all, beside
from sinks.clickhouse.batch import Framer, Insert, Landed, Sorted
from sinks.clickhouse.client import connect, decisions, pinned
from sinks.clickhouse.codes import RowRefused
from sinks.clickhouse.earlier import landed_and_refused
from sinks.clickhouse.preflight import Admission
from sinks.clickhouse.splitting import MOST_SUSPECTS, parts
from sinks.clickhouse.targets import repair
from sinks.dead_letters import DeadLetters
from sinks.ranges import Range
from sinks.refused_share import RefusedShare, Tolerance
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

    def __init__(
        self,
        clients: Clients,
        ids: SchemaIds,
        dead_letters: DeadLetters,
        tolerance: Tolerance,
        step: Step,
    ) -> None:
        self._clients = clients
        self._framer = Framer(ids)
        self._admission = Admission(ids, clients.one)
        self._dead_letters = dead_letters
        self._share = RefusedShare(tolerance)
        self._began_ms = time.time_ns() // 1_000_000
        self._step = step

    def land(self, landed: Landed, partition: int, cut: Range, fence: Callable[[], None]) -> tuple[Owed, ...]:
        """Insert the range; the parts that are left of it, which must be stored before they are landed.

        What cannot land becomes a dead letter: what is no record of the topic, and a row that ClickHouse refuses by
        itself. A schema's rows that it refuses together are left, in smaller parts. After a replay, rows that are
        missing although their token is known are put in; `fence` must raise Retryable where the partition is no
        longer ours. Raises Retryable where the outcome is unknown or ClickHouse cannot now, Fatal otherwise, also
        where too much is refused.
        """
        began = time.monotonic()
        groups = self._framer.sort(landed, cut)
        for schema_id in groups.good:
            self._admission.admit(landed, schema_id)
        refused = self._insert(landed, partition, cut, groups)
        if refused:
            self._nothing_landed(landed, partition, cut, groups, refused)
        done = self._without(landed, cut, groups, refused)
        rows = len(done.offsets())
        if done.bad:
            before = partial(self._before, landed, partition, cut)
            self._share.check(landed.full_name, rows, len(done.bad), str(done.bad[-1][1]), before)
            self._step("dead_letters")
            self._dead_letters.publish(landed.name, landed.full_name, partition, done.bad)
            telemetry.DEAD_LETTERS.labels(landed.name).inc(len(done.bad))
        if cut.replay and rows:
            telemetry.REPLAYS.labels(landed.table).inc()
            self._step("verify")
            self._verify(landed, partition, cut, done, fence)
        self._share.add(landed.full_name, rows, len(done.bad))
        telemetry.ROWS.labels(landed.table).inc(rows)
        telemetry.INSERTS.labels(landed.table).inc()
        telemetry.SECONDS.labels(landed.table).observe(time.monotonic() - began)
        return self._parts(landed, partition, cut, groups, refused)

    def _before(self, landed: Landed, partition: int, cut: Range, reach_s: float) -> tuple[int, int]:
        """What earlier runs landed and refused in the last so many seconds before this one began."""
        since_ms = self._began_ms - round(1000 * reach_s)
        with self._clients.one() as client:
            return landed_and_refused(client, landed, partition, cut, since_ms, self._began_ms)

    def _insert(self, landed: Landed, partition: int, cut: Range, groups: Sorted) -> Mapping[int, RowRefused]:
        """Insert every schema's rows; why those were refused that were, by schema id."""
        refused = {}
        for insert in self._framer.frame(landed, partition, cut, groups):
            self._step("insert")
            try:
                with self._clients.one() as client:
                    send(client, insert, insert.table)
            except RowRefused as error:
                refused[insert.schema_id] = error
            self._step("inserted")
        return refused

    def _nothing_landed(
        self,
        landed: Landed,
        partition: int,
        cut: Range,
        groups: Sorted,
        refused: Mapping[int, RowRefused],
    ) -> None:
        """Raise Fatal where a refused insert has rows in the table all the same: parts of it would land twice."""
        with self._clients.one() as client:
            found = {offset for offset, _ in _found(client, landed, partition, cut)}
        for schema_id, error in refused.items():
            there = found.intersection(groups.offsets_of(schema_id))
            if there:
                raise Fatal(
                    f"{landed.full_name}[{partition}] {cut.start}-{cut.end}, schema id {schema_id}: refused although "
                    f"{len(there)} of its rows are in table {landed.table}: {error}"
                ) from error

    def _without(
        self, landed: Landed, cut: Range, groups: Sorted, refused: Mapping[int, RowRefused]
    ) -> Sorted:
        """What is done with of the range: the rows that landed, and the bad records, a row refused by itself among them."""
        good = {schema_id: group for schema_id, group in groups.good.items() if schema_id not in refused}
        done = Sorted(good, list(groups.bad))
        for schema_id, error in refused.items():
            log.warning(
                "insert_refused", topic=landed.full_name, rows=len(groups.good[schema_id]), reason=str(error)
            )
            if len(groups.good[schema_id]) == 1:
                [(offset, payload, _)] = groups.good[schema_id]
                record = next(record for record in cut.records if record.offset() == offset)
                fault = self._framer.fault(payload) or Poison("rejected", str(error))
                done.bad.append((record, fault))
        return done

    def _parts(
        self,
        landed: Landed,
        partition: int,
        cut: Range,
        groups: Sorted,
        refused: Mapping[int, RowRefused],
    ) -> tuple[Owed, ...]:
        left = {
            schema_id: offsets for schema_id in refused if len(offsets := groups.offsets_of(schema_id)) > 1
        }
        suspects = self._framer.suspects(groups, left, MOST_SUSPECTS)
        found = parts(cut.start, cut.end, left, suspects)
        if found:
            log.warning(
                "range_split",
                topic=landed.full_name,
                partition=partition,
                start=cut.start,
                end=cut.end,
                schemas=sorted(left),
                parts=len(found),
                suspects=len(suspects),
            )
        return found

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
                    if len(kept := group.among(missing))
                }
            )
            for insert in self._framer.frame(landed, partition, cut, lost):
                send(client, insert, aside)
            fence()
            telemetry.RESTORED.labels(landed.table).inc()
            attach_all(client, landed.table, aside)


def _missing(client: Client, landed: Landed, partition: int, cut: Range, groups: Sorted) -> set[int]:
    """Offsets of the range that should be in the table and are not; raises Fatal where one is there twice."""
    found = _found(client, landed, partition, cut)
    doubled = [offset for offset, count in found if count > 1]
    if doubled:
        raise Fatal(f"{landed.full_name}[{partition}] landed twice at offsets {doubled[:10]}")
    return groups.offsets() - {offset for offset, _ in found}


def _found(client: Client, landed: Landed, partition: int, cut: Range) -> list[tuple[int, int]]:
    """(offset, rows) of what is in the table of the range."""
    rows = client.query(
        f"SELECT kafka_offset, count() FROM {landed.table} "  # noqa: S608 -- a table name of ours
        "WHERE kafka_partition = {partition:Int32} AND kafka_offset >= {start:Int64} "
        "AND kafka_offset < {end:Int64} GROUP BY kafka_offset",
        parameters={"partition": partition, "start": cut.start, "end": cut.end},
    ).result_rows
    return [(int(offset), int(count)) for offset, count in rows]


def send(client: Client, insert: Insert, table: str) -> None:
    """One insert into `table` under its token; raises what clickhouse-connect raises.

    The rows pass through input() with plain types: ClickHouse builds LowCardinality columns faster from whole columns
    than value by value. A record with more bytes than its schema has fields is read into its position:
    a row whose position is none of the range is refused.
    """
    columns = ", ".join(f"`{name}`" for name in insert.columns)
    structure = insert.structure.replace("\\", "\\\\").replace("'", "\\'")
    client.raw_insert(
        f"{table} ({columns}) SELECT {columns} FROM input('{structure}') "  # noqa: S608 -- names of our own schemas
        f"WHERE NOT throwIf(NOT ({insert.condition}), 'not one whole record of its schema')",
        insert_block=insert.blocks(),
        settings={**pinned(client), "insert_deduplication_token": insert.token},
        fmt="Avro",
    )
