"""A ClickHouse that holds a client's SQL to small limits, an api over it, and a data folder whose running stack it is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.folder import DataFolder
from deploy.state import StackState
from tests.support.api import Api
from tests.support.clickhouse import READER, WRITER, EmbeddedClickHouse

LIMITS = {
    "READER_SECONDS": 1,
    "READER_ROWS": 1_000_000,
    "READER_READ_MB": 4,
    "READER_RESULT_MB": 1,
    "READER_RESULT_ROWS": 50_000,
    "READER_MEMORY_MB": 512,
}


@contextmanager
def limited(folder: Path) -> Iterator[EmbeddedClickHouse]:
    """One with small limits, and tables to ask for."""
    server = EmbeddedClickHouse(folder / "data")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in LIMITS.items():
            patch.setenv(f"DENYUT_CLICKHOUSE_{name}", str(value))
        server.start()
    writer = server.client()
    writer.command("CREATE TABLE big (n Int64, text String) ENGINE = MergeTree ORDER BY n")
    writer.command("INSERT INTO big SELECT number, repeat('kata ', 10) FROM numbers(100000)")
    writer.command("CREATE TABLE alerts (id String, owner Nullable(String)) ENGINE = MergeTree ORDER BY id")
    writer.command("INSERT INTO alerts VALUES ('ours', NULL), ('mine', 'somebody')")
    writer.close()
    yield server
    server.stop()


@contextmanager
def api_over(clickhouse: EmbeddedClickHouse, folder: Path) -> Iterator[Api]:
    """No Kafka is there: SQL needs none."""
    own = Api("127.0.0.1:9", "sql.", folder / "api.log", **given(clickhouse))
    yield own.start(live=False)
    assert own.stop() == 0


def given(clickhouse: EmbeddedClickHouse) -> dict[str, str]:
    """Settings of an api that asks this ClickHouse."""
    return {name.removeprefix("DENYUT_").lower(): value for name, value in clickhouse.environment().items()}


def stack_folder(clickhouse: EmbeddedClickHouse, root: Path) -> DataFolder:
    """A data folder whose running stack is this ClickHouse."""
    folder = DataFolder(root)
    (folder.root / "passwords.json").write_text(json.dumps({"writer": WRITER[1], "reader": READER[1]}))
    this = psutil.Process()
    folder.write_state(
        StackState(
            pid=this.pid,
            started=this.create_time(),
            ready=True,
            api="http://127.0.0.1:9",
            kafka="127.0.0.1:9",
            clickhouse=clickhouse.url,
            clickhouse_database=clickhouse.database,
            topic_prefix="sql.",
            partitions=4,
            processes=(),
        )
    )
    return folder
