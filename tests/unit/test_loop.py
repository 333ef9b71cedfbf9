"""The loop of a collector: a cursor that cannot be stored fails its source alone; what is asked for meanwhile is answered."""

from collections.abc import Generator, Mapping, Sequence
from threading import Event

import pytest

from producers import delivery
from producers.base import Batch, Cursor
from producers.canaries.watched import Watched
from producers.loop import Loop
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.registry import PinnedIds
from schemas.topics import MAX_RECORD_BYTES
from tests.support.published import Published
from tests.unit.test_requests import ordered, request


class Two:
    """Two sources; where the one stands is too large to be stored. The other stops the loop once both have run."""

    name = "reddit"
    parallel = 1
    timeout_s = None

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def sources(self) -> Sequence[str]:
        return ["large", "small"]

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        yield Batch((), (Cursor(source, "x" * (MAX_RECORD_BYTES if source == "large" else 1)),), seen=1)

    def next_run_s(self, source: str) -> float | None:
        self._stop.set()
        return None

    def check(self) -> str:
        return ""

    def reach(self, patience_s: float) -> str:
        return ""


def test_a_cursor_that_cannot_be_stored_fails_its_source_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka, stop = Published(), Event()
    monkeypatch.setattr(delivery, "Publisher", lambda *_: kafka)
    monkeypatch.setattr(delivery, "read_cursors", lambda *_: {})
    Loop(Two(stop), ProducerSettings(), Codec(PinnedIds()), stop).run()
    found = {run["source"]: (run["outcome"], run["error"]) for run in kafka.of("runs")}
    assert found["small"] == ("ok", None)
    assert found["large"][0] == "error"
    assert "oversized" in str(found["large"][1])
    assert [one["source"] for one in kafka.of("checkpoints")] == ["small"]


class Waiting(Two):
    """One source that is due again in an hour; asks for a run of it by itself, once, and stops the loop after that."""

    def __init__(self, stop: Event) -> None:
        super().__init__(stop)
        self.loop: Loop | None = None
        self.runs = 0

    def sources(self) -> Sequence[str]:
        return ["small"]

    def next_run_s(self, source: str) -> float | None:
        self.runs += 1
        if self.loop is not None and self.runs == 1:
            self.loop.order(ordered(request("asked")))
            self.loop.order(ordered(request("wrong", source="none")))
        if self.runs == 2:
            self._stop.set()
        return 3_600


def test_what_is_asked_for_is_answered_at_once_and_what_is_wrong_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kafka, stop = Published(), Event()
    monkeypatch.setattr(delivery, "Publisher", lambda *_: kafka)
    monkeypatch.setattr(delivery, "read_cursors", lambda *_: {})
    collector = Waiting(stop)
    collector.loop = Loop(collector, ProducerSettings(), Codec(PinnedIds()), stop)
    collector.loop.run()
    assert [run["request_id"] for run in kafka.of("runs")] == [None, "asked"]
    assert [one["origin"] for one in kafka.of("dead-letters")] == ["requests:7"]


class Holds(Two):
    """Holds something open, as the webhook does; says when it was let go of."""

    def __init__(self, stop: Event, kafka: Published) -> None:
        super().__init__(stop)
        self._kafka = kafka
        self.closed: list[int] = []

    def canary(self, query: str, stop: Event) -> int:
        return 1

    def close(self) -> None:
        self.closed.append(len(self._kafka.of("runs")))


@pytest.mark.parametrize("with_canary", [False, True])
def test_what_a_collector_holds_is_let_go_of_once_after_its_last_run(
    monkeypatch: pytest.MonkeyPatch, with_canary: bool
) -> None:
    """What is not: the webhook's server woke while the interpreter was taken down, and one stop in a hundred was a crash."""
    kafka, stop = Published(), Event()
    monkeypatch.setattr(delivery, "Publisher", lambda *_: kafka)
    monkeypatch.setattr(delivery, "read_cursors", lambda *_: {})
    holds = Holds(stop, kafka)
    collector = Watched(holds, holds, "a query", 3_600) if with_canary else holds
    Loop(collector, ProducerSettings(), Codec(PinnedIds()), stop).run()
    assert holds.closed == [len(kafka.of("runs"))]
    assert holds.closed != [0]
