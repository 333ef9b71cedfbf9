"""Events a second through one worker's lanes, with a table and with a table and an output per event."""

import sys
import tempfile
import time
import timeit
from pathlib import Path
from typing import Any

import psutil

from processors.batching.routing import Groups
from processors.batching.telemetry import BatchCounter
from tests.bench.report import Row, report
from tests.support.broker import OwnBroker
from tests.support.lane_trial import Trial
from tests.support.until import until

_EVENTS = 600_000
_WARM = 50_000
_COUNTED = 5_000


def main() -> int:
    """Measure both; the exit code."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        folder = Path(name)
        broker = OwnBroker(folder)
        broker.start()
        try:
            rows.append(Row("denyut", "counting_per_batch", _counting(), "µs"))
            for kind, options in (("table", {"out": None}), ("table_and_output", {})):
                rows += _measure(broker, folder, kind, options)
        finally:
            broker.stop()
    report("lanes", rows)
    return 0


def _counting() -> float:
    """Microseconds that the metrics of one batch take, whose outputs go to 16 partitions."""
    counter = BatchCounter("bench")
    groups: Groups = {(f"topic-{n % 4}", n): [(b"key", b"value", None)] * 100 for n in range(16)}

    def count() -> None:
        counter.handled(0.003)
        counter.committed(1_600, groups, 0, 0.005)

    return min(timeit.repeat(count, number=_COUNTED, repeat=5)) / _COUNTED * 1e6


def _measure(broker: OwnBroker, folder: Path, kind: str, options: dict[str, Any]) -> list[Row]:
    with Trial(broker.bootstrap, folder, **options) as trial:
        trial.fill(_EVENTS, keys=1_000)
        worker = psutil.Process(trial.start().pid)
        until(lambda: sum(trial.committed().values()) >= _WARM, "the first events")
        first, began, before = sum(trial.committed().values()), time.monotonic(), _cpu(worker)
        until(lambda: sum(trial.committed().values()) == _EVENTS, "all events", 300)
        events = _EVENTS - first
        seconds, cpu = time.monotonic() - began, _cpu(worker) - before
        return [
            Row("denyut", f"{kind}_events_per_s", events / seconds, "events/s"),
            Row("denyut", f"{kind}_cpu_per_event", 1e6 * cpu / events, "µs"),
        ]


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main())
