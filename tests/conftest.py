"""What all tests share: one real Kafka broker and one ClickHouse for the whole run, and a topic prefix of each test's own.

Where tests run in several processes, the one that deals them out starts both and tells the others their addresses.
"""

import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # xdist has no types

from tests.support import rooms
from tests.support.broker import Broker, OwnBroker
from tests.support.clickhouse import EmbeddedClickHouse, embedded

HEAVY = (
    "tests/e2e/test_exactness.py",
    "tests/e2e/test_stack.py",
    "tests/e2e/test_live.py",
    "tests/chaos/test_lanes.py",
    "tests/integration/test_deploy_places.py",
)
"""Files whose tests fill both cores; the longest first, beside those of LONG that mostly wait."""
LONG = (
    "tests/integration/test_schema_registry.py",
    "tests/integration/test_producers.py",
    "tests/integration/test_yahoo.py",
    "tests/integration/test_sink_exactness.py",
    "tests/integration/test_sql.py",
    "tests/unit/collectors/test_contract.py",
    "tests/integration/test_rss.py",
    "tests/integration/test_targets.py",
    "tests/e2e/test_page_use.py",
    "tests/unit/test_pairs.py",
)
"""Files that take more than a minute, in the order they begin: what only waits is done while the heavy ones are at work."""

_OPENED = pytest.StashKey[ExitStack]()
_SHARED = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start what is shared, where others will run the tests."""
    if not getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        return
    opened = config.stash[_OPENED] = ExitStack()
    folder = Path(tempfile.mkdtemp(prefix="denyut-tests-"))
    opened.callback(shutil.rmtree, folder, ignore_errors=True)
    kafka = opened.enter_context(_broker(folder / "kafka"))
    clickhouse = opened.enter_context(embedded(folder / "clickhouse"))
    config.stash[_SHARED] = {"kafka": kafka.bootstrap, "clickhouse": clickhouse.port}


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it."""
    config.stash.get(_OPENED, ExitStack()).close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a process that runs tests where it is."""
    node.workerinput.update(node.config.stash[_SHARED])


class Schedule(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps a file's tests in one process, and all heavy ones in one, too: side by side they would only wait."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "heavy" if file in HEAVY else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Schedule:
    """Deal tests out so."""
    return Schedule(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what is heavy, then what is long, or it would run alone at the end; all else stays in random order."""
    begin = {file: place for place, file in enumerate((*HEAVY, *LONG))}
    items.sort(key=lambda item: begin.get(item.nodeid.partition("::")[0], len(begin)))


@contextmanager
def _broker(folder: Path) -> Iterator[OwnBroker]:
    folder.mkdir()
    # Nobody kills it, and on cores this busy its heartbeats may come late: it would fence itself for a moment.
    # A whole run makes some five thousand partitions, which the heap of a stack would not hold, and is long enough for the
    # whole compiler: that saved a sixth of what it takes (by hand, 252 s and 217).
    broker = OwnBroker(folder, more="broker.session.timeout.ms=30000\n", heap_mb=640, compiler="full")
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


@pytest.fixture(scope="session")
def kafka(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker of this run; nobody kills it."""
    shared: dict[str, Any] | None = getattr(request.config, "workerinput", None)
    if shared is not None:
        yield Broker(shared["kafka"])
        return
    with _broker(tmp_path_factory.mktemp("kafka") / "data") as broker:
        yield broker


@pytest.fixture(scope="session")
def clickhouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EmbeddedClickHouse]:
    """The engine of this run; nobody kills it."""
    folder = tmp_path_factory.mktemp("clickhouse") / "data"
    shared: dict[str, Any] | None = getattr(request.config, "workerinput", None)
    if shared is not None:
        yield EmbeddedClickHouse(folder, port=shared["clickhouse"])
        return
    with embedded(folder) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def _rooms() -> Iterator[None]:
    """Let our processes start quickly."""
    with rooms.preloading():
        yield


@pytest.fixture
def prefix() -> str:
    """A topic prefix nobody else uses."""
    return f"t{uuid.uuid4().hex[:10]}."
