"""Apache Kafka without Docker: fetched by Maven once, one node, broker and controller in one process."""

import base64
import fcntl
import hashlib
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import structlog

from schemas.errors import Fatal
from schemas.topics import MAX_RECORD_BYTES

log = structlog.get_logger()

POM = Path(__file__).with_name("pom.xml")
_STAMP = ".fetched"

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


@dataclass(frozen=True, slots=True)
class Kafka:
    """One broker: where its jars, its data and its ports are. Creating it touches nothing."""

    lib: Path
    data: Path
    port: int
    controller_port: int
    partitions: int = 4
    heap_mb: int = 160

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
            ),
            encoding="utf-8",
        )
        if (logs / "meta.properties").exists():
            return
        command = [*self._java(), "kafka.tools.StorageTool", "format"]
        command += ["-t", _cluster_id(), "-c", str(self._config), "--standalone"]
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
            "-XX:TieredStopAtLevel=1",
            "-XX:+ExitOnOutOfMemoryError",
            "-cp",
            f"{self.lib}/*",
        ]


def java() -> str:
    """The java program; raises Fatal with what to do where there is none."""
    found = shutil.which("java")
    if found is None:
        raise Fatal(
            "Java is missing: Apache Kafka needs Java 17 or newer; install a JRE and put `java` on the PATH"
        )
    return found


def fetch(lib: Path) -> None:
    """Fetch the jars named by the pom into `lib`; does nothing when they are there. Raises Fatal if it cannot."""
    if is_fetched(lib):
        return
    lib.parent.mkdir(parents=True, exist_ok=True)
    with (lib.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_fetched(lib):
            _fetch(lib)


def is_fetched(lib: Path) -> bool:
    """Whether `lib` holds the jars that the pom names now."""
    stamp = lib / _STAMP
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _wanted()


def _wanted() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def _fetch(lib: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise Fatal(
            "Maven is missing: it fetches Apache Kafka once; install Maven 3.8 or newer and put `mvn` on the PATH"
        )
    log.info("fetching_kafka", by="maven", megabytes=44, into=str(lib))
    shutil.rmtree(lib, ignore_errors=True)
    command = [maven, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={lib.resolve()}"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Fatal(f"Maven could not fetch Apache Kafka: {(done.stdout or done.stderr).strip()[-500:]}")
    (lib / _STAMP).write_text(_wanted(), encoding="utf-8")


def _cluster_id() -> str:
    """A Kafka cluster id: 22 characters of URL-safe base64, the first not a dash, which would read as an option."""
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made
