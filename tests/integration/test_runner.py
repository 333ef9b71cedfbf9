"""The runner over several sources at once: one that hangs, breaks or is throttled delays no other."""

import uuid
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from threading import Event, Thread
from typing import Self

import pytest
from prometheus_client import REGISTRY

from producers.base import Batch, Cursor, Lasting, Refused
from producers.runner import run_collectors
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.errors import Backpressure, Fatal, Poison, Retryable
from schemas.registry import PinnedIds
from tests.support.broker import Broker
from tests.support.producers import TOPICS, Producers
from tests.support.topics import create_topics
from tests.support.until import until

pytestmark = pytest.mark.kafka


class Behaving:
    """A collector whose sources do what their names say; it counts the runs of each."""

    timeout_s: float | None = 10.0
    """Only what hangs meets it: a run that publishes waits for a broker that others use, too."""

    def __init__(self, *sources: str) -> None:
        self.name = f"behaving-{uuid.uuid4().hex[:8]}"
        self._sources = sources
        self.parallel = len(sources)
        self.runs = dict.fromkeys(sources, 0)
        self.free = Event()
        """Ends what hangs."""

    def sample(self, name: str, **labels: str) -> float:
        """A metric of this collector."""
        labels["collector"] = self.name
        return REGISTRY.get_sample_value(f"denyut_collector_{name}", labels) or 0.0

    def sources(self) -> Sequence[str]:
        return self._sources

    def next_run_s(self, source: str) -> float | None:
        return None if source == "once" else 0.1

    def check(self) -> str:
        return ""

    def reach(self, patience_s: float) -> str:
        return ""

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        self.runs[source] += 1
        number = int(cursors.get(source, "0"))
        match source:
            case "hanging":
                self.free.wait()
            case "slow":
                stop.wait()
            case "breaking":
                raise ZeroDivisionError("a mistake")
            case "full":
                raise Backpressure("full", retry_after=50)
            case "denied":
                raise Lasting("go away", denied=True)
            case "fatal":
                raise Fatal("cannot go on")
            case "untellable":
                yield Batch((), (), quota_left=10**30)
            case "halfway":
                yield Batch((refused(number),), (Cursor(source, str(number + 1)),), quota_left=7)
                raise Retryable("half way")
            case _:
                yield Batch((refused(number),), (Cursor(source, str(number + 1)),), remark="one of many")


def refused(number: int) -> Refused:
    return Refused(f"behaving:{number}", b"", 0, Poison("malformed", "made so"))


@pytest.fixture
def producers(kafka: Broker, prefix: str, tmp_path: Path) -> Producers:
    create_topics(kafka.bootstrap, prefix, TOPICS)
    return Producers(kafka.bootstrap, prefix, tmp_path)


class Running:
    """The runner in a thread."""

    def __init__(self, producers: Producers, collector: Behaving) -> None:
        self.stop = Event()
        self.error: Exception | None = None
        settings = ProducerSettings.model_validate(
            {"kafka": producers.bootstrap, "topic_prefix": producers.prefix, "stop_grace_s": 2}
        )
        arguments = ([collector], settings, Codec(PinnedIds()), self.stop)
        self.thread = Thread(target=self._run, args=arguments, daemon=True)
        self.thread.start()

    def _run(self, *arguments: object) -> None:
        try:
            run_collectors(*arguments)  # type: ignore[arg-type]  # passed through
        except Exception as error:  # noqa: BLE001 -- for the test to look at
            self.error = error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join(60)

    def end(self) -> None:
        """Stop it, and wait until it has ended."""
        self.stop.set()
        self.thread.join(60)
        assert not self.thread.is_alive()


def test_the_others_go_on(producers: Producers) -> None:
    collector = Behaving("good", "hanging", "slow", "breaking", "full", "denied", "halfway", "untellable")
    with Running(producers, collector) as running:
        until(lambda: collector.runs["good"] >= 30 and collector.runs["slow"] >= 1, "thirty runs")
        until(lambda: collector.runs["halfway"] >= 2, "tried again")
        untold = {"source": "untellable", "outcome": "empty"}
        until(
            lambda: collector.sample("runs_total", **untold) > 0,
            "its run ended, and could not be told of",
        )
        given_up = {"source": "hanging", "outcome": "error"}
        until(lambda: collector.sample("runs_total", **given_up) > 0, "given up")
        running.end()
        collector.free.set()
        assert running.error is None
    runs = producers.records("runs")
    told = {source: [run for run in runs if run["source"] == source] for source in collector.runs}
    assert told["slow"].pop(0)["outcome"] == "error"
    told.pop("slow")
    untellable = told.pop("untellable")
    assert all(run["quota_left"] is None for run in untellable), (
        "a run that fits no schema ends nothing but itself"
    )
    assert {source: {run["outcome"] for run in found} for source, found in told.items()} == {
        "good": {"ok"},
        "hanging": {"error"},
        "breaking": {"error"},
        "full": {"throttled"},
        "denied": {"auth"},
        "halfway": {"error"},
    }
    assert len(told["good"]) == collector.runs["good"], "a run for every run"
    assert told["good"][0]["error"] == "one of many"
    assert told["hanging"][0]["error"] == "cut: it took longer than 10 s"
    assert "ZeroDivisionError" in told["breaking"][0]["error"]
    assert [len(told[source]) for source in ("breaking", "full", "denied")] == [1, 1, 1], "left alone"
    assert {run["quota_left"] for run in told["halfway"]} == {7}
    assert len({run["id"] for run in runs}) == len(runs)
    origins = [letter["origin"] for letter in producers.records("dead-letters")]
    assert origins.count("behaving:0") == 2, "cursors are kept though a run failed half way"

    assert collector.sample("runs_total", source="full", outcome="throttled") == 1
    assert collector.sample("runs_total", source="good", outcome="ok") == collector.runs["good"]
    assert collector.sample("quota_left", source="halfway") == 7
    last = collector.sample("last_run_timestamp_seconds", source="good")
    assert last == max(run["ended_at"] for run in told["good"]) / 1000


def test_what_cannot_go_on_ends_it_and_is_told(producers: Producers) -> None:
    with Running(producers, Behaving("good", "fatal")) as running:
        running.thread.join(60)
        assert isinstance(running.error, Fatal)
    assert "error" in {run["outcome"] for run in producers.records("runs") if run["source"] == "fatal"}


def test_a_source_that_is_finished_ends_it(producers: Producers) -> None:
    collector = Behaving("once")
    with Running(producers, collector) as running:
        running.thread.join(60)
        assert not running.thread.is_alive()
        assert collector.runs == {"once": 1}
        assert running.error is None
