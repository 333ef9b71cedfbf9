"""Rows a second from Kafka to the table and memory: this sink, decode and insert, row by row as JSON, the engine alone."""

import argparse
import multiprocessing
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
from clickhouse_connect.driver.client import Client
from confluent_kafka.admin import AdminClient

from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks.clickhouse.assignment import landed_topics
from sinks.clickhouse.client import connect
from sinks.clickhouse.groups import Insert
from sinks.clickhouse.migrate import migrate
from sinks.settings import ClickHouseSinkSettings
from tests.bench._peers import decode_and_insert, engine_alone, json_each_row, ready_made
from tests.bench.report import Row, report
from tests.support.broker import OwnBroker
from tests.support.clickhouse import READER, EmbeddedClickHouse
from tests.support.exactly import sink_settings
from tests.support.landing import mentions, publish, start_sink
from tests.support.topics import create_topics
from tests.support.until import until

_PREFIX = "bench."
_TOPIC = TOPICS["mentions"].full_name(_PREFIX)
_DISTINCT = 100_000
"""After so many the same mentions come again, at new offsets."""
_TIMES = 3
_LOOK_S = 0.2
_FILLERS = 2
"""Parts that are filled at once: a copy keeps one core busy."""

Peer = Callable[[Client, str, str, str, int], float]


def main(argv: list[str]) -> int:
    """Measure all in one run; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.bench.sink", description=__doc__)
    parser.add_argument("--mentions", type=int, default=1_000_000, help="landed by this sink in one go")
    parser.add_argument("--limit-rows", type=int, default=200_000, help="in the ready-made file")
    parser.add_argument("--decoded", type=int, default=100_000)
    parser.add_argument("--singly", type=int, default=2_000)
    parser.add_argument("--filled", type=int, default=50_000_000, help="rows in the table before; 0: skip it")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        bench = Bench(Path(name))
        try:
            rows = bench.run(chosen)
        finally:
            bench.close()
    report("sink", rows)
    return 0


class Bench:
    """A broker with mentions and an engine with a database for each contender, all with the same tables and views."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._broker = OwnBroker(folder)
        self._engine = EmbeddedClickHouse(folder / "engine")
        self._broker.start()
        self._engine.start()

    def close(self) -> None:
        """Stop both."""
        self._engine.stop()
        self._broker.stop()

    def run(self, chosen: argparse.Namespace) -> list[Row]:
        """Every row."""
        create_topics(self._broker.bootstrap, _PREFIX, LANDED)
        made = mentions(min(_DISTINCT, chosen.mentions))
        for first in range(0, chosen.mentions, _DISTINCT):
            publish(
                self._broker.bootstrap, _PREFIX, "mentions", made[: chosen.mentions - first], transactions=1
            )
        with self._database("limit") as client:
            topic = landed_topics(self._settings("limit"))[_TOPIC]
            insert = ready_made(self._broker.bootstrap, topic, chosen.limit_rows)
            client.command("CREATE TABLE unseen AS mentions")
            bare = self._limit(client, insert, "unseen", chosen.limit_rows)
            self._forget_peak()
            before = self._cpu(self._engine_pid)
            limit = self._limit(client, insert, "mentions", chosen.limit_rows)
            cpu, peak = self._cpu(self._engine_pid) - before, _peak(self._engine_pid)
            denyut = self._denyut("denyut", chosen.mentions)
            # Before and after, so that a machine that got busier or calmer is not taken for a difference.
            limit = (limit + self._limit(client, insert, "mentions", chosen.limit_rows)) / 2
        rows = [
            Row("engine_limit", "rows_per_s", limit, "rows/s"),
            Row("engine_limit", "engine_cpu_per_row", 1e6 * cpu / (_TIMES * chosen.limit_rows), "µs"),
            Row("engine_limit", "engine_peak_memory", peak, "MiB"),
            Row("engine_limit@no_views", "rows_per_s", bare, "rows/s"),
            *denyut,
            *self._peer("decode_insert", decode_and_insert, chosen.decoded),
            *self._peer("json_each_row", json_each_row, chosen.singly),
        ]
        if chosen.filled:
            name = f"filled_{chosen.filled}"
            rows.append(Row(f"denyut@{chosen.filled}", "fill", self._fill(name, chosen.filled), "s"))
            rows += [
                replace(row, name=f"denyut@{chosen.filled}") for row in self._denyut(name, chosen.mentions)
            ]
        rate = {row.name: row.value for row in rows if row.metric == "rows_per_s"}
        rows += [
            Row("denyut", "of_the_limit", rate["denyut"] / rate["engine_limit"], ""),
            Row("denyut", "times_decode_insert", rate["denyut"] / rate["decode_insert"], ""),
        ]
        if chosen.filled:
            filled = rate[f"denyut@{chosen.filled}"]
            rows.append(Row(f"denyut@{chosen.filled}", "of_the_empty_table", filled / rate["denyut"], ""))
        return rows

    def _database(self, name: str) -> Client:
        """A client of a database that has the tables."""
        settings = self._settings(name)
        migrate(settings)
        return connect(settings, 600)

    def _settings(self, name: str) -> ClickHouseSinkSettings:
        return sink_settings(self._engine, self._broker.bootstrap, _PREFIX, name)

    def _limit(self, client: Client, insert: Insert, table: str, rows: int) -> float:
        """Rows a second of the engine alone, over several inserts."""
        tokens = [f"{table}{time.monotonic_ns()}{number}" for number in range(_TIMES)]
        return (
            rows * _TIMES / sum(engine_alone(client, replace(insert, token=token), table) for token in tokens)
        )

    def _denyut(self, database: str, rows: int) -> list[Row]:
        """The sink as a process of its own with its usual settings, from its first partition to its last row."""
        log = self._folder / f"{database}.log"
        with self._database(database) as client:
            before = int(client.query("SELECT count() FROM mentions").result_rows[0][0])
        self._forget_offsets()
        self._forget_peak()
        sink = start_sink(
            self._engine,
            self._broker.bootstrap,
            _PREFIX,
            database,
            log,
            settings={"DENYUT_SINK_LINGER_MS": "1000", "DENYUT_SINK_SESSION_TIMEOUT_MS": "10000"},
        )
        reader = self._engine.client(database, READER)
        try:
            until(lambda: "partitions_assigned" in log.read_text(), "the sink has partitions")
            began, engine_cpu = time.monotonic(), self._cpu(self._engine_pid)
            sink_cpu = self._cpu(sink.pid)

            def landed() -> bool:
                # Asking takes the engine's time, too.
                time.sleep(_LOOK_S)
                return bool(reader.query("SELECT count() FROM mentions").result_rows[0][0] >= before + rows)

            until(landed, "all mentions", 600)
            seconds = time.monotonic() - began
            peak, sink_cpu = _peak(sink.pid), self._cpu(sink.pid) - sink_cpu
            engine_cpu = self._cpu(self._engine_pid) - engine_cpu
        finally:
            reader.close()
            sink.terminate()
            sink.wait(30)
        return [
            Row("denyut", "rows_per_s", rows / seconds, "rows/s"),
            Row("denyut", "peak_memory", peak, "MiB"),
            Row("denyut", "cpu_per_row", 1e6 * sink_cpu / rows, "µs"),
            Row("denyut", "engine_cpu_per_row", 1e6 * engine_cpu / rows, "µs"),
            Row("denyut", "engine_peak_memory", _peak(self._engine_pid), "MiB"),
        ]

    def _peer(self, name: str, peer: Peer, rows: int) -> list[Row]:
        """One in a process of its own."""
        self._database(name).close()
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            seconds, peak = pool.submit(_in_own_process, peer, self._settings(name), rows).result()
        return [Row(name, "rows_per_s", rows / seconds, "rows/s"), Row(name, "peak_memory", peak, "MiB")]

    def _fill(self, database: str, rows: int) -> float:
        """Put so many rows into the table before the sink comes, in parts that nothing merges; the seconds it takes.

        Each part is a partition (a month of collection) of its own, of a Kafka partition that does not exist.
        """
        began = time.monotonic()
        with self._database(database) as client:
            client.command("CREATE TABLE filler AS mentions")
            source = int(client.query("SELECT count() FROM denyut.mentions").result_rows[0][0])

            def fill(month: int) -> None:
                with connect(self._settings(database), 600) as own:
                    own.command(
                        "INSERT INTO filler SELECT * REPLACE ("
                        f"addMonths(collected_at, {month + 1}) AS collected_at, -1 AS kafka_partition) "
                        f"FROM denyut.mentions LIMIT {min(source, rows - month * source)}",
                        settings={"max_insert_block_size": source, "min_insert_block_size_rows": source},
                    )

            with ThreadPoolExecutor(_FILLERS) as fillers:
                list(fillers.map(fill, range(-(-rows // source))))
            client.command("ALTER TABLE mentions ATTACH PARTITION ALL FROM filler")
            client.command("DROP TABLE filler SYNC")
            found = int(client.query("SELECT count() FROM mentions").result_rows[0][0])
        if found != rows:
            raise RuntimeError(f"{found:,} rows are in the table, not {rows:,}")
        return time.monotonic() - began

    def _forget_offsets(self) -> None:
        admin = AdminClient({"bootstrap.servers": self._broker.bootstrap})
        group = _PREFIX + "clickhouse"
        if group in {one.group_id for one in admin.list_consumer_groups().result(10).valid}:
            until(
                lambda: not admin.describe_consumer_groups([group])[group].result(10).members, "group empty"
            )
            admin.delete_consumer_groups([group])[group].result(20)

    def _forget_peak(self) -> None:
        Path(f"/proc/{self._engine_pid}/clear_refs").write_text("5")

    @property
    def _engine_pid(self) -> int:
        assert self._engine.process is not None
        return self._engine.process.pid

    @staticmethod
    def _cpu(pid: int) -> float:
        """Seconds of processor time a process has had."""
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)


def _in_own_process(peer: Peer, settings: ClickHouseSinkSettings, rows: int) -> tuple[float, float]:
    """Seconds, and peak memory in MiB."""
    with connect(settings, 600) as client:
        seconds = peer(client, settings.kafka, _TOPIC, "mentions", rows)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _peak(pid: int) -> float:
    """The most memory a process has had resident, MiB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
