"""Puts rows into a table beside its views and tokens: through a table of their own whose partitions are attached."""

from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_connect.driver.client import Client

from sinks.clickhouse.cluster import plain_engine


@contextmanager
def beside(client: Client, table: str, partition: int) -> Iterator[str]:
    """An empty table like `table`, gone at the end; one that a crash has left is emptied first."""
    aside = f"restore_{table}_{partition}"
    client.command(f"DROP TABLE IF EXISTS {aside} SYNC")
    engine = client.query(
        "SELECT engine_full FROM system.tables WHERE database = currentDatabase() AND name = {table:String}",
        parameters={"table": table},
    ).result_rows[0][0]
    # Replicas get the parts once they are attached.
    client.command(f"CREATE TABLE {aside} AS {table} ENGINE = {plain_engine(engine)}")
    yield aside
    client.command(f"DROP TABLE {aside} SYNC")


def attach_all(client: Client, table: str, aside: str) -> None:
    """Attach every partition of `aside` to `table`; no materialised view sees the rows."""
    parts = client.query(
        "SELECT DISTINCT partition_id FROM system.parts "
        "WHERE database = currentDatabase() AND table = {table:String} AND active",
        parameters={"table": aside},
    ).result_rows
    for (partition_id,) in parts:
        client.command(f"ALTER TABLE {table} ATTACH PARTITION ID '{partition_id}' FROM {aside}")
