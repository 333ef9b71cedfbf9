"""Bench of the materialised views over `mentions`: what each adds to an insert, and how many rows its target keeps.

Blocks of 50,000 generated rows of one partition, the largest a sink sends, copied with one thread as the sink inserts.
"""

import statistics
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
from clickhouse_connect.driver.client import Client

from sinks.clickhouse.client import PINNED
from sinks.clickhouse.migrate import migrations
from sinks.clickhouse.targets import TARGETS, Target
from tests.bench._generated import MENTIONS
from tests.bench.report import Row, report
from tests.support.clickhouse import embedded

_BLOCK = 50_000
_PARTITIONS = 4
_STEP_MS = 20
"""Fifty mentions a second: a day of 4,320,000."""


def main() -> int:
    """Measure; the exit code."""
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name, embedded(Path(name) / "data") as server:
        assert server.process is not None
        client = server.client()
        rows = list(_measure(client, psutil.Process(server.process.pid)))
        client.close()
    report("views", rows)
    return 0


def _measure(client: Client, engine: psutil.Process) -> Iterator[Row]:
    for _, _, statements in migrations():
        for statement in statements:
            client.command(statement)
    columns = ", ".join(
        str(row[0])
        for row in client.query(
            "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = 'mentions' ORDER BY position"
        ).result_rows
    )
    client.command(
        "CREATE TABLE made AS mentions ENGINE = MergeTree ORDER BY (kafka_partition, kafka_offset)"
    )
    for block in range(_PARTITIONS):
        client.command(
            f"INSERT INTO made ({columns}) SELECT {columns} FROM ({MENTIONS})",
            parameters={"first": block * _BLOCK, "count": _BLOCK, "step": float(_STEP_MS)},
        )
    targets = [target for target in TARGETS if target.source == "mentions"]
    for target in targets:
        client.command(f"DETACH TABLE {target.view}")
    _insert(client, engine, columns)  # The first is dear: everything is new to the engine.
    bare = _insert(client, engine, columns)
    yield Row("limit", f"{_BLOCK} rows without any view", bare * 1000, "CPU ms")
    for target in targets:
        client.command(f"ATTACH TABLE {target.view}")
        spent = _insert(client, engine, columns)
        yield Row("denyut", f"{_BLOCK} rows, added by {target.view}", (spent - bare) * 1000, "CPU ms")
        yield from _kept(client, target)
        client.command(f"DETACH TABLE {target.view}")
    for target in targets:
        client.command(f"ATTACH TABLE {target.view}")
    yield Row("denyut", f"{_BLOCK} rows with all views", _insert(client, engine, columns) * 1000, "CPU ms")


def _insert(client: Client, engine: psutil.Process, columns: str) -> float:
    """CPU seconds of the engine for the median block, each of one partition: other work on the machine does not count."""
    client.command("TRUNCATE TABLE mentions")
    for table in ("mentions", *(target.table for target in TARGETS)):
        client.command(f"SYSTEM STOP MERGES {table}")
    settings = {name: value for name, value in PINNED.items() if name != "wait_end_of_query"}
    spent: Sequence[float] = []
    for partition in range(_PARTITIONS):
        began = _cpu(engine)
        client.command(
            f"INSERT INTO mentions ({columns}) SELECT {columns} FROM made WHERE kafka_partition = {partition}",
            settings={**settings, "insert_deduplication_token": uuid.uuid4().hex},
        )
        spent = [*spent, _cpu(engine) - began]
    return statistics.median(spent)


def _cpu(engine: psutil.Process) -> float:
    used = engine.cpu_times()
    return float(used.user + used.system)


def _kept(client: Client, target: Target) -> Iterator[Row]:
    landed = client.query("SELECT count() FROM mentions").result_rows[0][0]
    client.command(f"SYSTEM START MERGES {target.table}")
    client.command(f"OPTIMIZE TABLE {target.table} FINAL")
    rows, size = client.query(
        "SELECT sum(rows), sum(data_compressed_bytes) FROM system.parts "
        f"WHERE database = currentDatabase() AND table = '{target.table}' AND active"
    ).result_rows[0]
    yield Row("denyut", f"rows of {target.table} for a mention", rows / landed, "rows")
    yield Row("denyut", f"{target.table} for a mention", size / landed, "bytes")


if __name__ == "__main__":
    sys.exit(main())
