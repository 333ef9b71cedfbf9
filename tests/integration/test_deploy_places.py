"""A stack that uses a Kafka and a ClickHouse that exist, by the names that everybody uses, and leaves its own out."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.places import embedded
from deploy.settings import DeploySettings
from tests.support.broker import Broker
from tests.support.clickhouse import READER, WRITER, EmbeddedClickHouse
from tests.support.stack import Stack
from tests.support.until import until


@pytest.mark.parametrize(
    ("environment", "parts"),
    [
        ({}, {"kafka", "clickhouse"}),
        ({"KAFKA_BOOTSTRAP_SERVERS": "k:9092"}, {"clickhouse"}),
        ({"CLICKHOUSE_URL": "http://c:8123"}, {"kafka"}),
        ({"DENYUT_KAFKA": "k:9092", "DENYUT_CLICKHOUSE_URL": "http://c:8123"}, set()),
        ({"KAFKA_BOOTSTRAP_SERVERS": "", "CLICKHOUSE_URL": ""}, {"kafka", "clickhouse"}),
        # As `python -m deploy env` printed it: the stack's own parts.
        ({"DENYUT_KAFKA": "127.0.0.1:21", "DENYUT_CLICKHOUSE_URL": "http://127.0.0.1:22"}, {"kafka", "clickhouse"}),
        ({"DENYUT_KAFKA": "127.0.0.1:22"}, {"clickhouse"}),
    ],
)  # fmt: skip
def test_what_is_given_is_left_out(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], parts: set[str]
) -> None:
    for name in ("DENYUT_KAFKA", "DENYUT_CLICKHOUSE_URL", "KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert embedded(DeploySettings(), {"kafka": 21, "clickhouse": 22}) == parts


@pytest.fixture
def stack(
    kafka: Broker, prefix: str, clickhouse: EmbeddedClickHouse, database: str, tmp_path: Path
) -> Iterator[Stack]:
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap,
        "CLICKHOUSE_URL": clickhouse.url,
        "DENYUT_TOPIC_PREFIX": prefix,
        "DENYUT_CLICKHOUSE_DATABASE": database,
        "DENYUT_CLICKHOUSE_USER": WRITER[0],
        "DENYUT_CLICKHOUSE_PASSWORD": WRITER[1],
        "DENYUT_CLICKHOUSE_READER_USER": READER[0],
        "DENYUT_CLICKHOUSE_READER_PASSWORD": READER[1],
        # Needed for an embedded Kafka only.
        "DENYUT_KAFKA_LIB": str(tmp_path / "nowhere"),
    }
    stack = Stack(tmp_path / "data", environment)
    yield stack
    stack.down()


def test_a_stack_on_what_exists(
    stack: Stack, kafka: Broker, clickhouse: EmbeddedClickHouse, database: str
) -> None:
    assert "ok   kafka: the one at" in stack.command("deploy", "doctor")
    stack.up()
    found = stack.status()
    assert (found["kafka"], found["clickhouse"]) == (kafka.bootstrap, clickhouse.url)
    processes = stack.processes()
    assert processes["topics"].state == "done"
    assert {"enrich-1", "sink-clickhouse", "api"} <= processes.keys()
    assert not {"kafka", "clickhouse"} & processes.keys()
    stack.environment["DENYUT_SIMULATE_LIMIT"] = "20"
    stack.command("producers", "run", "simulate", reaching=True)
    stack.wait()
    assert stack.value("SELECT count() FROM mentions") == 20
    assert clickhouse.value("SELECT count() FROM mentions", database) == 20
    assert "rupiah" in stack.command("deploy", "keywords", "list").lower()
    # Not at every instant: each 5 s the clocks of idle partitions pass through the stages.
    until(lambda: all(process["lag"] in (0, None) for process in stack.status()["processes"]), "nothing lags")
    assert all(process.restarts == 0 for process in stack.processes().values())
    pids = [process.pid for process in stack.processes().values() if process.pid is not None]
    stack.down()
    assert [pid for pid in pids if psutil.pid_exists(pid)] == [], "stopped by one command"
    log = (stack.data / "logs" / "supervisor.log").read_text()
    assert log.count("stack_stopped") == 1
    assert "process_killed" not in log
    assert clickhouse.value("SELECT count() FROM mentions", database) == 20, "what is not its own stays"


def test_a_kafka_is_prepared_by_one_command(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    # As the compose file does it: a process of its own, again and again.
    prepared = Stack(
        tmp_path / "data", {"KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap, "DENYUT_TOPIC_PREFIX": prefix}
    )
    for _ in range(2):
        prepared.command("deploy.prepare", str(tmp_path / "remembered"))
    for name, one in (("keywords", "rupiah"), ("instruments", "BBCA.JK"), ("rules", "all:")):
        assert one in prepared.command("deploy", name, "list"), name


def test_a_password_that_is_missing_is_named(stack: Stack) -> None:
    del stack.environment["DENYUT_CLICKHOUSE_READER_PASSWORD"]
    with pytest.raises(RuntimeError, match="setting DENYUT_CLICKHOUSE_READER_PASSWORD is missing"):
        stack.up()
