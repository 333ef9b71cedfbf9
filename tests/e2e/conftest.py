"""What the tests of the page share: a browser, and the part of the stack that the page stands on."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.broker import Broker
from tests.support.browser import chromium
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.landed import Landed


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium. While it is open, Playwright's loop keeps the thread, and async tests of other files could not run."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def landed(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landed]:
    """Sink and api with topics and a database of their own, and a few mentions landed."""
    folder = tmp_path_factory.mktemp("page")
    with Landed(kafka.bootstrap, f"page{time.time_ns()}.", clickhouse, folder) as running:
        running.say(3)
        yield running
