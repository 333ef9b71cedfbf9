"""From replay to ClickHouse and to an SSE client: rates of posts and quotes, what each process takes, delay of a burst's alert, latency, memory.

`--parts live memory` runs these alone, on a new stack.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil

from tests.bench._burst import burst_to_alert
from tests.bench._quotes import through_market
from tests.bench.report import Row, report
from tests.support.recorded import recorded_events, recorded_prices
from tests.support.sse import SseClient
from tests.support.stack import Stack

_LIVE_RATE = 20
_LIVE_S = 60
_IDLE_S = 20


def main() -> int:
    """Run all parts, or those asked for, once; the exit code."""
    parts = argparse.ArgumentParser(prog="python -m tests.bench.pipeline", description=__doc__)
    parts.add_argument("--parts", nargs="+", choices=_PARTS, default=list(_PARTS), metavar="PART")
    asked = parts.parse_args().parts
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as folder:
        stack = Stack(Path(folder) / "data", as_shipped=True)
        rows: list[Row] = []
        try:
            rows += _start(stack)
            for name, part in _PARTS.items():
                if name in asked:
                    rows += part(stack, Path(folder))
        finally:
            stack.down()
    report("pipeline", rows)
    return 0


def _start(stack: Stack) -> list[Row]:
    began = time.monotonic()
    stack.up()
    return [Row("denyut", "start_up", time.monotonic() - began, "s")]


def _replay(stack: Stack, folder: Path) -> list[Row]:
    events, posts = recorded_events(folder)
    prices = recorded_prices(folder)
    before = _cpu(stack)
    began = time.monotonic()
    replay = stack.start("producers", "replay", str(events), str(prices), "--speed", "max")
    code, usage = _reap(replay.pid)
    if code != 0:
        raise RuntimeError(f"replay ended with {code}")
    published = time.monotonic() - began
    while stack.value("SELECT count() FROM mentions") < posts:
        time.sleep(0.1)
    landed = time.monotonic() - began
    stack.wait(300)
    settled = time.monotonic() - began
    spent = {name: seconds - before.get(name, 0) for name, seconds in _cpu(stack).items()} | {"replay": usage}
    total = sum(spent.values())
    rows = [
        Row("denyut", "posts_per_s", posts / landed, "posts/s"),
        Row("denyut", "published_after", published, "s"),
        Row("denyut", "mentions_landed_after", landed, "s"),
        Row("denyut", "everything_landed_after", settled, "s"),
    ]
    for name, seconds in spent.items():
        rows.append(Row("denyut", f"cpu_ms_per_post_{name}", 1000 * seconds / posts, "ms"))
        rows.append(Row("denyut", f"cpu_share_{name}", 100 * seconds / total, "%"))
    return rows


def _quotes(stack: Stack, _: Path) -> list[Row]:
    return through_market(stack)


def _bursts(stack: Stack, _: Path) -> list[Row]:
    return burst_to_alert(stack)


def _idle(stack: Stack, _: Path) -> list[Row]:
    """What the processes take of a core while nothing comes."""
    stack.wait(300)
    before, began = _cpu(stack), time.monotonic()
    time.sleep(_IDLE_S)
    return _taken("denyut@0", before, _cpu(stack), time.monotonic() - began)


def _live(stack: Stack, _: Path) -> list[Row]:
    """Latency from collection to an SSE client at a rate a small deployment sees, and what the processes take of a core meanwhile."""
    client = SseClient(stack.api, {"topics": "mentions"}).connect().opened()
    stack.environment |= {"DENYUT_SIMULATE_RATE": str(_LIVE_RATE), "DENYUT_SIMULATE_RHYTHM": "false"}
    simulate = stack.start("producers", "run", "simulate")
    time.sleep(_LIVE_S / 10)
    before, began = _cpu(stack), time.monotonic()
    time.sleep(_LIVE_S * 9 / 10)
    taken = _taken(f"denyut@{_LIVE_RATE}", before, _cpu(stack), time.monotonic() - began)
    simulate.terminate()
    simulate.wait(15)
    client.stop()
    delays = [
        1000 * event.at - event.data["collected_at"] for event in client.events if event.event == "mentions"
    ]
    # The first tenth is the start of the generator, not the pipeline.
    quantiles = statistics.quantiles(delays[len(delays) // 10 :], n=100)
    name = f"denyut@{_LIVE_RATE}"
    return [
        Row(name, "rate", len(delays) / _LIVE_S, "mentions/s"),
        Row(name, "latency_p50", quantiles[49], "ms"),
        Row(name, "latency_p99", quantiles[98], "ms"),
        *taken,
    ]


def _memory(stack: Stack, _: Path) -> list[Row]:
    return [
        Row("denyut", f"rss_{name}", psutil.Process(process.pid).memory_info().rss / 2**20, "MiB")
        for name, process in stack.processes().items()
        if process.pid
    ]


def _taken(name: str, before: Mapping[str, float], after: Mapping[str, float], seconds: float) -> list[Row]:
    shares = {process: 100 * (spent - before.get(process, 0)) / seconds for process, spent in after.items()}
    return [
        Row(name, "cpu_of_a_core", sum(shares.values()), "%"),
        *(Row(name, f"cpu_of_a_core_{process}", share, "%") for process, share in shares.items()),
    ]


def _cpu(stack: Stack) -> dict[str, float]:
    """CPU seconds each process of the stack has used."""
    spent = {}
    for name, process in stack.processes().items():
        if process.pid:
            times = psutil.Process(process.pid).cpu_times()
            spent[name] = times.user + times.system
    return spent


def _reap(pid: int) -> tuple[int, float]:
    """(exit code, CPU seconds) of a child that is waited for."""
    _, status, usage = os.wait4(pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


_PARTS: dict[str, Callable[[Stack, Path], list[Row]]] = {
    "idle": _idle,
    "replay": _replay,
    "quotes": _quotes,
    "bursts": _bursts,
    "live": _live,
    "memory": _memory,
}


if __name__ == "__main__":
    sys.exit(main())
