"""The part of the stack that the page stands on, real: Kafka topics, the ClickHouse sink and its engine, the api."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from tests.support.api import Api
from tests.support.clickhouse import READER, EmbeddedClickHouse
from tests.support.mentions import Publisher
from tests.support.topics import create_topics

ROOT = Path(__file__).parents[2]


class Landed:
    """A context manager: what is published within lands in ClickHouse and is streamed by the api."""

    def __init__(self, bootstrap: str, prefix: str, clickhouse: EmbeddedClickHouse, folder: Path) -> None:
        database = f"d{prefix.rstrip('.')}"
        create_topics(bootstrap, prefix)
        self._clickhouse = clickhouse
        self._database = database
        self.prefix = prefix
        self.publisher = Publisher(bootstrap, prefix)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")},
            **clickhouse.environment(database),
            "DENYUT_KAFKA": bootstrap,
            "DENYUT_TOPIC_PREFIX": prefix,
            "DENYUT_SINK_LINGER_MS": "100",
            "DENYUT_DATA_DIR": str(folder / "sink"),
        }
        with (folder / "sink.log").open("ab") as log:
            self._sink = subprocess.Popen(
                [sys.executable, "-m", "sinks", "clickhouse"],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.api = Api(
            bootstrap,
            prefix,
            folder / "api.log",
            clickhouse_url=clickhouse.url,
            clickhouse_database=database,
            clickhouse_reader_user=READER[0],
            clickhouse_reader_password=READER[1],
            stream_heartbeat_s=1,
            stream_retry_ms=200,
        )

    def __enter__(self) -> Self:
        try:
            self.api.start()
            until(lambda: self.api.get("/api/v1/dashboard/stats").is_success, "the tables are there")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._sink.terminate()
        self.api.stop()
        self._sink.wait(30)

    def rows(self, table: str = "mentions") -> int:
        """Rows landed."""
        return int(self._clickhouse.value(f"SELECT count() FROM {table}", self._database))


def until(condition: Callable[[], bool], what: str, patience_s: float = 180) -> None:
    """Poll until it holds; raises with `what`."""
    deadline = time.monotonic() + patience_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience_s:.0f} s: {what}")
        time.sleep(0.05)
