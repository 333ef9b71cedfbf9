"""Apache Kafka without Docker: one node, broker and controller in one process."""

import base64
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from deploy.jars import archive_options, java
from schemas.errors import Fatal
from schemas.topics import MAX_RECORD_BYTES

# Measured settings: shared/FACTS.md and deploy/docs/adr. The cleaner's buffer must shrink with the heap.
_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs={logs}
num.partitions={partitions}
auto.create.topics.enable=false
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.retention.minutes=172800
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
broker.heartbeat.interval.ms=500
broker.session.timeout.ms=2000
message.max.bytes={max_bytes}
transaction.max.timeout.ms=60000
"""

Compiler = Literal["quick", "full"]
"""Of the JVM. `full` compiles twice: that takes more of a core for some two minutes, and less ever after."""
_COMPILER: Mapping[Compiler, tuple[str, ...]] = {"quick": ("-XX:TieredStopAtLevel=1",), "full": ()}


@dataclass(frozen=True, slots=True)
class Kafka:
    """One broker: where its jars, its data and its ports are. Creating it touches nothing."""

    lib: Path
    data: Path
    port: int
    controller_port: int
    partitions: int = 4
    heap_mb: int = 160
    compiler: Compiler = "quick"
    more: str = ""
    """Further lines of its configuration; they win over those above."""
    format_options: tuple[str, ...] = ()
    """Further options with which its storage is formatted: users, for one."""

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Write the configuration and format the storage where that is not done; raises Fatal if it fails."""
        self.data.mkdir(parents=True, exist_ok=True)
        logs = self.data / "logs"
        self._config.write_text(
            _PROPERTIES.format(
                port=self.port,
                controller_port=self.controller_port,
                logs=logs,
                partitions=self.partitions,
                max_bytes=MAX_RECORD_BYTES + 200_000,
            )
            + self.more,
            encoding="utf-8",
        )
        if (logs / "meta.properties").exists():
            return
        command = [*self._java(), "kafka.tools.StorageTool", "format"]
        command += ["-t", _cluster_id(), "-c", str(self._config), "--standalone", *self.format_options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Fatal(f"Kafka could not format {logs}: {(done.stderr or done.stdout).strip()[-500:]}")

    def command(self) -> list[str]:
        """The command line that runs the broker in the foreground."""
        return [*self._java(), "kafka.Kafka", str(self._config)]

    @property
    def _config(self) -> Path:
        return self.data / "server.properties"

    def _java(self) -> list[str]:
        return [
            java(),
            f"-Xmx{self.heap_mb}m",
            "-XX:+UseSerialGC",
            *_COMPILER[self.compiler],
            "-XX:+ExitOnOutOfMemoryError",
            *archive_options(self.lib),
            "-cp",
            f"{self.lib.absolute()}/*",
        ]


def _cluster_id() -> str:
    """A Kafka cluster id: 22 characters of URL-safe base64, the first not a dash, which would read as an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made
