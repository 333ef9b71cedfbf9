"""A real schema registry (Apicurio, in memory): fetched once with Maven, started and killed."""

import fcntl
import os
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import httpx
import pytest

from deploy import tether
from deploy.jars import check_java, java, maven
from schemas.errors import Fatal
from tests.support.ports import free_port

VERSION = "2.6.13.Final"  # 3.x needs Java 21
FOLDER = Path(__file__).parents[2] / "build" / "apicurio"
_ARTIFACT = f"io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all"
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_TETHER = str(tether.__file__)


def fetch() -> Path:
    """The program's jar, fetched where it is not there (142 MB, once); raises Fatal if it cannot be."""
    jar = FOLDER / VERSION / f"apicurio-registry-app-{VERSION}-runner.jar"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        # Two test processes at once would unpack into each other's files.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not jar.exists():
            _unpack(jar)
    return jar


def _unpack(jar: Path) -> None:
    check_java()
    command = [
        maven(),
        "-q",
        "-B",
        f"{_PLUGIN}:copy",
        f"-Dartifact={_ARTIFACT}",
        f"-DoutputDirectory={FOLDER}",
    ]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Fatal(f"Maven could not fetch {_ARTIFACT}: {(done.stdout or done.stderr).strip()[-500:]}")
    (archive,) = FOLDER.glob(f"*{VERSION}*.tar.gz")
    half = FOLDER / ".half"
    with tarfile.open(archive) as packed:
        packed.extractall(half, filter="data")
    archive.unlink()
    # In one step, so that an interrupted fetch is never taken for a whole one.
    half.rename(jar.parent)


def fetched() -> Path:
    """The same for a test: skips it where the registry cannot be fetched; CI has it by then (`make registry`)."""
    try:
        return fetch()
    except Fatal as error:
        pytest.skip(f"no schema registry to test with: {error}")


class Apicurio:
    """One registry."""

    def __init__(self, jar: Path, log: Path) -> None:
        self._jar = jar
        self._log = log
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The base of its Confluent API."""
        return f"http://127.0.0.1:{self._port}/apis/ccompat/v7"

    def start(self, patience_s: float = 90) -> None:
        """Start and wait until it answers."""
        options = ["-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        options += [f"-Dquarkus.http.port={self._port}", "-Dquarkus.http.host=127.0.0.1"]
        with self._log.open("ab") as log:
            # Tethered: a test run that crashes leaves none behind.
            command = [sys.executable, _TETHER, str(os.getpid()), java(), *options, "-jar", str(self._jar)]
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the registry ended at its start, see {self._log}")
            try:
                if httpx.get(f"{self.url}/subjects", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError(f"the registry did not answer within {patience_s} s, see {self._log}")

    def stop(self) -> None:
        """SIGKILL: there is nothing to keep."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


if __name__ == "__main__":
    try:
        print(f"Apicurio {VERSION} is in {fetch().parent}")
    except Fatal as problem:
        sys.exit(f"denyut: {problem}")
