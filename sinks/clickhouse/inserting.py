"""One insert over HTTP, its file made while it is sent."""

from clickhouse_connect.driver.client import Client

from sinks.clickhouse.client import pinned
from sinks.clickhouse.groups import Insert


def send(client: Client, insert: Insert, table: str) -> None:
    """One insert into `table` under its token; raises what clickhouse-connect raises.

    The rows pass through input() with plain types: ClickHouse builds LowCardinality columns faster from whole columns
    than value by value. A record with more bytes than its schema has fields is read into its position:
    a row whose position is none of the range is refused.
    """
    columns = ", ".join(f"`{name}`" for name in insert.columns)
    structure = insert.structure.replace("\\", "\\\\").replace("'", "\\'")
    client.raw_insert(
        f"{table} ({columns}) SELECT {columns} FROM input('{structure}') "  # noqa: S608 -- names of our own schemas
        f"WHERE NOT throwIf(NOT ({insert.condition}), 'not one whole record of its schema')",
        insert_block=(piece for piece in insert.file),
        fmt="Avro",
        settings={**pinned(client), "insert_deduplication_token": insert.token},
    )
