"""From replay to ClickHouse and to an SSE client: rates of posts and quotes, share of each process, delay of a burst's alert, latency, memory."""

import os
import statistics
import sys
import tempfile
import time
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


def main() -> int:
    """Run it all once; the exit code."""
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as folder:
        stack = Stack(Path(folder) / "data")
        rows: list[Row] = []
        try:
            rows += _start(stack)
            rows += _replay(stack, Path(folder))
            rows += through_market(stack)
            rows += burst_to_alert(stack)
            rows += _live(stack)
            rows += _memory(stack)
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


def _live(stack: Stack) -> list[Row]:
    """Latency from collection to an SSE client, at a rate a small deployment sees."""
    client = SseClient(stack.api, {"topics": "mentions"}).connect().opened()
    stack.environment |= {"DENYUT_SIMULATE_RATE": str(_LIVE_RATE), "DENYUT_SIMULATE_RHYTHM": "false"}
    simulate = stack.start("producers", "run", "simulate")
    time.sleep(_LIVE_S)
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
    ]


def _memory(stack: Stack) -> list[Row]:
    return [
        Row("denyut", f"rss_{name}", psutil.Process(process.pid).memory_info().rss / 2**20, "MiB")
        for name, process in stack.processes().items()
        if process.pid
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


if __name__ == "__main__":
    sys.exit(main())
