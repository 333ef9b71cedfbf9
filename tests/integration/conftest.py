"""One embedded ClickHouse for all integration tests of a run; every test has a database of its own."""

import uuid
from collections.abc import Iterator

import pytest

from tests.support.clickhouse import EmbeddedClickHouse, embedded


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedClickHouse]:
    """A running engine; a test that kills it starts it again."""
    with embedded(tmp_path_factory.mktemp("clickhouse") / "data") as server:
        yield server


@pytest.fixture
def database(clickhouse: EmbeddedClickHouse) -> str:
    """A database nobody else uses; it is created by whoever migrates it."""
    return f"t{uuid.uuid4().hex[:10]}"
