"""Outlets, NewsAPI and the webhook as one process and real Kafka: what they read stands in `posts`, how they ended in `runs`."""

from collections import Counter as Counted
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from confluent_kafka import Producer

from tests.support.broker import Broker
from tests.support.keywords import keyword
from tests.support.ports import free_port
from tests.support.producers import CODEC, TOPICS, Counter, Producers
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstreams import Upstream
from tests.support.upstreams.newsapi import NewsApiUpstream
from tests.support.upstreams.sites import SitesUpstream
from tests.support.webhooks import body_of, send, senders_file, signed

pytestmark = pytest.mark.kafka


@pytest.fixture
def producers(kafka: Broker, prefix: str, tmp_path: Path) -> Producers:
    create_topics(kafka.bootstrap, prefix, [*TOPICS, "keywords"])
    writer = Producer({"bootstrap.servers": kafka.bootstrap})
    writer.produce(
        f"{prefix}keywords", key="ihsg", value=CODEC.encode("keyword", keyword("ihsg", text="IHSG"))
    )
    assert writer.flush(30) == 0
    return Producers(kafka.bootstrap, prefix, tmp_path)


@pytest.fixture
def outlet() -> Iterator[SitesUpstream]:
    server = SitesUpstream()
    yield server
    server.close()


@pytest.fixture
def archive() -> Iterator[NewsApiUpstream]:
    server = NewsApiUpstream()
    yield server
    server.close()


def settings_of(*servers: Upstream, **more: str) -> dict[str, str]:
    found = {
        name.removeprefix("DENYUT_").lower(): value
        for server in servers
        for name, value in server.settings().items()
    }
    return {
        **found,
        "sites_interval_s": "1",
        "checkpoint_s": "0",
        **more,
    }


def listens(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_what_is_read_and_what_is_sent_stands_in_kafka(
    producers: Producers, outlet: SitesUpstream, archive: NewsApiUpstream, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = settings_of(
        outlet,
        archive,
        newsapi_daily="80000",
        webhook_senders=str(senders_file(tmp_path / "senders.toml")),
        webhook_port=str(port),
        webhook_run_s="0.5",
    )
    expected = {*outlet.publish(3), *archive.publish(3), "webhook:partner/1", "webhook:partner/2"}
    body = body_of({"id": "1", "text": "Satu"}, {"id": "2", "text": "Dua"})
    with producers.start("run", "sites", "newsapi", "webhook", **settings) as (process, log):
        until(lambda: listens(url), "the webhook listens")
        headers = signed(body)
        assert send(url, body, headers).status_code == 202
        sent = {post["id"] for post in producers.records("posts") if post["platform"] == "webhook"}
        assert sent == {"webhook:partner/1", "webhook:partner/2"}, "202 was not said before Kafka had it"
        assert send(url, body, headers).status_code == 409
        until(lambda: {post["id"] for post in producers.records("posts")} == expected, "everything is there")
        until(
            lambda: runs(producers, "empty") >= {"sites", "newsapi", "webhook"}, "each has found nothing more"
        )
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    assert runs(producers, "ok") == {"sites", "newsapi", "webhook"}
    assert not runs(producers, "error", "auth", "throttled")
    assert max(Counted(post["id"] for post in producers.records("posts")).values()) == 1
    assert not producers.records("dead-letters")
    quota = [run["quota_left"] for run in producers.records("runs") if run["collector"] == "newsapi"]
    assert quota[0] is not None
    assert {
        tuple(post["matched"]) for post in producers.records("posts") if post["collector"] == "newsapi"
    } == {("ihsg",)}


def runs(producers: Producers, *outcomes: str) -> set[str]:
    """The collectors that had a run which ended so."""
    return {run["collector"] for run in producers.records("runs") if run["outcome"] in outcomes}


def test_killed_in_the_middle_no_article_is_lost_and_none_has_two_ids(
    producers: Producers, outlet: SitesUpstream
) -> None:
    expected = outlet.publish(3)
    settings = settings_of(outlet, web_gap_s="0.1")
    published = Counter(producers.bootstrap, f"{producers.prefix}posts")
    with producers.start("run", "sites", **settings) as (process, _):
        published.passes(2)
        expected += outlet.publish(9)
        published.passes(5)
        process.kill()
        process.wait()
    expected += outlet.publish(3)
    with producers.start("run", "sites", **settings) as (process, log):
        until(lambda: {post["id"] for post in producers.records("posts")} == set(expected), "every article")
        process.terminate()
        assert process.wait(60) == 0, log.read_text()
    told: Counted[Any] = Counted(post["id"] for post in producers.records("posts"))
    assert sum(told.values()) - len(told) <= 1, "only what was published and not yet noted comes again"


def test_the_webhook_does_not_listen_before_kafka_answers(tmp_path: Path) -> None:
    port = free_port()
    producers = Producers(f"127.0.0.1:{free_port()}", "away.", tmp_path)
    settings = {
        "webhook_senders": str(senders_file(tmp_path / "senders.toml")),
        "webhook_port": str(port),
        "kafka_patience_s": "1",
    }
    with producers.start("run", "webhook", **settings) as (process, log):
        assert process.wait(60) == 1, "without Kafka it does not even listen"
    assert "does not answer" in log.read_text()
    assert not listens(f"http://127.0.0.1:{port}")
