"""Requests: whatever is sent, the book fits a record, one cursor serves many, and one at fault takes no other with it."""

from collections.abc import Sequence
from threading import Event
from typing import Any

import pytest

from producers import delivery
from producers.clock import now_ms
from producers.delivery import Delivery
from producers.requests.book import CHECKPOINT, MOST_KNOWN, VALID_MS, Book, stored
from producers.requests.desk import Desk, refusal
from producers.requests.follow import Ordered
from producers.requests.intake import Intake
from producers.settings import ProducerSettings
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.registry import PinnedIds
from schemas.topics import MAX_RECORD_BYTES
from tests.support.published import Published
from tests.unit.test_requests import SOURCES, desk, ordered, request


class Taken:
    """An intake as a loop has it, with what Kafka got."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kafka = Published()
        monkeypatch.setattr(delivery, "Publisher", lambda *_: self.kafka)
        self.desk = desk()
        self.wakes: list[int] = []
        way = Delivery("reddit", ProducerSettings(), Codec(PinnedIds()), Event())
        self.intake = Intake("reddit", self.desk, way, Event(), lambda: self.wakes.append(1))

    def take(self, *given: Ordered) -> Sequence[str]:
        for one in given:
            self.intake.put(one)
        return self.intake.take()

    @property
    def book(self) -> Book:
        """The book that is stored last."""
        return stored(self.kafka.of("checkpoints")[-1]["cursor"])


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    return Taken(monkeypatch)


@pytest.mark.parametrize(
    "huge",
    [{"id": "i" * 900_000}, {"id": "\1" * 200_000}, {"keywords": ["k" * 900_000]}, {"source": "s" * 900_000}],
)
def test_a_huge_request_is_refused_and_the_next_is_answered(taken: Taken, huge: dict[str, Any]) -> None:
    assert taken.take(ordered(request("x", **huge))) == []
    assert [one["reason"] for one in taken.kafka.of("dead-letters")] == ["rejected"]
    assert taken.take(ordered(request("x", **huge))) == (), "it is known"
    assert taken.take(ordered(request("good"))) == SOURCES
    assert len(taken.kafka.of("checkpoints")[-1]["cursor"]) < 2_000


def test_what_is_owed_is_bounded_in_bytes() -> None:
    given = desk()
    keywords = [f"{number:0100}" for number in range(100)]
    refused: list[str] = []
    for number in range(60):
        try:
            given.take(ordered(request(str(number), source="search", keywords=keywords)))
        except Poison as why:
            refused.append(why.detail)
    assert 0 < len(refused) < 60
    assert all("too much" in one for one in refused)
    assert len(given.cursor().value) < MAX_RECORD_BYTES / 2


def test_what_is_known_is_bounded_in_number_and_what_was_forgotten_is_not_answered_again() -> None:
    now = now_ms()
    book = Book(known={f"{number:064}": now - 10_000 + number for number in range(MOST_KNOWN + 3)}).pruned(
        now
    )
    assert len(book.known) == MOST_KNOWN
    assert len(book.model_dump_json()) < MAX_RECORD_BYTES / 2
    assert book.since == now - 10_000 + 2
    assert not book.fresh(f"{2:064}", now - 10_000 + 2, now), "it may have been answered"
    assert not book.fresh(f"{3:064}", now - 10_000 + 3, now), "it is known"
    assert book.fresh("new", now, now)
    assert stored(book.model_dump_json()) == book, "also after a restart"


def test_times_ahead_are_forgotten_and_keep_nobody_out() -> None:
    now = now_ms()
    book = Book()
    for number in range(3):
        book = book.noted(str(number), 10**15, now)
    assert not book.pruned(now + 2 * VALID_MS).known
    many = Book(known={str(number): now + 60_000 for number in range(MOST_KNOWN + 1)}).pruned(now)
    assert many.since <= now
    assert many.fresh("new", now + 1, now + 1)


def test_many_that_wait_are_stored_with_one_cursor_and_one_wake(taken: Taken) -> None:
    orders = [ordered(request(str(number), source="r/none"), number) for number in range(400)]
    assert taken.take(*orders, ordered(request("good"))) == SOURCES
    assert len(taken.kafka.of("checkpoints")) == len(taken.wakes) == 1
    assert taken.kafka.flushes == 2, "the letters', then the cursor's"
    assert len(taken.kafka.of("dead-letters")) == 400
    assert len(taken.book.known) == 401


def test_more_than_a_lot_is_called_for_again(taken: Taken) -> None:
    for number in range(501):
        taken.intake.put(ordered(request(str(number), source="r/none"), number))
    taken.intake.take()
    assert len(taken.wakes) == 2
    taken.intake.take()
    assert len(taken.book.known) == 501
    assert taken.intake.take() == ()


def test_one_with_which_the_book_cannot_be_stored_is_refused_alone(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = taken.kafka.publish

    def narrow(topic: str, record: Any) -> None:
        if topic == "checkpoints" and '"request":"b"' in record["cursor"]:
            raise Poison("oversized", "too large for this test")
        publish(topic, record)

    monkeypatch.setattr(taken.kafka, "publish", narrow)
    given = [ordered(request(name, source="r/a"), at) for at, name in enumerate("abc")]
    assert taken.take(*given) == ["r/a", "r/a"]
    assert [one.request for one in taken.book.owed] == ["a", "c"]
    assert [one["detail"] for one in taken.kafka.of("dead-letters")] == ["request b: too large for this test"]
    assert set(taken.book.known) == {"a", "b", "c"}


def test_a_book_that_can_never_be_stored_ends_nothing(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Poison("oversized", "never")

    monkeypatch.setattr(taken.kafka, "publish", full)
    assert taken.take(ordered(request("a"))) == ()
    assert taken.desk.next("r/a") is None


def test_a_request_for_nobody_has_one_letter_whoever_refuses_it() -> None:
    nobody = ordered(request("x", target="redit"))
    unreadable = ordered(Poison("undecodable", "no header"))
    for one in (nobody, unreadable):
        why = Poison("rejected", "no collector")
        assert len({refusal(one, why, name)["id"] for name in ("reddit", "x", "yahoo")}) == 1
    own = refusal(ordered(request("x")), Poison("rejected", "why"), "reddit")
    assert own["stage"] == "reddit"
    assert Desk("x", [], []).cursor().source == CHECKPOINT
