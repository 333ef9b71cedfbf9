"""The environment in which a process reaches a stack: addresses, names, and the passwords it may know."""

from collections.abc import Collection

from pydantic import SecretStr

from deploy.folder import DataFolder
from deploy.settings import DeploySettings
from deploy.sql import Reader
from deploy.state import StackState
from schemas.errors import Fatal
from schemas.settings import KafkaSettings

WRITER, READER, OWNERS = "denyut", "denyut_reader", "denyut_owners"
"""The embedded ClickHouse's users; their passwords are made once per data folder."""


def kafka_at(settings: KafkaSettings, bootstrap: str, embedded: Collection[str]) -> KafkaSettings:
    """How a stack's Kafka is reached; the embedded one in the clear, whatever the settings say of another one."""
    own = {"kafka_security": "PLAINTEXT", "replication": 1} if "kafka" in embedded else {}
    return settings.model_copy(update={"kafka": bootstrap, **own})


def kafka_of(settings: KafkaSettings, state: StackState) -> KafkaSettings:
    """How the Kafka of the running stack is reached."""
    names = {"topic_prefix": state.topic_prefix, "partitions": state.partitions}
    return kafka_at(settings, state.kafka, state.embedded).model_copy(update=names)


def addresses(kafka: KafkaSettings, clickhouse: str, clickhouse_database: str) -> dict[str, str]:
    """Where Kafka and ClickHouse are, and how things are called there."""
    return {
        "DENYUT_KAFKA": kafka.kafka,
        "DENYUT_KAFKA_SECURITY": kafka.kafka_security,
        "DENYUT_TOPIC_PREFIX": kafka.topic_prefix,
        "DENYUT_PARTITIONS": str(kafka.partitions),
        "DENYUT_REPLICATION": str(kafka.replication),
        "DENYUT_CLICKHOUSE_URL": clickhouse,
        "DENYUT_CLICKHOUSE_DATABASE": clickhouse_database,
    }


def writer(folder: DataFolder, settings: DeploySettings, embedded: Collection[str]) -> dict[str, str]:
    """What lets a process write to ClickHouse; raises Fatal where one that exists is used without its password."""
    if "clickhouse" in embedded:
        user, password = WRITER, folder.passwords().writer
    else:
        user = settings.clickhouse_user
        password = _given(settings.clickhouse_password, "DENYUT_CLICKHOUSE_PASSWORD")
    return {"DENYUT_CLICKHOUSE_USER": user, "DENYUT_CLICKHOUSE_PASSWORD": password}


def reader(folder: DataFolder, settings: DeploySettings, embedded: Collection[str]) -> dict[str, str]:
    """What lets a process read ClickHouse; raises Fatal as `writer` does."""
    user, password = _reader(folder, settings, embedded)
    return {"DENYUT_CLICKHOUSE_READER_USER": user, "DENYUT_CLICKHOUSE_READER_PASSWORD": password}


def owners(folder: DataFolder, settings: DeploySettings, embedded: Collection[str]) -> dict[str, str]:
    """What lets a process read the alerts of owners; nothing where one that exists has no user for it."""
    if "clickhouse" in embedded:
        user, password = OWNERS, folder.passwords().owners
    elif settings.clickhouse_owners_password is not None:
        user = settings.clickhouse_owners_user
        password = settings.clickhouse_owners_password.get_secret_value()
    else:
        return {}
    return {"DENYUT_CLICKHOUSE_OWNERS_USER": user, "DENYUT_CLICKHOUSE_OWNERS_PASSWORD": password}


def reached(folder: DataFolder, settings: DeploySettings, state: StackState) -> dict[str, str]:
    """Everything with which a command started by hand works on the running stack in `folder`."""
    return {
        "DENYUT_DATA_DIR": str(folder.root),
        **addresses(kafka_of(settings, state), state.clickhouse, state.clickhouse_database),
        **writer(folder, settings, state.embedded),
        **reader(folder, settings, state.embedded),
        **owners(folder, settings, state.embedded),
    }


def reader_of(
    folder: DataFolder, settings: DeploySettings, embedded: Collection[str], url: str, database: str
) -> Reader:
    """ClickHouse's reader of the stack in `folder`; raises Fatal as `writer` does."""
    return Reader(url, database, *_reader(folder, settings, embedded))


def _reader(folder: DataFolder, settings: DeploySettings, embedded: Collection[str]) -> tuple[str, str]:
    if "clickhouse" in embedded:
        return READER, folder.passwords().reader
    password = _given(settings.clickhouse_reader_password, "DENYUT_CLICKHOUSE_READER_PASSWORD")
    return settings.clickhouse_reader_user, password


def _given(password: SecretStr | None, name: str) -> str:
    if password is None:
        raise Fatal(f"setting {name} is missing: the ClickHouse whose address is given asks for it")
    return password.get_secret_value()
