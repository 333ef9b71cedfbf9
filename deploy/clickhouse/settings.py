"""Settings of the embedded ClickHouse process."""

from typing import Self

from pydantic import Field, model_validator

from schemas.settings import (
    ClickHouseOwnersSettings,
    ClickHouseReaderSettings,
    ClickHouseWriterSettings,
    MetricsSettings,
)
from schemas.tables import ALERTS


class EmbeddedClickHouseSettings(
    ClickHouseWriterSettings, ClickHouseReaderSettings, ClickHouseOwnersSettings, MetricsSettings
):
    """Where it listens, its users, and what a reader may use; `data_dir` is the engine's own folder."""

    clickhouse_host: str = Field("127.0.0.1", description="address the embedded ClickHouse listens on")
    clickhouse_port: int = Field(8123, ge=1, le=65535, description="port the embedded ClickHouse listens on")

    clickhouse_readers: int = Field(2, ge=1, le=16, description="queries of the reader that run side by side")
    clickhouse_reader_seconds: int = Field(30, ge=1, description="longest query of the reader, seconds")
    clickhouse_reader_memory_mb: int = Field(1024, ge=64, description="most memory of a reader's query, MiB")
    clickhouse_reader_rows: int = Field(200_000_000, ge=1, description="most rows a reader's query may read")
    clickhouse_reader_read_mb: int = Field(
        20_480, ge=1, description="most bytes a reader's query may read, MiB"
    )
    clickhouse_reader_result_mb: int = Field(64, ge=1, description="largest result of the reader, MiB")
    clickhouse_reader_result_rows: int = Field(1_000_000, ge=1, description="most rows of a reader's result")

    sql_queries: int = Field(
        1,
        ge=0,
        le=16,
        description="SQL queries of clients side by side, fewer than embedded readers; 0: none",
    )

    @model_validator(mode="after")
    def _one_reader_for_the_page(self) -> Self:
        if self.sql_queries >= self.clickhouse_readers:
            raise ValueError(
                f"DENYUT_SQL_QUERIES={self.sql_queries} leaves the page none of "
                f"DENYUT_CLICKHOUSE_READERS={self.clickhouse_readers}: it must be smaller"
            )
        if self.clickhouse_database == "default":
            raise ValueError("DENYUT_CLICKHOUSE_DATABASE=default: in chDB that is the host's files")
        return self

    def reader_limits(self) -> dict[str, int]:
        """ClickHouse settings every reader connection starts with; `readonly` follows them, so they stick."""
        return {
            "max_threads": 1,
            "max_execution_time": self.clickhouse_reader_seconds,
            "max_memory_usage": self.clickhouse_reader_memory_mb << 20,
            "max_rows_to_read": self.clickhouse_reader_rows,
            "max_bytes_to_read": self.clickhouse_reader_read_mb << 20,
            "max_result_bytes": self.clickhouse_reader_result_mb << 20,
            "max_result_rows": self.clickhouse_reader_result_rows,
            "allow_ddl": 0,
        }

    def reader_filters(self) -> dict[str, str]:
        """Tables of which the reader sees some rows only.

        An alert with an owner is nobody else's; and in the embedded engine all are one user, so that what runs would tell
        everybody's questions with all that they name.
        """
        alerts = dict.fromkeys((ALERTS, f"{self.clickhouse_database}.{ALERTS}"), "owner IS NULL")
        return {**alerts, "processes": "0", "system.processes": "0"}
