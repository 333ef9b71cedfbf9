"""A request over real Kafka: answered by one run each of the sources it names, also where the collector is killed in between."""

from pathlib import Path

import pytest

from tests.support.broker import Broker
from tests.support.producers import TOPICS, Counter, Producers
from tests.support.topics import create_topics
from tests.support.until import until
from tests.support.upstreams.rss import RssUpstream

pytestmark = pytest.mark.kafka


def test_what_is_asked_for_is_answered_once_by_a_run_that_names_it(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix, TOPICS)
    producers = Producers(kafka.bootstrap, prefix, tmp_path)
    server = RssUpstream()
    try:
        server.publish(2)
        given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
        settings = {**given, "rss_interval_s": "86400", "checkpoint_s": "0"}
        assert producers.run("request", "rss")[0] == 0, "also before anybody runs"
        assert producers.run("request", "rss", "--source", "nowhere")[0] == 0
        for words, told in (
            (["nobody"], "no collector is called 'nobody'"),
            (["rss", "--keywords", "ihsg"], "rss does not search for keywords"),
        ):
            status, log = producers.run("request", *words)
            assert status == 1
            assert told in log[-1]["error"]

        runs = Counter(producers.bootstrap, f"{prefix}runs")
        letters = Counter(producers.bootstrap, f"{prefix}dead-letters")
        with producers.start("run", "rss", **settings) as (process, _):
            until(lambda: asked(producers) == 1, "the first is answered")
            until(lambda: letters() == 1, "the other is refused")
            process.kill()
            process.wait()
        with producers.start("run", "rss", **settings) as (process, log_file):
            runs.passes(runs())
            assert producers.run("request", "rss")[0] == 0
            until(lambda: asked(producers) == 2, "the next is answered at once")
            process.terminate()
            assert process.wait(60) == 0, log_file.read_text()
        named = [run["request_id"] for run in producers.records("runs") if run["request_id"]]
        assert len(named) == len(set(named)) == 2, "each once"
        [letter] = producers.records("dead-letters")
        assert "rss has no source 'nowhere'" in letter["detail"]
        assert len({post["id"] for post in producers.records("posts")}) == 2
    finally:
        server.close()


def asked(producers: Producers) -> int:
    """How many runs name a request."""
    return sum(run["request_id"] is not None for run in producers.records("runs"))
