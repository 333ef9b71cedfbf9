"""Settings of the api: where it listens, how its streams behave, when it calls itself unhealthy."""

from pydantic import Field

from api.access.settings import AccessSettings
from api.sources import Limits
from schemas.settings import ClickHouseOwnersSettings, ClickHouseReaderSettings, KafkaSettings


class ApiSettings(AccessSettings, KafkaSettings, ClickHouseReaderSettings, ClickHouseOwnersSettings):
    """Read from the environment, `DENYUT_` before each name."""

    api_host: str = Field("127.0.0.1", description="address the api listens on")
    api_port: int = Field(8000, ge=0, le=65535, description="port the api listens on; 0 takes any free one")
    stream_heartbeat_s: float = Field(15, gt=0, description="seconds between heartbeat events of a stream")
    stream_retry_ms: int = Field(
        2000, ge=0, description="how long a client is told to wait before it reconnects"
    )
    stream_buffer_events: int = Field(5000, ge=1, description="events that may wait for one slow client")
    stream_buffer_bytes: int = Field(4_194_304, ge=1, description="bytes that may wait for one slow client")
    stream_send_timeout_s: float = Field(30, gt=0, description="seconds one write to a client may take")
    stream_linger_ms: float = Field(
        10,
        ge=0,
        description="between two writes to the clients, so that what comes meanwhile is one write; 0: none",
    )
    stream_socket_bytes: int = Field(
        131_072, ge=4096, description="what the kernel may hold for one client before its slowness shows"
    )
    stream_total: int = Field(10_000, ge=1, description="streams open at once in this process")
    stream_per_address: int = Field(500, ge=1, description="streams open at once to one address")
    stream_per_user: int = Field(
        100, ge=1, description="streams open at once to one user, where users are known"
    )
    stream_openings_s: float = Field(
        500, gt=0, description="streams that may be opened a second, on average over two"
    )
    stream_max_age_s: float = Field(
        0,
        ge=0,
        description="seconds after which a stream is closed to be opened anew, a tenth more or less; 0: never",
    )
    stream_recent_events: int = Field(
        2_000,
        ge=0,
        description="last events that are kept in memory for clients who come back; 0: none, all are served from Kafka",
    )
    stream_recent_mb: int = Field(
        8,
        ge=1,
        description="most of these, by the size of their records, MiB; what is made of each takes some kilobytes more",
    )
    stream_replays: int = Field(
        4, ge=1, description="clients that are served from Kafka's past at the same time"
    )
    stream_replay_events: int = Field(
        5_000_000,
        ge=1,
        description="events that are read for one client who comes back, at the most; beyond, a reset",
    )
    stream_refresh_s: float = Field(
        10, gt=0, description="seconds between looks for new partitions or topics"
    )
    health_stale_s: float = Field(
        10, gt=0, description="seconds without an answer from Kafka that count as down"
    )
    health_sample_s: float = Field(
        10, gt=0, description="seconds between looks at the offsets of stages and sinks"
    )
    health_stall_s: float = Field(
        120, gt=0, description="seconds that a stage or sink may be behind without any progress"
    )
    source_late_s: int = Field(
        600, ge=1, description="silence of a collector's source that counts as late, at the least"
    )
    source_enrich_s: int = Field(
        300, ge=1, description="seconds after a run in which its newest item must have been enriched"
    )
    source_quiet_s: int = Field(
        21_600, ge=1, description="age of a source's newest item that counts as quiet"
    )
    sql_queries: int = Field(
        1,
        ge=0,
        le=16,
        description="SQL queries of clients side by side, fewer than embedded readers; 0: none",
    )
    sql_wait_s: float = Field(45, gt=0, description="longest wait for the answer to a client's SQL query")
    sql_transfer_s: float = Field(120, gt=0, description="seconds a client may take to read a SQL answer")
    sql_answer_mb: int = Field(64, ge=1, description="largest answer to a client's SQL query, MiB")
    drain_s: float = Field(5, ge=0, description="seconds that open connections get to end at shutdown")
    clickhouse_timeout_s: float = Field(20, gt=0, description="seconds one query to ClickHouse may take")

    def source_limits(self) -> Limits:
        """When a source is late or quiet."""
        return Limits(self.source_late_s * 1000, self.source_enrich_s * 1000, self.source_quiet_s * 1000)
