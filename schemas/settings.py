"""The base of every settings class: one frozen class per service, read from the environment (`DENYUT_…`) alone."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every process has."""

    model_config = SettingsConfigDict(env_prefix="DENYUT_", frozen=True, extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level that is logged"
    )
    log_json: bool = Field(False, description="log lines as JSON objects instead of for people")
    data_dir: Path = Field(Path("build/data"), description="where a process may keep files of its own")


class KafkaSettings(Settings):
    """What every process that talks to Kafka has."""

    kafka: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, comma-separated")
    topic_prefix: str = Field("denyut.", description="prefix of every topic and consumer group name")
    partitions: int = Field(4, ge=1, le=256, description="partitions of every topic that is not single")
    replication: int = Field(1, ge=1, le=7, description="replication factor of topics that are created")


class ClickHouseSettings(Settings):
    """Where ClickHouse is, embedded or a server."""

    clickhouse_url: str = Field("http://127.0.0.1:8123", description="ClickHouse HTTP address")
    clickhouse_database: str = Field("denyut", description="database of all tables")


class ClickHouseWriterSettings(ClickHouseSettings):
    """For what writes to ClickHouse."""

    clickhouse_user: str = Field("denyut", description="user that may write")
    clickhouse_password: SecretStr = Field(description="password of the writer")


class ClickHouseReaderSettings(ClickHouseSettings):
    """For what only reads ClickHouse."""

    clickhouse_reader_user: str = Field("denyut_reader", description="user that may only read")
    clickhouse_reader_password: SecretStr = Field(description="password of the reader")
