"""Settings of the api: where it listens, how its streams behave, when it calls itself unhealthy."""

from pydantic import Field

from schemas.settings import ClickHouseReaderSettings, KafkaSettings


class ApiSettings(KafkaSettings, ClickHouseReaderSettings):
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
    stream_replays: int = Field(
        4, ge=1, description="clients that are served from Kafka's past at the same time"
    )
    stream_refresh_s: float = Field(
        10, gt=0, description="seconds between looks for new partitions or topics"
    )
    health_stale_s: float = Field(
        10, gt=0, description="seconds without an answer from Kafka that count as down"
    )
    drain_s: float = Field(5, ge=0, description="seconds that open connections get to end at shutdown")
    clickhouse_timeout_s: float = Field(20, gt=0, description="seconds one query to ClickHouse may take")
