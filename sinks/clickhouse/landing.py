"""Lands ranges in their tables: insert by token, and after a replay look whether every row is really there."""

import time
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from schemas.errors import Fatal, Poison
from schemas.positions import Owed
from schemas.registry import SchemaIds
from sinks.clickhouse import telemetry
from sinks.clickhouse.batch import Framer
from sinks.clickhouse.clients import Clients
from sinks.clickhouse.codes import RowRefused
from sinks.clickhouse.earlier import landed_and_refused
from sinks.clickhouse.groups import Landed, Sorted
from sinks.clickhouse.inserting import send
from sinks.clickhouse.preflight import Admission
from sinks.clickhouse.splitting import MOST_SUSPECTS, parts
from sinks.clickhouse.verifying import found_of, verify
from sinks.dead_letters import DeadLetters
from sinks.ranges import Range
from sinks.refused_share import RefusedShare, Tolerance

log = structlog.get_logger()

Step = Callable[[str], None]
"""Called with a step's name right before it; tests kill or sleep there."""


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
        rows = done.rows
        if done.bad:
            before = partial(self._before, landed, partition, cut)
            self._share.check(landed.full_name, rows, len(done.bad), str(done.bad[-1][1]), before)
            self._step("dead_letters")
            self._dead_letters.publish(landed.name, landed.full_name, partition, done.bad)
            telemetry.DEAD_LETTERS.labels(landed.name).inc(len(done.bad))
        if cut.replay and rows:
            telemetry.REPLAYS.labels(landed.table).inc()
            self._step("verify")
            with self._clients.one() as client:
                verify(client, self._framer, landed, partition, cut, done, fence)
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
            found = {offset for offset, _ in found_of(client, landed, partition, cut)}
        for schema_id, error in refused.items():
            there = found.intersection(groups.good[schema_id].offsets())
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
                [(offset, payload)] = groups.good[schema_id].payloads()
                record = next(record for record in cut.records if record.offset == offset)
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
            schema_id: groups.good[schema_id].offsets()
            for schema_id in refused
            if len(groups.good[schema_id]) > 1
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
