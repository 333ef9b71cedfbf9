"""The environment in which a process reaches a stack: addresses, names, and the passwords it may know."""

from deploy.folder import DataFolder
from deploy.sql import Reader
from deploy.state import StackState

WRITER, READER = "denyut", "denyut_reader"
"""ClickHouse's users; their passwords are made once per data folder."""

EMBEDDED = {"kafka_security": "PLAINTEXT"}
"""How the embedded Kafka is spoken to, whatever the settings say of another one."""


def addresses(
    kafka: str, topic_prefix: str, partitions: int, clickhouse: str, clickhouse_database: str
) -> dict[str, str]:
    """Where Kafka and ClickHouse are, and how things are called there."""
    return {
        "DENYUT_KAFKA": kafka,
        "DENYUT_KAFKA_SECURITY": EMBEDDED["kafka_security"],
        "DENYUT_TOPIC_PREFIX": topic_prefix,
        "DENYUT_PARTITIONS": str(partitions),
        "DENYUT_REPLICATION": "1",
        "DENYUT_CLICKHOUSE_URL": clickhouse,
        "DENYUT_CLICKHOUSE_DATABASE": clickhouse_database,
    }


def writer(folder: DataFolder) -> dict[str, str]:
    """What lets a process write to ClickHouse."""
    return {"DENYUT_CLICKHOUSE_USER": WRITER, "DENYUT_CLICKHOUSE_PASSWORD": folder.passwords()[0]}


def reader(folder: DataFolder) -> dict[str, str]:
    """What lets a process read ClickHouse."""
    return {
        "DENYUT_CLICKHOUSE_READER_USER": READER,
        "DENYUT_CLICKHOUSE_READER_PASSWORD": folder.passwords()[1],
    }


def reached(folder: DataFolder, state: StackState) -> dict[str, str]:
    """Everything with which a command started by hand works on the running stack in `folder`."""
    return {
        "DENYUT_DATA_DIR": str(folder.root),
        **addresses(
            state.kafka, state.topic_prefix, state.partitions, state.clickhouse, state.clickhouse_database
        ),
        **writer(folder),
        **reader(folder),
    }


def reader_of(folder: DataFolder, url: str, database: str) -> Reader:
    """ClickHouse's reader of the stack in `folder`."""
    return Reader(url, database, READER, folder.passwords()[1])
