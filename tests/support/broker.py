"""A real Kafka broker of a test's own: started, killed and started again."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy import tether
from deploy.install import fetch
from deploy.kafka import Compiler, Kafka
from tests.support.ports import free_port

_TETHER = str(tether.__file__)
LIB = Path(__file__).parents[2] / "build" / "kafka" / "lib"


class Broker:
    """One that runs, and where."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap


class OwnBroker(Broker):
    """Runs one broker in a folder; `bootstrap` stays the same across restarts."""

    def __init__(
        self,
        folder: Path,
        partitions: int = 4,
        more: str = "",
        heap_mb: int | None = None,
        compiler: Compiler = "quick",
    ) -> None:
        fetch(LIB)
        kafka = self._configured(folder, free_port(), free_port(), partitions)
        self._kafka = replace(
            kafka, more=kafka.more + more, heap_mb=heap_mb or kafka.heap_mb, compiler=compiler
        )
        super().__init__(self._kafka.bootstrap)
        self._log = folder / "broker.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._kafka.prepare()

    def _configured(self, folder: Path, port: int, controller_port: int, partitions: int) -> Kafka:
        return Kafka(LIB, folder, port, controller_port, partitions)

    def _reached(self) -> dict[str, Any]:
        """How a client is let in."""
        return {"bootstrap.servers": self.bootstrap}

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, patience_s: float = 120) -> None:
        """Start and wait until it answers."""
        with self._log.open("ab") as log:
            # Tethered: a test run that crashes leaves no broker behind.
            command = [sys.executable, _TETHER, str(os.getpid()), *self._kafka.command()]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the broker ended at its start, see {self._log}")
            try:
                AdminClient({**self._reached(), "log_level": 0}).list_topics(timeout=1)
            except KafkaException:
                time.sleep(0.1)
            else:
                return
        raise RuntimeError(f"the broker did not answer within {patience_s} s, see {self._log}")

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that does not help."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()
