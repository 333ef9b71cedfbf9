"""What all tests share: one real Kafka broker and one ClickHouse for the whole run, and a topic prefix of each test's own."""

import uuid
from collections.abc import Iterator

import pytest

from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse, embedded


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, or it would run alone at the end; within that, the order stays random."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker of this run."""
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """A running engine; a test that kills it starts it again."""
    with embedded(tmp_path_factory.mktemp("clickhouse") / "data") as server:
        yield server


@pytest.fixture
def prefix() -> str:
    """A topic prefix nobody else uses."""
    return f"t{uuid.uuid4().hex[:10]}."
