"""Compares Avro schemas with their tables: what ClickHouse would silently corrupt is refused, what is new gets a column."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock

import structlog
from clickhouse_connect.driver.client import Client

from schemas.errors import Fatal
from schemas.registry import PinnedIds, Schema, SchemaIds, load_schema, released
from schemas.tables import LANDED
from schemas.topics import TOPICS
from sinks.clickhouse.avro_container import extended
from sinks.clickhouse.batch import TOMBSTONES
from sinks.clickhouse.columns import Written, additions, check_columns, columns_of
from sinks.clickhouse.groups import Landed
from sinks.clickhouse.targets import TARGETS

log = structlog.get_logger()

LEAST_WINDOW = 1000
"""Fewest inserts a table must remember by token: more than all that may be replayed during a recovery."""


def check(client: Client, database: str) -> None:
    """Let every table take every schema of this release; raise Fatal where one would not land as it is.

    Columns that are missing and additive are added. Several workers may do so at once.
    """
    for topic, table in LANDED.items():
        event = TOPICS[topic].event
        present = load_schema(event)
        admit(client, topic, Written(table, str(present["name"]), present, present, exact=True))
        for schema_id, (of, schema) in sorted(released().items()):
            if of == event:
                admit(client, topic, _written(table, schema_id, event, schema))
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


def admit(client: Client, topic: str, written: Written) -> None:
    """Alter the table where the schema has something new, then raise Fatal unless all of it lands as it is."""
    columns = columns_of(client, written.table)
    for statement in additions(written, columns):
        client.command(statement)
        log.info("table_altered", table=written.table, schema=written.name, statement=statement)
        # Read again: another worker may have added a column of this name for another schema.
        columns = columns_of(client, written.table)
    whole = extended(written.schema, deletable=topic in TOMBSTONES)
    check_columns(Written(written.table, written.name, whole, written.present, written.exact), columns)


class Admission:
    """Remembers which schema ids fit which tables. May be used from several threads."""

    def __init__(self, ids: SchemaIds, client: Callable[[], AbstractContextManager[Client]]) -> None:
        self._ids = ids
        self._client = client
        self._lock = Lock()
        # What `check` has seen already.
        self._admitted = {(event, PinnedIds().id_of(event)) for event in _landed_events()}

    def admit(self, landed: Landed, schema_id: int) -> None:
        """Have the table take records of this schema before any is inserted.

        Raises Fatal where it cannot, Retryable where ClickHouse cannot now.
        """
        key = landed.event, schema_id
        if key in self._admitted:
            return
        with self._lock, self._client() as client:
            if key not in self._admitted:
                schema = self._ids.schema_of(schema_id)[1]
                admit(client, landed.name, _written(landed.table, schema_id, landed.event, schema))
                self._admitted.add(key)


def _written(table: str, schema_id: int, event: str, schema: Schema) -> Written:
    return Written(table, f"{schema['name']} (schema id {schema_id})", schema, load_schema(event))


def _landed_events() -> set[str]:
    return {TOPICS[topic].event for topic in LANDED}
