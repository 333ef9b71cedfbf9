"""What the tests of landed rows over REST share: a database of their own with all tables, an api over it, and the sink's place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.catalogue import LIVE
from sinks.clickhouse.migrate import migrate
from sinks.settings import ClickHouseSinkSettings
from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.clickhouse import READER, WRITER, EmbeddedClickHouse
from tests.support.landed_rows import Landing
from tests.support.topics import create_topics


@pytest.fixture
def database(clickhouse: EmbeddedClickHouse, prefix: str) -> Iterator[str]:
    name = prefix.rstrip(".")
    migrate(
        ClickHouseSinkSettings.model_validate(
            {
                "clickhouse_url": clickhouse.url,
                "clickhouse_user": WRITER[0],
                "clickhouse_password": WRITER[1],
                "clickhouse_database": name,
            }
        )
    )
    yield name
    clickhouse.drop(name)


@pytest.fixture
def api(
    kafka: Broker, prefix: str, tmp_path: Path, clickhouse: EmbeddedClickHouse, database: str
) -> Iterator[Api]:
    create_topics(kafka.bootstrap, prefix, LIVE)
    own = Api(
        kafka.bootstrap,
        prefix,
        tmp_path / "api.log",
        clickhouse_url=clickhouse.url,
        clickhouse_database=database,
        clickhouse_reader_user=READER[0],
        clickhouse_reader_password=READER[1],
        stream_heartbeat_s=0.3,
    )
    yield own.start()
    own.stop()


@pytest.fixture
def landing(kafka: Broker, prefix: str, clickhouse: EmbeddedClickHouse, database: str) -> Landing:
    return Landing(kafka, prefix, clickhouse, database)
