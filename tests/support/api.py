"""The api as a process of its own: started, killed, started again on the same port."""

import os
import re
import time
from pathlib import Path

import httpx

from tests.support import rooms
from tests.support.ports import free_port
from tests.support.rooms import Room


class Api:
    """`python -m api` against a broker and a topic prefix; further settings without their `DENYUT_`."""

    def __init__(self, bootstrap: str, prefix: str, log: Path, **settings: object) -> None:
        self._log = log
        self._process: Room | None = None
        self.url = ""
        values = {
            "kafka": bootstrap,
            "topic_prefix": prefix,
            "api_port": free_port(),
            "clickhouse_url": "http://127.0.0.1:9",
            "clickhouse_reader_password": "none",
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")}
        self._environment = {
            **kept,
            **{f"DENYUT_{name.upper()}": str(value) for name, value in values.items()},
        }

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, *, live: bool = True, patience_s: float = 120) -> "Api":
        """Start; wait until it has an address and, if `live`, until its stream can be joined."""
        with self._log.open("ab") as log:
            self._process = rooms.start(["api"], self._environment, log.fileno(), log.fileno())
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the api ended at its start:\n{self.output()[-3000:]}")
            found = re.findall(r"Denyut api: (http://\S+)", self.output())
            if found:
                self.url = found[-1]
                if not live or self._live():
                    return self
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the api did not answer within {patience_s} s:\n{self.output()[-3000:]}")

    def get(self, path: str, **query: object) -> httpx.Response:
        """GET with query parameters."""
        given = {name: str(value) for name, value in query.items()}
        # There is no TLS here, but reading the certificates for it takes 60 ms of CPU at every call.
        return httpx.get(self.url + path, params=given, timeout=60, verify=False)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, patience_s: float = 60) -> int:
        """SIGTERM; returns the exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.terminate()
        return self._process.wait(patience_s)

    def output(self) -> str:
        """Everything it printed and logged."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def _live(self) -> bool:
        try:
            answer = self.get("/health")
        except httpx.TransportError:
            return False
        return answer.is_success or not {"kafka", "stream"} & set(answer.json()["failing"])
