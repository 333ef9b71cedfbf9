"""Items a second of each collector against its local server, and the memory of one process with all of them.

A rate is what the runs say of themselves: from the first request to the last acknowledgement and the cursor. The pause between two
requests to a host is lifted (`DENYUT_WEB_GAP_S`), but for `denyut@polite`. The webhook's is what its sender sees, one request after the
other. Servers and broker share the machine with what is measured.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.bench.report import Row, report
from tests.support.broker import OwnBroker
from tests.support.keywords import keyword
from tests.support.producers import Counter, Producers
from tests.support.rooms import Room
from tests.support.stages import Feed
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstreams.everyone import QUICK, Everyone
from tests.support.upstreams.registry import UPSTREAMS
from tests.support.upstreams.sender import WebhookSender
from tests.support.upstreams.yahoo import YahooUpstream

_AT_ONCE: Mapping[str, int] = {
    "facebook": 500,
    "instagram": 250,
    "kaskus": 60,
    "newsapi": 1_000,
    "reddit": 1_000,
    "rss": 1_000,
    "sites": 60,
    "webhook": 500,
    "x": 500,
    "yahoo": 500,
    "youtube": 250,
}
"""As much as one run reads of each, or one request to the webhook holds."""
_PAGE = 100
_SITES_PAGE = 20
_POLITE = 10
_ALONE = {
    "REDDIT_SEARCHES": "0",
    "YOUTUBE_SEARCHES": "0",
    "YOUTUBE_ENGAGEMENTS": "0",
    "X_STREAM_BUDGET": "0",
    "NEWSAPI_PAGE_SIZE": "100",
    "WEB_READ_S": "30",
    "WEB_TOTAL_S": "60",
    "RSS_READ_S": "30",
    "RSS_TOTAL_S": "60",
    "YAHOO_TIMEOUT_S": "30",
}
"""One source each, and patience: what is slow here is the machine."""
_LIVE_S = 30.0


def main(argv: list[str]) -> int:
    """Measure all, or those that are named; the exit code."""
    parser = argparse.ArgumentParser(prog="tests.bench.collectors", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_AT_ONCE)}; all by default")
    parser.add_argument("--rounds", type=int, default=5, help="runs with items, of each")
    chosen = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        broker = OwnBroker(Path(name))
        broker.start()
        try:
            bench = Bench(broker, Path(name))
            rows: list[Row] = []
            for one in chosen.names or _AT_ONCE:
                rows += bench.alone(one, chosen.rounds)
            if not chosen.names or "sites" in chosen.names:
                rows.append(bench.polite())
            if not chosen.names:
                rows += bench.together()
        finally:
            broker.stop()
    report("collectors", rows)
    return 0


class Bench:
    """One broker; each measurement has topics and a process of its own."""

    def __init__(self, broker: OwnBroker, folder: Path) -> None:
        self._broker, self._folder = broker, folder

    def alone(self, name: str, rounds: int) -> list[Row]:
        """One collector, so many times as much as it reads at once."""
        server, number = _server(name), _AT_ONCE[name]
        with self._running(name, server, _ALONE) as (producers, process):
            own = psutil.Process(process.pid)
            count = Counter(
                producers.bootstrap, f"{producers.prefix}{'quotes' if name == 'yahoo' else 'posts'}"
            )
            server.publish(1)
            until(lambda: bool(_runs(producers, 1)), f"{name}: its first item")
            before, first = _cpu(own), count()
            if isinstance(server, WebhookSender):
                server.waited_s = 0.0
            for each in range(rounds):
                server.publish(number)
                count.passes(first + (each + 1) * number - 1)
            cpu, resident = _cpu(own) - before, own.memory_info().rss
            until(lambda: sum(_published(producers)) >= rounds * number, f"{name}: its runs")
        items = rounds * number
        spent_s = server.waited_s if name == "webhook" else sum(_seconds(producers))
        return [
            Row("denyut", f"{name}: items_per_s", items / spent_s, "items/s"),
            Row("denyut", f"{name}: cpu_per_item", 1e3 * cpu / items, "ms"),
            Row("denyut", f"{name}: resident", resident / 2**20, "MiB"),
        ]

    def polite(self) -> Row:
        """Articles in full, with the pause that a site is owed."""
        server = _server("sites")
        with self._running("sites", server, {**_ALONE, "WEB_GAP_S": "1"}) as (producers, _):
            server.publish(1)
            until(lambda: bool(_runs(producers, 1)), "the first article")
            server.publish(_POLITE)
            until(lambda: sum(_published(producers)) >= _POLITE, "the articles")
        return Row("denyut@polite", "sites: items_per_s", _POLITE / sum(_seconds(producers)), "items/s")

    def together(self) -> list[Row]:
        """The memory of a process with all of them, once each has had items, and after a while of more."""
        everyone = Everyone()
        producers = self._producers("all")
        names = [server.name for server in everyone.servers]
        given = {name.removeprefix("DENYUT_").lower(): value for name, value in everyone.settings().items()}
        try:
            with producers.start("run", *names, **given) as (process, _):
                own = psutil.Process(process.pid)
                for server in everyone.servers:
                    server.publish(1)
                until(lambda: {run["collector"] for run in _runs(producers, 1)} >= set(names), "runs of all")
                first, before, end = own.memory_info().rss, _cpu(own), time.monotonic() + _LIVE_S
                while time.monotonic() < end:
                    for server in everyone.servers:
                        server.publish(1)
                    time.sleep(1)
                cpu, resident = _cpu(own) - before, own.memory_info().rss
        finally:
            everyone.close()
        return [
            Row("denyut@all", "resident_first", first / 2**20, "MiB"),
            Row("denyut@all", "resident", resident / 2**20, "MiB"),
            Row("denyut@all", "cpu", 100 * cpu / _LIVE_S, "% of a core"),
        ]

    @contextmanager
    def _running(
        self, name: str, server: Any, settings: Mapping[str, str]
    ) -> Iterator[tuple[Producers, Room]]:
        producers = self._producers(f"{name}{len(list(self._folder.iterdir()))}")
        given = {one.removeprefix("DENYUT_"): value for one, value in server.settings().items()}
        given = {**given, **QUICK, "WEB_GAP_S": "0", **settings}
        try:
            with producers.start("run", name, **{one.lower(): value for one, value in given.items()}) as (
                process,
                _,
            ):
                yield producers, process
        finally:
            server.close()

    def _producers(self, name: str) -> Producers:
        prefix, folder = f"{name}.", self._folder / f"of-{name}"
        folder.mkdir()
        create_topics(self._broker.bootstrap, prefix)
        Feed(self._broker.bootstrap, prefix).send("keywords", [("ihsg", keyword("ihsg", text="IHSG"))])
        return Producers(self._broker.bootstrap, prefix, folder)


def _server(name: str) -> Any:
    if name == "webhook":
        return WebhookSender()
    if name == "yahoo":
        return YahooUpstream(_AT_ONCE["yahoo"])
    server: Any = UPSTREAMS[name]()
    server.page = _SITES_PAGE if name in ("kaskus", "sites") else _PAGE
    return server


def _runs(producers: Producers, least: int) -> list[dict[str, Any]]:
    """Those that published at least so many."""
    return [run for run in producers.records("runs") if run["published"] >= least]


def _published(producers: Producers) -> list[int]:
    """By each run but the first with an item, which has just one."""
    return [run["published"] for run in _runs(producers, 2)]


def _seconds(producers: Producers) -> list[float]:
    """That each of these runs took."""
    return [(run["ended_at"] - run["started_at"]) / 1000 for run in _runs(producers, 2)]


def _cpu(process: psutil.Process) -> float:
    """Seconds of processor time it has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
