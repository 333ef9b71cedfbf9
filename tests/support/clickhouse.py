"""The embedded ClickHouse of a test's own: a real process on a free port, killed and started again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import clickhouse_connect
import httpx
from clickhouse_connect.driver.client import Client

from deploy.tether import tethered
from tests.support.ports import free_port

WRITER = ("denyut", "writer-secret")
READER = ("denyut_reader", "reader-secret")
OWNERS = ("denyut_owners", "owners-secret")
ROOT = Path(__file__).parents[2]


class EmbeddedClickHouse:
    """Runs `python -m deploy.clickhouse` on a folder; `url` stays the same across restarts."""

    def __init__(self, folder: Path, database: str = "denyut", port: int | None = None) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = database
        self.log = folder.with_name(folder.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None

    def environment(self, database: str | None = None) -> dict[str, str]:
        """What a process needs to reach it, by all its users."""
        return {
            "DENYUT_CLICKHOUSE_URL": self.url,
            "DENYUT_CLICKHOUSE_DATABASE": database or self.database,
            "DENYUT_CLICKHOUSE_USER": WRITER[0],
            "DENYUT_CLICKHOUSE_PASSWORD": WRITER[1],
            "DENYUT_CLICKHOUSE_READER_USER": READER[0],
            "DENYUT_CLICKHOUSE_READER_PASSWORD": READER[1],
            "DENYUT_CLICKHOUSE_OWNERS_USER": OWNERS[0],
            "DENYUT_CLICKHOUSE_OWNERS_PASSWORD": OWNERS[1],
        }

    def launch(self, settings: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """A new process on the folder, whatever runs there already."""
        environment = {
            **os.environ,
            **self.environment(),
            "DENYUT_CLICKHOUSE_HOST": "127.0.0.1",
            "DENYUT_CLICKHOUSE_PORT": str(self.port),
            "DENYUT_DATA_DIR": str(self.folder),
            **(settings or {}),
        }
        with self.log.open("ab") as log:
            return subprocess.Popen(
                # Tethered: a test run that crashes leaves no engine behind.
                tethered([sys.executable, "-m", "deploy.clickhouse"]),
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def start(self, patience_s: float = 60, settings: Mapping[str, str] | None = None) -> None:
        """Start and wait until it answers."""
        self.process = self.launch(settings)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"ClickHouse ended at its start: {self.log.read_text()[-2000:]}")
            try:
                if httpx.get(self.url + "/ping", timeout=1).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"ClickHouse did not answer within {patience_s} s, see {self.log}")

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode

    def client(self, database: str | None = None, user: tuple[str, str] = WRITER) -> Client:
        """A clickhouse-connect client over HTTP."""
        return clickhouse_connect.get_client(
            host="127.0.0.1",
            port=self.port,
            username=user[0],
            password=user[1],
            database=database or self.database,
            autogenerate_session_id=False,
        )

    def drop(self, database: str) -> None:
        """Away with a database, if it is there: the engine looks after its tables for as long as they stand, unused ones, too."""
        answer = httpx.post(
            self.url,
            content=f"DROP DATABASE IF EXISTS {database} SYNC",
            headers={"X-ClickHouse-User": WRITER[0], "X-ClickHouse-Key": WRITER[1]},
            timeout=60,
        )
        assert answer.is_success, answer.text

    def rows(self, sql: str, database: str | None = None) -> list[Any]:
        """The rows of a query by the writer."""
        client = self.client(database)
        try:
            return list(client.query(sql).result_rows)
        finally:
            client.close()

    def value(self, sql: str, database: str | None = None) -> Any:
        """The first cell of the first row."""
        return self.rows(sql, database)[0][0]


@contextmanager
def embedded(folder: Path, database: str = "denyut") -> Iterator[EmbeddedClickHouse]:
    """One that is stopped at the end."""
    server = EmbeddedClickHouse(folder, database)
    server.start()
    try:
        yield server
    finally:
        server.stop()
