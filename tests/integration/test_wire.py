"""Whatever the wire to ClickHouse does: the sink lands everything once and keeps its partitions, the api tells no wrong number."""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka.admin import AdminClient

from tests.support.api import Api
from tests.support.broker import Broker
from tests.support.clickhouse import READER, EmbeddedClickHouse
from tests.support.exactly import (
    assert_exact,
    counted,
    differing_keys,
    fingerprint,
    land_calmly,
    sink_settings,
)
from tests.support.landing import mentions, publish, start_sink
from tests.support.metrics import scrape
from tests.support.ports import free_port
from tests.support.rooms import Room
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.wire import Dealt, Fate, Request, Wire, wire

pytestmark = pytest.mark.kafka

_SESSION_S = 6.0
_OUTAGE_S = 1.5 * _SESSION_S
_INSERT_TIMEOUT_S = 2
_API_TIMEOUT_S = 2.0
_BUFFER_MB = 1
_PARTITIONS = 4
"""Of mentions."""
_SAMPLE_S = 0.5
_SAMPLES = 6
_FAILED = re.compile(r"insert_failed.* partition=(\d+) .*topic=\S+\.mentions$", re.MULTILINE)
_MISHAPS = tuple(fate for fate in Fate if fate not in (Fate.PASS, Fate.SILENT))


class Wired:
    """A sink that reaches the engine through the wire alone; what it was given so far."""

    def __init__(
        self, kafka: Broker, prefix: str, engine: EmbeddedClickHouse, proxy: Wire, folder: Path
    ) -> None:
        self.kafka, self.prefix, self.engine, self.wire = kafka, prefix, engine, proxy
        self.database = prefix.rstrip(".")
        self.metrics = free_port()
        self.log = folder / "sink.log"
        self.published = 0
        # Only its address is used: it runs behind the proxy.
        self.seen = EmbeddedClickHouse(folder / "nowhere", port=proxy.port)
        create_topics(kafka.bootstrap, prefix)
        self.sink: Room = start_sink(
            self.seen,
            kafka.bootstrap,
            prefix,
            self.database,
            self.log,
            settings={
                "DENYUT_SINK_BATCH_ROWS": "100",
                "DENYUT_SINK_BACKOFF_S": "0.3",
                "DENYUT_SINK_INSERT_TIMEOUT_S": str(_INSERT_TIMEOUT_S),
                "DENYUT_SINK_BUFFER_MB": str(_BUFFER_MB),
                "DENYUT_SINK_SESSION_TIMEOUT_MS": str(round(_SESSION_S * 1000)),
                "DENYUT_METRICS_PORT": str(self.metrics),
            },
        )

    def say(self, count: int, **options: Any) -> None:
        """Publish so many mentions more."""
        publish(
            self.kafka.bootstrap, self.prefix, "mentions", mentions(count, first=self.published), **options
        )
        self.published += count

    def landed(self) -> None:
        """Wait until all is in the table and counted, then look whether it is there exactly once."""
        until(lambda: counted(self.engine, self.database) >= self.published, "all mentions")
        assert_exact(self.engine, self.database, self.published)
        assert self.sink.poll() is None

    def members(self) -> set[str]:
        """Who is in the sink's group."""
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap})
        group = self.prefix + "clickhouse"
        described = admin.describe_consumer_groups([group])[group].result(60)
        return {member.member_id for member in described.members}

    def refused(self) -> list[int]:
        """Partitions of mentions whose inserts have failed, as the sink has told of them."""
        return [int(found[1]) for found in _FAILED.finditer(self.log.read_text())]

    def measured(self, name: str) -> float:
        """One of the sink's gauges."""
        found = scrape(self.metrics)
        return found.total(name) if found is not None and name in found.names else 0.0


@pytest.fixture(scope="module")
def wired(
    kafka: Broker, clickhouse: EmbeddedClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Wired]:
    folder = tmp_path_factory.mktemp("wired")
    with wire(clickhouse.port) as proxy:
        running = Wired(kafka, f"w{time.time_ns()}.", clickhouse, proxy, folder)
        try:
            running.say(100)
            running.landed()
            yield running
        finally:
            running.sink.terminate()
            running.sink.wait(60)
            print(running.log.read_text())


@pytest.fixture(scope="module")
def api(wired: Wired, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    own = Api(
        wired.kafka.bootstrap,
        wired.prefix,
        tmp_path_factory.mktemp("api") / "api.log",
        clickhouse_url=wired.wire.url,
        clickhouse_database=wired.database,
        clickhouse_reader_user=READER[0],
        clickhouse_reader_password=READER[1],
        clickhouse_timeout_s=_API_TIMEOUT_S,
        sql_wait_s=_API_TIMEOUT_S,
    )
    yield own.start()
    own.stop()


def test_mishaps_of_the_wire_lose_and_double_nothing(wired: Wired) -> None:
    before = dict(wired.wire.dealt)
    wired.wire.plan = Dealt(17, _MISHAPS, lambda request: request.lands)
    wired.say(3000, transactions=6, abort_between=True)
    wired.landed()
    met = {fate for fate in _MISHAPS if wired.wire.dealt[fate] > before.get(fate, 0)}
    assert met == set(_MISHAPS), "a mishap that did not happen proves nothing"
    # Also where it looks whether rows are missing, and puts them back.
    wired.wire.plan = Dealt(19, _MISHAPS, lambda _: True, well=3)
    wired.say(600)
    until(lambda: counted(wired.engine, wired.database) >= wired.published, "all mentions")
    wired.wire.plan = lambda _: Fate.PASS
    wired.landed()
    assert set(differing_keys(wired.engine, wired.database).values()) == {0}


def test_any_batch_delivered_again_changes_nothing_and_every_column_is_right(wired: Wired) -> None:
    wired.say(500)
    wired.landed()
    before = wired.engine.rows("SELECT count(), max(landed_at) FROM mentions", wired.database)
    sums = wired.engine.rows("SELECT sum(mentions), sum(engagement) FROM sentiment_metrics", wired.database)
    again = [request for request in wired.wire.inserts if request.lands][-40:]
    assert len(again) >= 5
    for request in again:
        status, _, body = wired.wire.forward(request)
        assert status == 200, body
    assert wired.engine.rows("SELECT count(), max(landed_at) FROM mentions", wired.database) == before
    assert (
        wired.engine.rows("SELECT sum(mentions), sum(engagement) FROM sentiment_metrics", wired.database)
        == sums
    )
    calm = wired.database + "calm"
    land_calmly(sink_settings(wired.engine, wired.kafka.bootstrap, wired.prefix, calm))
    assert fingerprint(wired.engine, wired.database) == fingerprint(wired.engine, calm)


def test_an_outage_longer_than_the_session_costs_no_partition_and_no_memory(wired: Wired) -> None:
    wired.landed()
    members = wired.members()
    assert len(members) == 1
    told = len(wired.refused())
    with wired.wire.silence():
        began = time.monotonic()
        wired.say(2000)
        # Before that it may pause all and read on: a partition that waits to try again lets another one begin to insert.
        until(lambda: set(wired.refused()[told:]) >= set(range(_PARTITIONS)), "each partition has tried")
        until(lambda: wired.measured("denyut_sink_paused_partitions") >= _PARTITIONS, "nothing more is read")
        most = wired.measured("denyut_sink_held_bytes")
        assert most > 0
        wired.say(4000)
        held: list[float] = []

        def over() -> bool:
            time.sleep(_SAMPLE_S)
            held.append(wired.measured("denyut_sink_held_bytes"))
            return len(held) > _SAMPLES and time.monotonic() - began > _OUTAGE_S

        until(over, "the outage is over")
        # It has read on neither what came later nor while it tried again and again: 4000 mentions would be more than
        # all that it holds. A range that is cut in the middle of what was read together makes two pieces of it.
        assert max(held) <= 1.05 * most
        assert counted(wired.engine, wired.database) < wired.published
    wired.landed()
    until(lambda: wired.measured("denyut_sink_paused_partitions") == 0, "all partitions are read again")
    log = wired.log.read_text()
    assert wired.members() == members
    assert log.count("partitions_assigned") == 1
    assert "partitions_revoked" not in log
    assert "partitions_lost" not in log


def test_the_api_answers_right_or_503_and_recovers(wired: Wired, api: Api) -> None:
    wired.landed()
    asked: dict[str, dict[str, object]] = {
        "/api/v1/dashboard/stats": {"period": "90d"},
        "/api/v1/sql": {"query": "SELECT count(), sum(kafka_offset) FROM mentions", "format": "TSV"},
    }
    right: dict[str, httpx.Response] = {}

    def answered() -> bool:
        """On a busy machine what is well may take longer than the api waits."""
        right.update({path: api.get(path, **query) for path, query in asked.items()})
        return all(answer.is_success for answer in right.values())

    until(answered, "the right answers")
    for fate in Fate:
        if fate in (Fate.PASS, Fate.SILENT):
            continue
        wired.wire.plan = _always(fate)
        for path, query in asked.items():
            answer = _asked(api, path, query)
            assert answer is None or _right_or_sorry(answer, right[path]), (fate, path, answer)
    wired.wire.plan = lambda _: Fate.PASS
    with wired.wire.silence():
        began = time.monotonic()
        answer = _asked(api, "/api/v1/dashboard/stats", asked["/api/v1/dashboard/stats"])
        assert answer is not None
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
        assert "ClickHouse" in answer.json()["detail"]
        assert time.monotonic() - began < 10 * _API_TIMEOUT_S
    for path, query in asked.items():
        until(lambda path=path, query=query: _recovered(api, path, query, right[path]), f"{path} recovers")  # type: ignore[misc]


def _always(fate: Fate) -> Any:
    def plan(request: Request) -> Fate:
        return Fate.PASS if request.lands else fate

    return plan


def _asked(api: Api, path: str, query: dict[str, object]) -> httpx.Response | None:
    """The answer; None where the api itself ended the connection in the middle of one, which nobody takes for whole."""
    try:
        return api.get(path, **query)
    except httpx.RemoteProtocolError:
        return None


def _recovered(api: Api, path: str, query: dict[str, object], right: httpx.Response) -> bool:
    answer = api.get(path, **query)
    assert _right_or_sorry(answer, right), answer
    return answer.is_success


def _right_or_sorry(answer: httpx.Response, right: httpx.Response) -> bool:
    if answer.status_code == 200:
        return _same(answer, right)
    return answer.status_code == 503 and bool(answer.json()["detail"])


def _same(answer: httpx.Response, right: httpx.Response) -> bool:
    """The same figures; what goes with the clock left out."""
    if answer.headers["content-type"] != "application/json":
        return answer.content == right.content
    clock = {"from", "to", "newest_landed_at"}
    one, other = answer.json(), right.json()
    return {k: v for k, v in one.items() if k not in clock} == {
        k: v for k, v in other.items() if k not in clock
    }
