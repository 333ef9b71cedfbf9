"""The base of every settings class: one frozen class per service, read from the environment (`DENYUT_…`) alone."""

from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every process has."""

    model_config = SettingsConfigDict(env_prefix="DENYUT_", frozen=True, extra="ignore")

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level that is logged"
    )
    log_json: bool = Field(False, description="log lines as JSON objects instead of for people")
    data_dir: Path = Field(Path("build/data"), description="where a process may keep files of its own")


Kind = TypeVar("Kind", bound=Settings)


def load(kind: type[Kind]) -> Kind:
    """The settings as the environment has them.

    Raises SystemExit with one line per wrong setting, for commands to pass on. Values are not shown: pydantic's own
    message would print the secrets that stand beside a missing one.
    """
    try:
        return kind()
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        raise SystemExit("\n".join(f"denyut: {_named(x['loc'])}: {x['msg']}" for x in problems)) from None


def _named(place: tuple[int | str, ...]) -> str:
    return f"setting DENYUT_{'_'.join(map(str, place)).upper()}" if place else "settings"


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
