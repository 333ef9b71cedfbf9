"""One embedded ClickHouse for all integration tests of a run; every test has a database, and a stage, of its own."""

import uuid
from collections.abc import Iterator

import pytest

from tests.support.broker import Broker
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.local_stage import LocalStage


@pytest.fixture
def database(clickhouse: EmbeddedClickHouse) -> Iterator[str]:
    """A database nobody else uses; it is created by whoever migrates it, and dropped."""
    name = f"t{uuid.uuid4().hex[:10]}"
    yield name
    clickhouse.drop(name)


@pytest.fixture
def stage(kafka: Broker, prefix: str) -> Iterator[LocalStage]:
    """A stage with topics of its own."""
    made = LocalStage(kafka, prefix)
    yield made
    made.offsets.close()
