"""Java, and the jars of Apache Kafka, which Maven fetches once."""

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import structlog

from schemas.errors import Fatal

POM = Path(__file__).with_name("pom.xml")
LEAST_JAVA = 17
ARCHIVE = "classes.jsa"
"""Beside the jars: what a JVM wrote down about the classes it had loaded."""
_STAMP = ".fetched"
_VERSION = re.compile(r'version "(\d+)')

log = structlog.get_logger()


def java() -> str:
    """The java program; raises Fatal with what to do where there is none."""
    found = shutil.which("java")
    if found is None:
        raise Fatal(
            f"Java is missing: Apache Kafka needs Java {LEAST_JAVA} or newer; "
            "install a JRE and put `java` on the PATH"
        )
    return found


def check_java() -> int:
    """The version of Java on the PATH; raises Fatal with what to do where it is missing or too old."""
    program = java()
    told = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    version = _VERSION.search(told.stderr + told.stdout)
    if version is None:
        raise Fatal(f"{program} does not tell its version: install a JRE of Java {LEAST_JAVA} or newer")
    if int(version[1]) < LEAST_JAVA:
        raise Fatal(
            f"{program} is Java {version[1]}: install a JRE of Java {LEAST_JAVA} or newer, first on the PATH"
        )
    return int(version[1])


def maven() -> str:
    """The mvn program; raises Fatal with what to do where there is none."""
    found = shutil.which("mvn")
    if found is None:
        raise Fatal(
            "Maven is missing: it fetches Apache Kafka once; install Maven 3.8 or newer and put `mvn` on the PATH"
        )
    return found


def is_fetched(lib: Path) -> bool:
    """Whether `lib` holds the jars that the pom names now."""
    stamp = lib / _STAMP
    return stamp.exists() and stamp.read_text(encoding="utf-8") == _wanted()


def archive_options(lib: Path) -> list[str]:
    """What lets a JVM start from the archive in `lib`; nothing where there is none.

    Another Java than the one that made it ignores it, and starts as slowly as without.
    """
    archive = lib.absolute() / ARCHIVE
    return [f"-XX:SharedArchiveFile={archive}", "-Xshare:auto", "-Xlog:cds=off"] if archive.exists() else []


def _wanted() -> str:
    return hashlib.sha256(POM.read_bytes()).hexdigest()


def fetch_jars(lib: Path) -> None:
    """Fetch the jars named by the pom into `lib`, replacing what is there; raises Fatal if it cannot."""
    program = maven()
    log.info("fetching_kafka", by="maven", megabytes=44, into=str(lib))
    shutil.rmtree(lib, ignore_errors=True)
    command = [program, "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", "-DincludeScope=runtime"]
    done = subprocess.run(
        [*command, f"-DoutputDirectory={lib.absolute()}"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise Fatal(f"Maven could not fetch Apache Kafka: {(done.stdout or done.stderr).strip()[-500:]}")
    (lib / _STAMP).write_text(_wanted(), encoding="utf-8")
