"""Quotes a second through `market` on one worker from real Kafka, and what the stage costs while nothing comes."""

import sys
import tempfile
import time
from pathlib import Path

import psutil

from schemas.flow import step
from tests.bench._quotes import quotes
from tests.bench.report import Row, report
from tests.support.broker import OwnBroker
from tests.support.kafka_reading import Offsets
from tests.support.stages import Feed, Workers, records
from tests.support.topics import create_topics
from tests.support.until import until

_QUOTES = 300_000
_WARM = 20_000
_IDLE_S = 20
_CADENCES = {
    # A quote a second of each symbol, as a live feed has them: sixty to a minute bar.
    "denyut": (100, 1_000),
    # A quote a minute of each of many symbols, as a polled watch list has them: every one begins a bar.
    "denyut@polled": (3_000, 60_000),
}


def main() -> int:
    """Measure both; the exit code."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        folder = Path(name)
        broker = OwnBroker(folder)
        broker.start()
        try:
            for number, (contender, cadence) in enumerate(_CADENCES.items()):
                rows += _measure(broker, f"b{number}.", folder, contender, *cadence)
        finally:
            broker.stop()
    report("market", rows)
    return 0


def _measure(
    broker: OwnBroker, prefix: str, folder: Path, contender: str, symbols: int, every_ms: int
) -> list[Row]:
    create_topics(broker.bootstrap, prefix)
    with Workers(broker.bootstrap, prefix, "market", folder) as workers:
        workers.start()
        worker = psutil.Process(workers.processes[0].pid)
        workers.settled()
        rows = _idle(worker, contender, "empty")
        sent = Feed(broker.bootstrap, prefix).send(
            "quotes", ((one["symbol"], one) for one in quotes(_QUOTES, symbols, every_ms))
        )
        # What was read while it was being written is not counted: a fresh worker meets it all.
        workers.kill_one()
        workers.start()
        worker = psutil.Process(workers.processes[0].pid)
        offsets = Offsets(broker.bootstrap, step("market").group(prefix), f"{prefix}quotes")
        start = _committed(offsets)
        until(lambda: _committed(offsets) >= start + _WARM, "the first quotes")
        first, began, before = _committed(offsets), time.monotonic(), _cpu(worker)
        until(lambda: _committed(offsets) >= sent, "all quotes", 300)
        taken = sent - first
        seconds, cpu = time.monotonic() - began, _cpu(worker) - before
        offsets.close()
        workers.settled()
        bars = len(records(broker.bootstrap, prefix, "bars"))
        rows += [
            Row(contender, "quotes_per_s", taken / seconds, "quotes/s"),
            Row(contender, "cpu_per_quote", 1e6 * cpu / taken, "µs"),
            Row(contender, "revisions_per_quote", bars / sent, "bars"),
            *_idle(worker, contender, "full"),
        ]
        return rows


def _committed(offsets: Offsets) -> int:
    return sum(offsets.committed().values())


def _idle(worker: psutil.Process, contender: str, state: str) -> list[Row]:
    """What the worker uses of one core and of memory while nothing comes."""
    time.sleep(3)
    before = _cpu(worker)
    time.sleep(_IDLE_S)
    return [
        Row(contender, f"idle_cpu_{state}", 100 * (_cpu(worker) - before) / _IDLE_S, "% of a core"),
        Row(contender, f"rss_{state}", worker.memory_info().rss / 2**20, "MiB"),
    ]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
