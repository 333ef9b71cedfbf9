"""The base of every settings class: one frozen class per service, read from the environment (`DENYUT_…`) alone."""

from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every process has."""

    model_config = SettingsConfigDict(
        env_prefix="DENYUT_", frozen=True, extra="ignore", populate_by_name=True
    )

    @field_validator(
        "kafka_ca_file",
        "clickhouse_cluster",
        "canaries",
        "kaskus_forums",
        "rss_feeds",
        "sites_browser",
        "sites_list",
        "webhook_senders",
        "yahoo_watchlist",
        "simulate_start",
        mode="before",
        check_fields=False,
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        """An example environment shows what is not set as empty."""
        return None if value == "" else value

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
    name = "_".join(map(str, place)).upper().removeprefix("DENYUT_")
    return f"setting DENYUT_{name}" if place else "settings"


class SchemaSettings(Settings):
    """Where schema ids come from."""

    schema_registry_url: str | None = Field(
        None,
        validation_alias=AliasChoices("DENYUT_SCHEMA_REGISTRY_URL", "SCHEMA_REGISTRY_URL"),
        description="base address of a schema registry's Confluent API (also read as SCHEMA_REGISTRY_URL); "
        "empty: the pinned ids of this package",
    )
    schema_registry_user: str | None = Field(None, description="user of the schema registry")
    schema_registry_password: SecretStr | None = Field(None, description="password of that user")

    @field_validator("schema_registry_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if not value:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("an address begins with http:// or https://")
        return value.rstrip("/")


class KafkaSettings(SchemaSettings):
    """What every process that talks to Kafka has."""

    kafka: str = Field(
        "127.0.0.1:9092",
        validation_alias=AliasChoices("DENYUT_KAFKA", "KAFKA_BOOTSTRAP_SERVERS"),
        description="Kafka bootstrap servers, comma-separated (also read as KAFKA_BOOTSTRAP_SERVERS)",
    )
    topic_prefix: str = Field("denyut.", description="prefix of every topic and consumer group name")
    partitions: int = Field(4, ge=1, le=256, description="partitions of every topic that is not single")
    replication: int = Field(1, ge=1, le=7, description="replication factor of topics that are created")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how Kafka is spoken to: in the clear or over TLS, with or without a login"
    )
    kafka_mechanism: Literal["SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN"] = Field(
        "SCRAM-SHA-256", description="kind of the login, where there is one"
    )
    kafka_user: str | None = Field(None, description="user of the login")
    kafka_password: SecretStr | None = Field(None, description="password of the login")
    kafka_ca_file: Path | None = Field(
        None, description="PEM file of who signs the brokers' certificates; empty: whom the system trusts"
    )

    @model_validator(mode="after")
    def _login(self) -> Self:
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and self.kafka_password):
            raise ValueError(f"{self.kafka_security} needs DENYUT_KAFKA_USER and DENYUT_KAFKA_PASSWORD")
        if self.kafka_ca_file is not None and not self.kafka_ca_file.is_file():
            raise ValueError("DENYUT_KAFKA_CA_FILE names no file")
        return self


class MetricsSettings(Settings):
    """For what runs for long and serves nothing but its metrics."""

    metrics_port: int = Field(
        0, ge=0, le=65535, description="port on which Prometheus metrics are served at /metrics; 0: off"
    )
    metrics_host: str = Field("127.0.0.1", description="address on which metrics are served")


class ClickHouseSettings(Settings):
    """Where ClickHouse is, embedded or a server."""

    clickhouse_url: str = Field(
        "http://127.0.0.1:8123",
        validation_alias=AliasChoices("DENYUT_CLICKHOUSE_URL", "CLICKHOUSE_URL"),
        description="ClickHouse HTTP address (also read as CLICKHOUSE_URL)",
    )
    clickhouse_database: str = Field("denyut", description="database of all tables")


class ClickHouseWriterSettings(ClickHouseSettings):
    """For what writes to ClickHouse."""

    clickhouse_user: str = Field("denyut", description="user that may write")
    clickhouse_password: SecretStr = Field(description="password of the writer")


class ClickHouseReaderSettings(ClickHouseSettings):
    """For what only reads ClickHouse."""

    clickhouse_reader_user: str = Field("denyut_reader", description="user that may only read")
    clickhouse_reader_password: SecretStr = Field(description="password of the reader")


class ClickHouseOwnersSettings(ClickHouseSettings):
    """For what shows alerts to their owners: one more reader, from whom they are not hidden."""

    clickhouse_owners_user: str = Field(
        "denyut_owners", description="user that may only read, alerts with an owner included"
    )
    clickhouse_owners_password: SecretStr | None = Field(
        None, description="its password; empty: owners are shown theirs on the stream alone"
    )

    @field_validator("clickhouse_owners_password", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    def owners(self) -> tuple[str, str] | None:
        """The user and its password; None where there is none."""
        password = self.clickhouse_owners_password
        return None if password is None else (self.clickhouse_owners_user, password.get_secret_value())
