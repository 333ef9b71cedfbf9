"""The contenders of the stream's bench: each is started on one core, asked by the loader, fed, measured and stopped."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile

import httpx
import psutil
from confluent_kafka import Producer

from api.catalogue import LIVE
from deploy.ports import free_port
from schemas.codec import Codec
from schemas.registry import PinnedIds
from schemas.topics import TOPICS
from tests.bench._sse_event import KEYWORDS, as_json, event
from tests.bench.report import ROOT
from tests.support.topics import create_topics, make_topics
from tests.support.until import until

SERVER_CORE = {0}
CENTRIFUGO = ROOT / "build" / "centrifugo" / "centrifugo"
_CHANNEL = "bench"
_LAST_BYTES = 4_000
_MANY_S = 1_000
"""Events a second from which on they are gathered as our publishers gather theirs."""
_GATHER_MS = 5


class Feeder:
    """Sends events to a Kafka topic at a rate, from a thread of the bench's own."""

    def __init__(self, bootstrap: str, topic: str, make: Callable[[int], bytes], rate: float) -> None:
        """So many events a second, from `start` on."""
        # A thousand requests a second and their answers take most of the core that broker and loader share.
        linger_ms = _GATHER_MS if rate >= _MANY_S else 0
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": linger_ms, "acks": 1})
        self._topic = topic
        self._make = make
        self._rate = rate
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Send from now on."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
        self._producer.flush(10)

    def _run(self) -> None:
        began, number = time.monotonic(), 0
        while not self._stopping.is_set():
            if (wait := began + number / self._rate - time.monotonic()) > 0:
                time.sleep(wait)
            self._producer.produce(self._topic, self._make(number), str(number).encode())
            self._producer.poll(0)
            number += 1


class Contender:
    """One server process, or a tree of them."""

    path = "/stream"

    def __init__(self, command: list[str], port: int, environment: Mapping[str, str] | None = None) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = TemporaryFile()  # noqa: SIM115 -- closed by stop, as the process is
        ours = os.sched_getaffinity(0)
        # Inherited: it and all that it starts stay on that core.
        os.sched_setaffinity(0, SERVER_CORE)
        try:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **(environment or {})},
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )
        finally:
            os.sched_setaffinity(0, ours)
        self._feeder: Feeder | None = None
        until(self._answers, f"{command[:4]} to answer", 180)

    def paths(self, *, filtered: bool) -> list[str]:
        """What the clients ask for, in turn."""
        if filtered:
            raise NotImplementedError(f"{type(self).__name__} has no filters")
        return [self.path]

    def feed(self, rate: float, *, keyword: bool = False) -> None:
        """Let it send so many events a second."""
        httpx.get(self.url + "/feed", params={"rate": rate}, verify=False)

    def cpu_s(self) -> float:
        """Processor time it has used."""
        return sum(one.cpu_times().user + one.cpu_times().system for one in self._tree())

    def rss(self) -> int:
        """Bytes of memory it holds."""
        return sum(one.memory_info().rss for one in self._tree())

    def said(self) -> str:
        """The last it has printed."""
        self._log.seek(max(0, os.fstat(self._log.fileno()).st_size - _LAST_BYTES))
        return self._log.read().decode(errors="replace")

    def stop(self) -> None:
        """End it and its feed."""
        if self._feeder is not None:
            self._feeder.stop()
        for one in self._tree():
            one.kill()
        self._process.wait()
        self._log.close()

    def _tree(self) -> list[psutil.Process]:
        top = psutil.Process(self._process.pid)
        return [top, *top.children(recursive=True)]

    def _answers(self) -> bool:
        try:
            return httpx.get(self.url + "/nothing", verify=False).status_code > 0
        except httpx.ReadTimeout:
            return True
        except httpx.TransportError:
            if self._process.poll() is not None:
                raise RuntimeError(f"{type(self).__name__} ended at its start") from None
            return False


class Peer(Contender):
    """One of `_sse_peers.py` on uvicorn, or the floor."""

    def __init__(self, name: str) -> None:
        port = free_port()
        super().__init__([sys.executable, "-m", "tests.bench._sse_peers", name, str(port)], port)


class Granian(Contender):
    """Bare ASGI on granian."""

    def __init__(self) -> None:
        port = free_port()
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--no-log"]
        super().__init__([*command, "--port", str(port), "tests.bench._sse_peers:bare"], port)


class Denyut(Contender):
    """This api, fed by Kafka."""

    path = "/api/v1/stream"

    def __init__(self, bootstrap: str, prefix: str) -> None:
        create_topics(bootstrap, prefix, LIVE)
        self._bootstrap, self._topic = bootstrap, f"{prefix}mentions"
        port = free_port()
        settings = {
            "KAFKA": bootstrap,
            "TOPIC_PREFIX": prefix,
            "API_PORT": port,
            "CLICKHOUSE_URL": "http://127.0.0.1:9",
            "CLICKHOUSE_READER_PASSWORD": "none",
            # Limits are for strangers; all else is as it comes.
            "STREAM_PER_ADDRESS": 10_000,
            "STREAM_OPENINGS_S": 100_000,
        }
        super().__init__(
            [sys.executable, "-m", "api"],
            port,
            {f"DENYUT_{name}": str(value) for name, value in settings.items()},
        )

    def paths(self, *, filtered: bool) -> list[str]:
        """All mentions, or those of one keyword each."""
        if filtered:
            return [f"{self.path}?keyword=k{number}" for number in range(KEYWORDS)]
        return [self.path]

    def feed(self, rate: float, *, keyword: bool = False) -> None:
        """Send to its topic."""
        codec = Codec(PinnedIds())
        name = TOPICS["mentions"].event
        self._feeder = Feeder(
            self._bootstrap,
            self._topic,
            lambda n: codec.encode(name, event(n, f"k{n % KEYWORDS}" if keyword else None)),
            rate,
        )
        self._feeder.start()

    def _answers(self) -> bool:
        try:
            failing = httpx.get(self.url + "/health", verify=False).json().get("failing", [])
        except httpx.TransportError:
            if self._process.poll() is not None:
                raise RuntimeError("the api ended at its start") from None
            return False
        return not {"kafka", "stream"} & set(failing)


class Centrifugo(Contender):
    """Centrifugo, fed by Kafka, its unidirectional event stream."""

    path = "/connection/uni_sse?cf_connect=%7B%22subs%22%3A%7B%22bench%22%3A%7B%7D%7D%7D"

    def __init__(self, bootstrap: str, prefix: str, folder: Path) -> None:
        self._bootstrap, self._topic = bootstrap, f"{prefix}centrifugo"
        make_topics(bootstrap, self._topic)
        port = free_port()
        config = folder / "centrifugo.json"
        config.write_text(json.dumps(self._config(port)), encoding="utf-8")
        super().__init__([str(CENTRIFUGO), "-c", str(config)], port, {"GOMAXPROCS": "1"})

    def _config(self, port: int) -> dict[str, object]:
        kafka = {
            "brokers": [self._bootstrap],
            "topics": [self._topic],
            "consumer_group": f"{self._topic}-group",
        }
        return {
            "port": port,
            "uni_sse": True,
            "client_insecure": True,
            "allow_anonymous_connect_without_token": True,
            "allow_subscribe_for_client": True,
            "allow_subscribe_for_anonymous": True,
            "client_channel_limit": 1,
            "log_level": "error",
            "consumers": [{"name": "kafka", "enabled": True, "type": "kafka", "kafka": kafka}],
        }

    def feed(self, rate: float, *, keyword: bool = False) -> None:
        """Send to its topic."""

        def make(number: int) -> bytes:
            data = f'{{"channel":"{_CHANNEL}","data":{as_json(number)}}}'
            return f'{{"method":"publish","payload":{data}}}'.encode()

        self._feeder = Feeder(self._bootstrap, self._topic, make, rate)
        self._feeder.start()


def built() -> bool:
    """Whether Centrifugo is there; where Go is, its module is fetched and compiled once."""
    if CENTRIFUGO.exists():
        return True
    if shutil.which("go") is None:
        return False
    CENTRIFUGO.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).parent / "centrifugo" / "go.mod", CENTRIFUGO.parent)
    module = "github.com/centrifugal/centrifugo/v5"
    command = ["go", "build", "-mod=mod", "-buildvcs=false", "-o", str(CENTRIFUGO), module]
    subprocess.run(command, cwd=CENTRIFUGO.parent, check=True)
    return True
