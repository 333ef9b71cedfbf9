"""What the embedded stack can be told; its processes get what they need from it through their environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from deploy.kafka import Compiler
from schemas.settings import ClickHouseSettings, KafkaSettings

Port = Annotated[int, Field(ge=0, le=65535)]
_PORT = "0 takes a free one and remembers it in the data folder"


class DeploySettings(KafkaSettings, ClickHouseSettings):
    """Settings of `python -m deploy`; ports of 0 are chosen, passwords are made, addresses follow from both."""

    kafka_lib: Path = Field(Path("build/kafka/lib"), description="where Maven puts Apache Kafka's jars, once")
    kafka_heap_mb: int = Field(160, ge=64, description="heap of the embedded Kafka in MB")
    kafka_compiler: Compiler = Field(
        "full",
        description="how its Java compiles: `full`, for stacks that run for longer than some minutes, or `quick`",
    )
    kafka_port: Port = Field(0, description=f"port of the embedded Kafka; {_PORT}")
    kafka_controller_port: Port = Field(0, description=f"port of its controller; {_PORT}")
    clickhouse_port: Port = Field(0, description=f"port of the embedded ClickHouse; {_PORT}")
    api_port: Port = Field(0, description=f"port of the API and the page; {_PORT}")
    clickhouse_user: str = Field("denyut", description="user that may write to a ClickHouse that exists")
    clickhouse_password: SecretStr | None = Field(
        None, description="its password; the embedded ClickHouse has users of its own"
    )
    clickhouse_reader_user: str = Field(
        "denyut_reader", description="user that may only read a ClickHouse that exists"
    )
    clickhouse_reader_password: SecretStr | None = Field(None, description="its password")
    clickhouse_owners_user: str = Field(
        "denyut_owners", description="user that may only read a ClickHouse that exists, alerts of owners too"
    )
    clickhouse_owners_password: SecretStr | None = Field(
        None, description="its password; empty: owners are shown theirs on the stream alone"
    )
    workers: int = Field(1, ge=1, le=64, description="workers of every stage")
    collectors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="collectors to run, separated by commas; none by default"
    )
    keywords_file: Path = Field(
        Path(__file__).with_name("keywords.toml"), description="keywords that `up` seeds, once each"
    )
    instruments_file: Path = Field(
        Path(__file__).with_name("instruments.toml"), description="instruments that `up` seeds, once each"
    )
    rules_file: Path = Field(
        Path(__file__).with_name("rules.toml"), description="rules of alerts that `up` seeds, once each"
    )
    live_probe_url: str = Field(
        "https://www.antaranews.com/rss/terkini.xml",
        description="feed whose answer tells the demo that the internet is there; empty: never look",
    )
    live_probe_s: float = Field(3, gt=0, description="seconds that feed has to answer")
    recorded_dir: Path = Field(Path("../shared/data"), description="where recorded data lies, for the demo")
    ready_s: float = Field(180, gt=0, description="how long `up --detach` waits for everything to be ready")
    log_mb: int = Field(
        10, ge=1, description="size at which a log is rotated, in MB; three old ones are kept"
    )
    disk_free_mb: int = Field(500, ge=0, description="free disk below which `up` refuses to start, in MB")

    @field_validator("collectors", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(name.strip() for name in value.split(",") if name.strip())
        return value

    def seed_files(self) -> dict[str, Path]:
        """By topic: the file it is seeded from."""
        return {
            "keywords": self.keywords_file,
            "instruments": self.instruments_file,
            "rules": self.rules_file,
        }
