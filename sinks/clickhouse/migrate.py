"""Forward-only migrations: the numbered SQL files beside this module, each applied once and recorded."""

import re
from importlib.resources import files

import structlog
from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from sinks.clickhouse.client import connect, decisions
from sinks.clickhouse.cluster import databases, placed
from sinks.settings import ClickHouseSinkSettings

log = structlog.get_logger()

_NAME = re.compile(r"(\d{4})_\w+\.sql")
_DATABASE = re.compile(r"[A-Za-z_]\w*\Z")
_RECORD = """\
CREATE TABLE IF NOT EXISTS migrations (
    number UInt32,
    name String,
    statement UInt32,
    applied_at DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC')
) ENGINE = MergeTree ORDER BY (number, statement)"""
_COLUMNS = ("number", "name", "statement")
_TYPES = ("UInt32", "String", "UInt32")


def migrations() -> list[tuple[int, str, list[str]]]:
    """(number, file name, statements) of every migration, in order; raises Fatal where a number is missing."""
    found = []
    for file in (files("sinks") / "clickhouse" / "migrations").iterdir():
        match = _NAME.fullmatch(file.name)
        if match:
            found.append((int(match.group(1)), file.name, _statements(file.read_text(encoding="utf-8"))))
    found.sort()
    if [number for number, _, _ in found] != list(range(1, len(found) + 1)):
        raise Fatal(f"migrations are not numbered 1, 2, 3 …: {[name for _, name, _ in found]}")
    return found


def migrate(settings: ClickHouseSinkSettings) -> int:
    """Create the database, apply what is not applied yet, set the retention; how many statements were applied.

    What a file says is recorded once all of it is applied; a file that was cut short is begun again, and repeating a
    statement is harmless. Raises Retryable and Fatal like any use of ClickHouse.
    """
    database = settings.clickhouse_database
    if not _DATABASE.match(database):
        raise Fatal(f"DENYUT_CLICKHOUSE_DATABASE is no plain name: {database!r}")
    first = connect(settings, settings.sink_insert_timeout_s, database=False)
    with decisions():
        for statement in databases(database, settings.clickhouse_cluster):
            first.command(statement)
        first.close()
    client = connect(settings, settings.sink_insert_timeout_s)
    try:
        with decisions():
            applied = _apply(client, settings.clickhouse_cluster)
            _retain(client, settings)
    finally:
        client.close()
    return applied


def _apply(client: Client, cluster: str | None) -> int:
    _run(client, _RECORD, cluster)
    done = {tuple(row) for row in client.query("SELECT number, statement FROM migrations").result_rows}
    count = 0
    for number, name, statements in migrations():
        new = [index for index in range(1, len(statements) + 1) if (number, index) not in done]
        for index in new:
            _run(client, statements[index - 1], cluster)
            log.info("migration_applied", migration=name, statement=index)
        if new:
            # One insert a file: one a statement took half the time of a first start. Its columns are known, so they are not asked for.
            rows = [[number, name, index] for index in new]
            client.insert("migrations", rows, column_names=_COLUMNS, column_type_names=_TYPES)
            count += len(new)
    return count


def _run(client: Client, statement: str, cluster: str | None) -> None:
    """Run it as it is on this cluster, each part in its database."""
    home = str(client.database)
    for part in placed(statement, home, cluster):
        client.database = part.database
        try:
            client.command(part.statement, settings={"materialize_ttl_after_modify": 0})
        finally:
            client.database = home


def _retain(client: Client, settings: ClickHouseSinkSettings) -> None:
    """Bring each table's TTL to the days of the settings."""
    rows = client.query(
        "SELECT name, create_table_query FROM system.tables WHERE database = currentDatabase()"
    ).result_rows
    tables = {str(name): str(query) for name, query in rows}
    for table, (column, days) in settings.retention().items():
        clause = f"TTL toDate({column}) + toIntervalDay({days})"
        if clause not in tables[table]:
            _run(client, f"ALTER TABLE {table} MODIFY {clause}", settings.clickhouse_cluster)
            log.info("retention_set", table=table, days=days)


def _statements(text: str) -> list[str]:
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [part.strip() for part in "\n".join(lines).split(";\n") if part.strip(" \n;")]
