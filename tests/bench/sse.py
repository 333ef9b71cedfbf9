"""Live clients of one api process on one core: what a delivery costs, how late it is, what a connection holds, how fast they come.

Beside it, in the same run: a plain sse-starlette broadcast, bare ASGI on uvicorn and on granian, Centrifugo, and a floor that
only writes to sockets. Server on one core; loader, Kafka and publisher on the other.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from api.open_files import raise_open_files
from tests.bench._sse_contenders import Centrifugo, Contender, Denyut, Granian, Peer, built
from tests.bench.report import ROOT, Row, report
from tests.support.broker import OwnBroker

_LOADER_CORE = {1}
_HEADLINE = 1_000
_DELIVERIES_S = 50_000
_FILTERED_EVENTS_S = 2_000
_UNMATCHED_EVENTS_S = 1_000
_SETTLE_S = 2.0

_UNITS = {
    "cpu_us_per_delivery": "µs",
    "cpu_us_per_event": "µs",
    "deliveries_per_s": "1/s",
    "events_per_read": "events",
    "p50_ms": "ms",
    "p99_ms": "ms",
    "kb_per_connection": "KB",
    "connects_per_s": "1/s",
    "clients_held": "clients",
}


class Loader:
    """The loader's process."""

    def __init__(self, url: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench._sse_load", url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **order: Any) -> dict[str, float]:
        """Let it do something; its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the loader ended")
        found: dict[str, float] = json.loads(answer)
        return found

    def stop(self) -> None:
        """End it, and with it all its connections."""
        self._process.kill()
        self._process.wait()


def measured(
    contender: Contender, clients: int, rate: float, seconds: float, filtered: str
) -> dict[str, float]:
    """One run of one contender; `filtered`: '' for all events, `matched` for a hundredth each, `unmatched` for none."""
    loader = Loader(contender.url)
    try:
        paths = contender.paths(filtered=filtered == "matched")
        if filtered == "unmatched":
            paths = [f"{path}?keyword=nobody-says-{n}" for path in paths for n in range(100)]
        loader.ask(do="open", paths=paths, count=1)  # what the first one alone costs
        time.sleep(_SETTLE_S / 2)
        empty = contender.rss()
        opened = loader.ask(do="open", paths=paths, count=clients)
        if opened["refused"]:
            raise RuntimeError(f"{opened['refused']:.0f} of {clients} were not let in: {contender.said()}")
        time.sleep(_SETTLE_S)
        held = contender.rss() - empty
        contender.feed(rate, keyword=filtered == "matched")
        time.sleep(_SETTLE_S)
        before = contender.cpu_s()
        seen = loader.ask(do="measure", seconds=seconds)
        cpu = contender.cpu_s() - before
        if seen["lost"]:
            print(f"{seen['lost']:.0f} connections ended: {contender.said()}", file=sys.stderr)
    finally:
        loader.stop()
    found = {
        "kb_per_connection": held / 1000 / opened["opened"],
        "connects_per_s": opened["opened"] / opened["seconds"],
        "clients_held": opened["opened"] - seen["lost"],
        "cpu_us_per_event": 1e6 * cpu / (rate * seen["seconds"]),
    }
    if filtered == "unmatched":
        return found
    del found["cpu_us_per_event"]
    return {
        **found,
        "cpu_us_per_delivery": 1e6 * cpu / seen["events"],
        "deliveries_per_s": seen["events"] / seen["seconds"],
        "events_per_read": seen["events"] / seen["reads"],
        "p50_ms": seen["p50_ms"],
        "p99_ms": seen["p99_ms"],
    }


class Bench:
    """Every contender at every size, `repeats` times in turn; what is reported is the median."""

    def __init__(self, broker: OwnBroker, folder: Path, options: argparse.Namespace) -> None:
        self._broker = broker
        self._folder = folder
        self._options = options
        self._found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        self._made = 0

    def run(self) -> list[Row]:
        """Measure all."""
        for repeat in range(self._options.repeats):
            for name, make in self._contenders().items():
                for clients in self._options.clients:
                    rate = _DELIVERIES_S / clients
                    self._one(self._name(name, clients), make, clients, rate, "", repeat)
            if "denyut" in self._contenders() and not self._options.unfiltered:
                for clients in self._options.clients:
                    plain = self._name("denyut", clients)
                    joint = "," if "@" in plain else "@"
                    for kind, rate in (("matched", _FILTERED_EVENTS_S), ("unmatched", _UNMATCHED_EVENTS_S)):
                        self._one(f"{plain}{joint}{kind}", self._denyut, clients, rate, kind, repeat)
        return [
            Row(name, metric, statistics.median(values), _UNITS[metric])
            for name, metrics in self._found.items()
            for metric, values in metrics.items()
        ]

    def _one(
        self, name: str, make: Callable[[], Contender], clients: int, rate: float, kind: str, repeat: int
    ) -> None:
        contender = make()
        try:
            found = measured(contender, clients, rate, self._options.seconds, kind)
        except (RuntimeError, httpx.HTTPError) as error:
            if name.startswith("denyut"):
                raise
            # A peer that cannot is no reason not to measure the others; a row that is missing is said to be.
            print(f"{name} is left out: {error}", file=sys.stderr)
            return
        finally:
            contender.stop()
        for metric, value in found.items():
            self._found[name][metric].append(value)
        said = ", ".join(f"{metric} {value:,.1f}" for metric, value in found.items())
        print(f"{repeat + 1}/{self._options.repeats} {name}: {said}", flush=True)

    def _contenders(self) -> dict[str, Callable[[], Contender]]:
        made: dict[str, Callable[[], Contender]] = {
            "denyut": self._denyut,
            "sse_starlette": lambda: Peer("sse_starlette"),
            "bare_asgi": lambda: Peer("bare_asgi"),
            "bare_asgi@granian": Granian,
            "centrifugo": lambda: Centrifugo(self._broker.bootstrap, self._prefix(), self._folder),
            "floor": lambda: Peer("floor"),
        }
        if find_spec("granian") is None:
            del made["bare_asgi@granian"]
        wanted = self._options.only or list(made)
        if "centrifugo" not in wanted or not built():
            del made["centrifugo"]
        return {name: make for name, make in made.items() if name in wanted}

    def _denyut(self) -> Contender:
        return Denyut(self._broker.bootstrap, self._prefix())

    def _prefix(self) -> str:
        self._made += 1
        return f"b{self._made}."

    @staticmethod
    def _name(contender: str, clients: int) -> str:
        if clients == _HEADLINE:
            return contender
        return f"{contender}{',' if '@' in contender else '@'}{clients}"


def main() -> int:
    """Measure; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[100, 1_000, 5_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--only", nargs="+", help="names of contenders")
    parser.add_argument("--unfiltered", action="store_true", help="leave the rows with filters out")
    options = parser.parse_args()
    raise_open_files()
    os.sched_setaffinity(0, _LOADER_CORE)
    with tempfile.TemporaryDirectory(prefix="denyut-bench-") as name:
        broker = OwnBroker(Path(name))
        broker.start()
        try:
            rows = Bench(broker, Path(name), options).run()
        finally:
            broker.stop()
    report("sse", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
