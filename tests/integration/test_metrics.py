"""Every long-running process counts what it does, at the port that its settings name."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from processors.logic.partials import watermark_partial
from schemas.metrics import METRICS
from tests.support import rooms
from tests.support.broker import Broker
from tests.support.clickhouse import READER, EmbeddedClickHouse
from tests.support.landing import mentions, publish, start_sink
from tests.support.metrics import Scraped, scrape
from tests.support.ports import free_port
from tests.support.stages import Feed, Workers
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.windows import MINUTE, partial

START = 1_435_708_800_000


@pytest.fixture(autouse=True)
def _from_nothing() -> Iterator[None]:
    with rooms.from_nothing():
        yield


def named(*starts: str) -> set[str]:
    return {name for name in METRICS if name.startswith(starts)}


def served(scraped: Scraped) -> set[str]:
    """The catalogue's names, of a histogram the one without suffix."""
    return {name for name in METRICS if name in scraped.names or f"{name}_count" in scraped.names}


def test_a_stage_counts_batches_and_shows_what_it_lags(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed, port = Feed(kafka.bootstrap, prefix), free_port()
    for number in range(40):
        one = partial(START + MINUTE, f"k{number}", kind="keyword")
        feed.send("partials", [(f"keyword:k{number}", one)])
    for partition in range(4):
        one = watermark_partial(partition, START + 10 * MINUTE, 0, idle=True)
        feed.send("partials", [("all:", one)], partition=partition)
    with Workers(kafka.bootstrap, prefix, "trends", tmp_path, metrics_port=port) as trends:
        trends.start()
        trends.settled()
        until(lambda: (found := scrape(port)) is not None and lag(found) == 0, "no lag is shown")
        found = Scraped(port)
        assert served(found) == named("denyut_stage_")
        assert found.total("denyut_stage_records_total") == 44
        assert found.total("denyut_stage_batches_total") >= 4
        assert found.total("denyut_stage_commit_seconds_count") == found.total("denyut_stage_batches_total")
        assert found.total("denyut_stage_outputs_total", topic=f"{prefix}trends") > 0
        assert found.total("denyut_stage_outputs_total", topic=f"{prefix}dead-letters") == 0
        assert found.total("denyut_stage_stalled_seconds") == 0
        partitions = {
            dict(labels)["partition"] for name, labels in found.samples if name == "denyut_stage_lag"
        }
        assert partitions == {"0", "1", "2", "3"}
        assert trends.stop() == [0]


def lag(found: Scraped, name: str = "denyut_stage_lag") -> float | None:
    return found.total(name) if name in found.names else None


def test_sink_and_clickhouse_count_what_lands(kafka: Broker, prefix: str, tmp_path: Path) -> None:
    create_topics(kafka.bootstrap, prefix)
    server = EmbeddedClickHouse(tmp_path / "data")
    own, port = free_port(), free_port()
    server.start(settings={"DENYUT_METRICS_PORT": str(own)})
    sink = start_sink(
        server,
        kafka.bootstrap,
        prefix,
        "denyut",
        tmp_path / "sink.log",
        settings={"DENYUT_METRICS_PORT": str(port)},
    )
    try:
        publish(kafka.bootstrap, prefix, "mentions", mentions(500))
        publish(kafka.bootstrap, prefix, "mentions", [("bad", b"\xff no Avro", 0)])
        until(lambda: landed(port) == 500, "500 rows are counted")
        # The lag is measured now and then: it may still be that of before anything was published.
        until(
            lambda: Scraped(port).total("denyut_sink_dead_letters_total", topic="mentions") == 1,
            "the dead letter is counted",
        )
        until(lambda: lag(Scraped(port), "denyut_sink_lag") == 0, "no lag is shown")
        found = Scraped(port)
        assert found.total("denyut_sink_rows_total", table="mentions") == server.value(
            "SELECT count() FROM mentions"
        )
        assert found.total("denyut_sink_inserts_total", table="mentions") >= 4
        assert served(found) == named("denyut_sink_")
        assert found.total("denyut_sink_failures_total") == 0
        assert found.total("denyut_sink_insert_seconds_count") == found.total("denyut_sink_inserts_total")
        assert httpx.post(server.url, content="SELECT 1", auth=READER).status_code == 200
        assert httpx.post(server.url, content="DROP TABLE mentions", auth=READER).status_code >= 400
        # What is counted may be counted after the answer has gone out.
        until(lambda: counted(own, "denyut_clickhouse_errors_total", code="164", kind="read"), "the refusal")
        theirs = Scraped(own)
        assert served(theirs) == named("denyut_clickhouse_")
        assert theirs.total("denyut_clickhouse_query_seconds_count", kind="insert") > 0
        assert theirs.total("denyut_clickhouse_query_seconds_count", kind="read") > 0
        assert theirs.total("denyut_clickhouse_errors_total", code="164", kind="read") == 1
        sink.send_signal(signal.SIGTERM)
        assert sink.wait(60) == 0
    finally:
        sink.kill()
        sink.wait()
        stopped = server.stop()
    assert stopped == 0


def counted(port: int, name: str, **labels: str) -> bool:
    found = scrape(port)
    return found is not None and any(
        known == name and labels.items() <= dict(carried).items() for known, carried in found.samples
    )


def landed(port: int) -> float:
    found = scrape(port)
    if found is None or "denyut_sink_rows_total" not in found.names:
        return 0
    return found.total("denyut_sink_rows_total", table="mentions")
