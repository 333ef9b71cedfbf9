"""The whole flow over TLS with a login (SASL_SSL, SCRAM-SHA-256), and what each process says where it is not let in."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from schemas.access import check_access
from schemas.errors import Fatal
from schemas.settings import KafkaSettings, load
from tests.support import rooms
from tests.support.api import Api
from tests.support.clickhouse import EmbeddedClickHouse
from tests.support.rooms import Room
from tests.support.secured import Certificates, SecuredBroker
from tests.support.sse import SseClient
from tests.support.until import until

POSTS = 40
PROCESSES = {
    "producers": ("producers", "run", "simulate"),
    "enrich": ("processors", "enrich"),
    "sinks": ("sinks", "clickhouse"),
    "api": ("api",),
    "deploy": ("deploy", "topics"),
}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    broker = SecuredBroker(tmp_path_factory.mktemp("secured") / "kafka")
    broker.start()
    yield broker
    broker.stop()


def environment(clickhouse: EmbeddedClickHouse, database: str, settings: dict[str, Any]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DENYUT_")}
    own = {f"DENYUT_{name.upper()}": str(value) for name, value in settings.items()}
    return {**kept, **clickhouse.environment(database), **own}


@contextmanager
def process(log: Path, words: tuple[str, ...], settings: dict[str, str]) -> Iterator[Room]:
    """`python -m WORDS…`; stopped at the end, well, where it still runs."""
    with log.open("ab") as out:
        started = rooms.start(words, settings, out.fileno(), out.fileno())
    try:
        yield started
        if started.poll() is None:
            started.terminate()
            assert started.wait(60) == 0, log.read_text()[-2000:]
    finally:
        started.kill()
        started.wait()


def test_posts_flow_from_collector_to_stream_over_tls(
    secured: SecuredBroker, clickhouse: EmbeddedClickHouse, prefix: str, database: str, tmp_path: Path
) -> None:
    given = secured.settings(
        topic_prefix=prefix,
        data_dir=tmp_path / "data",
        sink_linger_ms=50,
        simulate_limit=POSTS,
        simulate_rate=1000,
        simulate_rhythm=False,
    )
    values = environment(clickhouse, database, given)
    made = rooms.run(["deploy", "topics"], values)
    assert made.returncode == 0, made.stderr
    rooms.run(["deploy", "keywords", "add", "suku bunga"], values).check_returncode()
    listed = rooms.run(["deploy", "keywords", "list"], values)
    assert "suku bunga" in listed.stdout

    def landed() -> int:
        found = clickhouse.rows("SELECT name FROM system.tables WHERE database = currentDatabase()", database)
        return (
            int(clickhouse.value("SELECT count() FROM mentions", database)) if ("mentions",) in found else 0
        )

    with ExitStack() as running:
        for name in ("enrich", "sinks"):
            running.enter_context(process(tmp_path / f"{name}.log", PROCESSES[name], values))
        collector = running.enter_context(process(tmp_path / "producers.log", PROCESSES["producers"], values))
        assert collector.wait(90) == 0, (tmp_path / "producers.log").read_text()[-2000:]
        until(lambda: landed() == POSTS, "all posts have landed as mentions", 120)

        reader = clickhouse.environment(database)
        api = Api(
            secured.bootstrap,
            prefix,
            tmp_path / "api.log",
            **given,
            **{name.removeprefix("DENYUT_").lower(): value for name, value in reader.items()},
        )
        running.callback(api.stop)
        api.start()
        # From Kafka's past, and then at its end.
        client = SseClient(api.url, {"topics": "mentions", "since": "2020-01-01"}).connect()
        running.callback(client.stop)
        until(lambda: len(client.of("mentions")) == POSTS, "the stream has told all of them")

        # Where mentions have landed is asked by yet another client.
        def shown() -> int:
            return len(api.get("/api/v1/mentions", limit=100).json()["mentions"])

        until(lambda: shown() == POSTS, "all are listed: the sink commits after the insert")


@pytest.mark.parametrize("name", PROCESSES)
def test_a_wrong_password_ends_a_process_with_one_clear_line(
    name: str,
    secured: SecuredBroker,
    clickhouse: EmbeddedClickHouse,
    prefix: str,
    database: str,
    tmp_path: Path,
) -> None:
    wrong = secured.settings(
        topic_prefix=prefix, kafka_password="guessed", data_dir=tmp_path / "data", api_port=0
    )
    done = rooms.run(PROCESSES[name], environment(clickhouse, database, wrong))
    told = done.stdout + done.stderr
    assert done.returncode == 1, told
    refused = [line for line in told.splitlines() if "does not let us in" in line]
    assert len(refused) == 1, told
    assert "user 'denyut' by SCRAM-SHA-256" in refused[0]
    assert "invalid credentials" in refused[0]
    assert "Traceback" not in done.stdout
    assert "guessed" not in done.stdout


def test_a_certificate_of_somebody_else_is_refused(secured: SecuredBroker, tmp_path: Path) -> None:
    other = Certificates(tmp_path / "other").ca
    with pytest.raises(Fatal, match="certificate verify failed"):
        check_access(KafkaSettings.model_validate(secured.settings(kafka_ca_file=str(other))))


def test_a_broker_that_is_not_there_is_waited_for_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    settings = KafkaSettings.model_validate(
        {"kafka": "127.0.0.1:9", "kafka_security": "SASL_SSL", "kafka_user": "u", "kafka_password": "p"}
    )
    check_access(settings, patience_s=6)
    assert "waiting_for_kafka" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({"KAFKA_SECURITY": "SASL_SSL"}, "DENYUT_KAFKA_USER and DENYUT_KAFKA_PASSWORD"),
        ({"KAFKA_SECURITY": "SASL_SSL", "KAFKA_USER": "u"}, "DENYUT_KAFKA_USER and DENYUT_KAFKA_PASSWORD"),
        ({"KAFKA_SECURITY": "TLS"}, "setting DENYUT_KAFKA_SECURITY"),
        ({"KAFKA_SECURITY": "SSL", "KAFKA_CA_FILE": "/nowhere/ca.pem"}, "DENYUT_KAFKA_CA_FILE names no file"),
        ({"SCHEMA_REGISTRY_URL": "registry:8081"}, "setting DENYUT_SCHEMA_REGISTRY_URL: .* begins with http"),
    ],
)
def test_settings_that_cannot_work_are_named(
    settings: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"DENYUT_{name}", value)
    with pytest.raises(SystemExit, match=missing):
        load(KafkaSettings)
