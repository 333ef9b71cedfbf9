"""What answers a request is acknowledged before the cursor that says so, and neither is lost where Kafka or a run fails."""

from collections.abc import Generator, Mapping, Sequence
from threading import Event
from typing import Any

import pytest

from producers import delivery as module
from producers.base import Batch, Cursor, Refused
from producers.dead_letter import dead_letter
from producers.delivery import Delivery
from producers.loop import Loop
from producers.requests.book import CHECKPOINT, Book, Owed, stored
from producers.settings import ProducerSettings
from producers.tally import Tally
from schemas.codec import Codec
from schemas.errors import Poison, Retryable
from schemas.events import Run
from schemas.registry import PinnedIds
from schemas.topics import TOPICS

CODEC = Codec(PinnedIds())
LETTER = dead_letter(Refused("requests:1", b"?", 1, Poison("rejected", "no")), "reddit")


class Paper:
    """Stands for the publisher: writes down what is published and, as `|`, each flush that found all acknowledged."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Mapping[str, Any]]] = []
        self.answers: list[bool] = []
        """Whether the next flushes find all acknowledged; all do beyond these."""

    def publish(self, topic: str, record: Mapping[str, Any]) -> None:
        CODEC.encode(TOPICS[topic].event, record)
        self.written.append((topic, record))

    def flush(self) -> None:
        if self.answers and not self.answers.pop(0):
            raise Retryable("Kafka is away")
        self.written.append(("|", {}))

    def close(self) -> None:
        """Nothing is open."""

    def told(self) -> list[str]:
        """What was written since the last call: runs by their ids, cursors by their values."""
        told = [
            one.get({"runs": "id", "checkpoints": "cursor"}.get(topic, ""), topic)
            for topic, one in self.written
        ]
        self.written.clear()
        return told

    def of(self, topic: str) -> list[Mapping[str, Any]]:
        return [one for name, one in self.written if name == topic]


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Paper:
    made = Paper()
    monkeypatch.setattr(module, "Publisher", lambda *_: made)
    return made


def run(number: int, request: str | None = None) -> Run:
    owed = None if request is None else Owed(request=request, source="r/a")
    return Tally("reddit", "r/a", number, owed).run(None)


@pytest.fixture
def given(paper: Paper) -> Delivery:
    """It owes a run that answers, and the cursor that says so."""
    made = Delivery("reddit", ProducerSettings(), CODEC, Event())
    made.owe("runs", run(1, "a"))
    made.follow(Cursor(CHECKPOINT, "answered"))
    return made


def test_the_run_is_acknowledged_before_the_cursor_that_says_so_is_published(
    paper: Paper, given: Delivery
) -> None:
    given.tell()
    assert paper.told() == ["reddit:1", "|", "answered", "|"]
    assert given.cursors() == {CHECKPOINT: "answered"}


@pytest.mark.parametrize(
    ("answers", "again"), [([False], ["reddit:1"]), ([True, False], [])], ids=["run", "cursor"]
)
def test_what_was_not_acknowledged_goes_with_the_next_run(
    paper: Paper, given: Delivery, answers: list[bool], again: list[str]
) -> None:
    paper.answers = answers
    with pytest.raises(Retryable):
        given.tell()
    assert given.cursors() == {}
    paper.told()
    given.owe("runs", run(2))
    given.tell()
    assert paper.told() == [*again, "reddit:2", "|", "answered", "|"]
    given.owe("runs", run(3))
    given.tell()
    assert paper.told() == ["reddit:3", "|"], "the cursor is stored"


def test_a_request_that_is_taken_meanwhile_is_stored_after_the_runs_that_are_owed(
    paper: Paper, given: Delivery
) -> None:
    paper.answers = [True, False]
    with pytest.raises(Retryable):
        given.keep(Cursor(CHECKPOINT, "taken"), [LETTER])
    assert given.cursors() == {}
    paper.told()
    given.keep(Cursor(CHECKPOINT, "taken"), [LETTER])
    assert paper.told() == ["dead-letters", "|", "reddit:1", "|", "answered", "|", "taken", "|"]
    given.tell()
    assert paper.told() == []
    assert given.cursors() == {CHECKPOINT: "taken"}


def test_of_too_many_runs_those_are_forgotten_that_answer_nothing(
    paper: Paper, given: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_OWED_RUNS", 2)
    for number in (2, 3):
        given.owe("runs", run(number))
    given.tell()
    assert paper.told() == ["reddit:1", "reddit:3", "|", "answered", "|"]


class Three:
    """Sources `a`, of which no run can be told, `b`, and `c`, which ends it."""

    name, parallel, timeout_s = "reddit", 1, None

    def __init__(self, stop: Event) -> None:
        self._stop = stop

    def sources(self) -> Sequence[str]:
        return ["a", "b", "c"]

    def collect(self, source: str, cursors: Mapping[str, str], stop: Event) -> Generator[Batch]:
        if source == "c":
            self._stop.set()
        yield Batch([], remark="\ud800" if source == "a" else None)

    def next_run_s(self, source: str) -> float:
        return 3600

    def check(self) -> str:
        return ""

    def reach(self, patience_s: float) -> str:
        return ""


def test_what_no_run_tells_of_stays_owed_and_what_none_can_answer_is_a_dead_letter(
    paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(owed=tuple(Owed(request="one", source=source) for source in ("a", "b", "gone")))
    monkeypatch.setattr(module, "read_cursors", lambda *_: {CHECKPOINT: book.model_dump_json()})
    stop = Event()
    Loop(Three(stop), ProducerSettings(), CODEC, stop).run()
    assert [(one["source"], one["request_id"]) for one in paper.of("runs")] == [("b", "one"), ("c", None)]
    assert [one.source for one in stored(paper.of("checkpoints")[-1]["cursor"]).owed] == ["a"]
    (letter,) = paper.of("dead-letters")
    assert letter["detail"] == "request one: reddit has no source 'gone' any more"
    assert Owed.model_validate_json(letter["raw"]).source == "gone"
    order = [topic for topic, _ in paper.written]
    assert order.index("dead-letters") < order.index("|") < order.index("checkpoints")
