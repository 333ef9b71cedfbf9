"""What a process takes for a number of events: its rate, processor time and memory."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.bench.report import Row
from tests.support.until import until


@dataclass(frozen=True, slots=True)
class Taken:
    """What `events` took; the processor time is that until nothing was owed any more, which may be later."""

    events: int
    seconds: float
    cpu_s: float
    peak_mib: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time an event."""
        return 1e6 * self.cpu_s / self.events

    def rows(self, name: str, unit: str = "events") -> list[Row]:
        """As rows of a contender."""
        return [
            Row(name, f"{unit}_per_s", self.events / self.seconds, f"{unit}/s"),
            Row(name, "cpu_per_event", self.cpu_us, "µs"),
            Row(name, "peak_rss", self.peak_mib, "MiB"),
        ]


def measured(
    pid: int,
    done: Callable[[], int],
    total: int,
    *,
    warm: int,
    settled: Callable[[], bool] = lambda: True,
    patience_s: float = 240,
) -> Taken:
    """What the process takes from the first `warm` events on until `done` says `total`, and then is `settled`."""
    process = psutil.Process(pid)
    until(lambda: done() >= warm, f"the first {warm} events", patience_s)
    first, began, before = done(), time.monotonic(), _cpu(process)
    until(lambda: done() >= total, f"all {total} events", patience_s)
    seconds = time.monotonic() - began
    until(settled, "nothing is owed", patience_s)
    return Taken(max(total - first, 1), seconds, _cpu(process) - before, _peak_mib(pid))


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _peak_mib(pid: int) -> float:
    """The most memory the process has had resident."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    peak = next(line.split()[1] for line in lines if line.startswith("VmHWM:"))
    return int(peak) / 1024
