"""Puts Apache Kafka in place once: its jars, and an archive of loaded classes that halves every later start."""

import fcntl
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import structlog

from deploy.jars import ARCHIVE, fetch_jars, is_fetched
from deploy.kafka import Kafka
from deploy.ports import free_port
from deploy.probes import KafkaProbe
from deploy.tether import tethered
from schemas.settings import KafkaSettings

_TRIED = ".archive-tried"
_PATIENCE_S = 120

log = structlog.get_logger()


def fetch(lib: Path) -> None:
    """Put jars and archive into `lib`; does nothing when they are there. Raises Fatal if it cannot."""
    if is_fetched(lib) and (lib / _TRIED).exists():
        return
    lib.parent.mkdir(parents=True, exist_ok=True)
    with (lib.parent / ".lock").open("w") as lock:
        # Two at once would delete each other's jars.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_fetched(lib):
            fetch_jars(lib)
        if not (lib / _TRIED).exists():
            _archive(lib)


def _archive(lib: Path) -> None:
    """Start a broker in a folder of its own and let the JVM write down, at its end, which classes it had loaded."""
    log.info("archiving_kafka_classes", why="halves every later start")
    with tempfile.TemporaryDirectory(prefix="denyut-kafka-") as folder:
        made = Path(folder) / ARCHIVE
        kafka = Kafka(lib, Path(folder) / "kafka", free_port(), free_port())
        kafka.prepare()
        program, *options = kafka.command()
        broker = subprocess.Popen(
            tethered([program, f"-XX:ArchiveClassesAtExit={made}", *options]),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            deadline = time.monotonic() + _PATIENCE_S
            probe = KafkaProbe(KafkaSettings.model_construct(kafka=kafka.bootstrap))
            while not probe.answers() and broker.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            broker.terminate()
            broker.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            log.warning("archive_not_made", why=f"not within {_PATIENCE_S} s")
        finally:
            broker.kill()
            broker.wait()
        if made.exists():
            # In two steps, since the folder may lie on another disk: a half archive is never seen.
            beside = lib / f".{ARCHIVE}"
            shutil.copyfile(made, beside)
            beside.replace(lib / ARCHIVE)
    (lib / _TRIED).touch()
