"""Compares every Avro schema with its table at start: what ClickHouse would silently corrupt is refused instead."""

from collections.abc import Mapping

from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from schemas.registry import Schema, load_schema
from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks.clickhouse.avro_container import extended
from sinks.clickhouse.batch import TOMBSTONES
from sinks.clickhouse.targets import TARGETS
from sinks.clickhouse.types import clickhouse_type, without_low_cardinality

LEAST_WINDOW = 1000
"""Fewest inserts a table must remember by token: more than all that may be replayed during a recovery."""


def check(client: Client, database: str) -> None:
    """Raise Fatal, naming table and column, where a schema would not land as it is."""
    columns = _columns(client, database)
    for topic, table in LANDED.items():
        schema = extended(load_schema(TOPICS[topic].event), deletable=topic in TOMBSTONES)
        check_table(table, columns.get(table, {}), schema)
    windows = client.query(
        "SELECT name, toInt64OrZero(extract(create_table_query, 'deduplication_window = (\\\\d+)')) FROM system.tables "
        "WHERE database = {database:String}",
        parameters={"database": database},
    ).result_rows
    remembered = {str(name): int(window) for name, window in windows}
    for table in (*LANDED.values(), *(target.table for target in TARGETS)):
        if remembered.get(table, 0) < LEAST_WINDOW:
            raise Fatal(
                f"table {table} remembers {remembered.get(table, 0)} inserts, fewer than {LEAST_WINDOW}: set its "
                "non_replicated_deduplication_window (or replicated_deduplication_window)"
            )


def check_table(table: str, columns: Mapping[str, str], schema: Schema) -> None:
    """Raise Fatal unless every field of `schema` has the one column type that loses nothing."""
    if not columns:
        raise Fatal(f"table {table} is missing: run `python -m sinks migrate`")
    for avro_field in schema["fields"]:
        name = avro_field["name"]
        if name not in columns:
            raise Fatal(f"table {table} has no column {name!r} for the field of {schema['name']}")
        wanted = clickhouse_type(avro_field["type"])
        found = without_low_cardinality(columns[name])
        if found != wanted:
            raise Fatal(
                f"column {table}.{name} is {columns[name]}, but {schema['name']}.{name} needs {wanted}"
            )


def _columns(client: Client, database: str) -> dict[str, dict[str, str]]:
    columns: dict[str, dict[str, str]] = {}
    rows = client.query(
        "SELECT table, name, type FROM system.columns WHERE database = {database:String}",
        parameters={"database": database},
    ).result_rows
    for table, name, kind in rows:
        columns.setdefault(table, {})[name] = kind
    return columns
