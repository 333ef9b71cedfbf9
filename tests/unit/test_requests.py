"""Requests: taken once, judged, owed until their run is told of, and for the keywords that they name alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from producers.asked import Asked, asked_for, asking, is_asked
from producers.clock import now_ms
from producers.collectors.x import X
from producers.requests.book import CHECKPOINT, VALID_MS, stored
from producers.requests.desk import Desk, refusal
from producers.requests.follow import Ordered
from producers.settings import ProducerSettings
from producers.tally import Tally
from schemas.codec import Codec
from schemas.errors import Poison
from schemas.events import Request
from schemas.registry import PinnedIds
from tests.support.keywords import keyword
from tests.support.upstreams.outcome import Driver
from tests.support.upstreams.x import XUpstream

SOURCES = ["r/a", "r/b", "search"]


def request(name: str, **fields: Any) -> Request:
    values: dict[str, Any] = {
        "id": name,
        "action": "collect",
        "target": "reddit",
        "source": None,
        "keywords": [],
        "requested_at": now_ms(),
    }
    return Request(**{**values, **fields})  # type: ignore[typeddict-item]  # the fields stand above


def ordered(one: Request | Poison, offset: int = 7) -> Ordered:
    raw = b"?" if isinstance(one, Poison) else Codec(PinnedIds()).encode("request", one)
    return Ordered(one, "denyut.requests", 0, offset, now_ms(), b"reddit", raw)


def desk(cursor: str | None = None) -> Desk:
    made = Desk("reddit", SOURCES, ["search"])
    made.load(cursor)
    return made


def owed(given: Desk) -> Sequence[str]:
    return [source for source in SOURCES if given.next(source)]


def test_a_request_is_owed_by_every_source_until_it_is_told_of_across_restarts() -> None:
    one = ordered(request("a"))
    first = desk()
    assert first.take(one) == SOURCES
    for restart in range(3):
        again = desk(first.cursor().value)
        assert again.take(one) == (), "it is known"
        assert owed(again) == SOURCES[restart:]
        found = again.next(SOURCES[restart])
        assert found is not None
        assert found.request == "a"
        again.answered(found)
        first = again
    last = desk(first.cursor().value)
    assert owed(last) == []
    assert last.take(one) == ()
    assert first.cursor().source == CHECKPOINT
    assert Desk("reddit", ["r/b"], []).load(desk().cursor().value) == []


def test_a_loaded_desk_says_what_it_owes_and_forgets_sources_that_are_no_more() -> None:
    first = desk()
    first.take(ordered(request("a")))
    first.take(ordered(request("b", source="r/a")))
    assert Desk("reddit", ["r/a"], []).load(first.cursor().value) == ["r/a"]
    found = first.next("r/a")
    assert found is not None
    assert found.request == "a", "oldest first"
    first.answered(found)
    following = first.next("r/a")
    assert following is not None
    assert following.request == "b", "each has a run of its own"
    assert stored("{").owed == ()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"source": "r/none"}, "reddit has no source 'r/none'; it has: r/a, r/b, search"),
        ({"source": "r/a", "keywords": ["ihsg"]}, "reddit/r/a does not search for keywords"),
        ({"target": "redit"}, "no collector is called 'redit'"),
        ({"keywords": ["k"] * 101}, "101 keywords"),
        ({"id": ""}, "0 characters"),
        ({"id": "i" * 100_000}, "its id has 100000 characters"),
        ({"keywords": ["ok", "k" * 101]}, "a keyword has 101 characters"),
        # A day, for this is computed when tests are collected and judged up to half an hour later.
        ({"requested_at": now_ms() + 86_400_000}, "s from now"),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused_once_and_says_why(
    fields: dict[str, Any], told: str
) -> None:
    one = ordered(request("x", **fields))
    given = desk()
    with pytest.raises(Poison) as caught:
        given.take(one)
    letter = refusal(one, caught.value, "reddit")
    assert told in letter["detail"]
    assert (letter["origin_topic"], letter["origin_offset"], letter["reason"]) == (
        "denyut.requests",
        7,
        "rejected",
    )
    Codec(PinnedIds()).encode("dead_letter", letter)
    assert desk(given.cursor().value).take(one) == ()
    assert owed(given) == []


def test_bytes_that_are_no_request_are_refused_once() -> None:
    one = ordered(Poison("undecodable", "no header"))
    given = desk()
    with pytest.raises(Poison, match="no header") as caught:
        given.take(one)
    assert refusal(one, caught.value, "reddit")["raw"] == b"?"
    assert desk(given.cursor().value).take(one) == ()


def test_keywords_are_searched_for_by_the_sources_that_search() -> None:
    assert desk().take(ordered(request("a", keywords=["ihsg"]))) == ["search"]


def test_what_is_older_than_a_day_is_not_answered_and_what_is_known_of_it_is_forgotten() -> None:
    given = desk()
    assert given.take(ordered(request("old", requested_at=now_ms() - VALID_MS))) == ()
    given.take(ordered(request("young", requested_at=now_ms() - VALID_MS + 60_000)))
    book = stored(given.cursor().value)
    later = book.noted("new", now_ms() + VALID_MS, now_ms() + VALID_MS).pruned(now_ms() + VALID_MS)
    assert set(later.known) == {"new"}


def test_more_than_can_be_owed_is_refused() -> None:
    given = desk()
    for number in range(166):
        given.take(ordered(request(str(number))))
    with pytest.raises(Poison, match="498 runs are asked for already"):
        given.take(ordered(request("more")))


def test_a_run_that_was_asked_for_none_searches_for_all() -> None:
    assert asked_for(["a", "b"]) == ["a", "b"]
    with asking(Asked([])):
        assert asked_for(["a", "b"]) == ["a", "b"]
        assert not is_asked()
    one = Asked(["b", "c"])
    with asking(one):
        assert is_asked()
        assert asked_for(["a", "b"]) == ["b"]
    assert one.missing == {"c"}
    assert not is_asked()


def test_the_run_names_its_request_and_the_keywords_that_nobody_knows() -> None:
    given = desk()
    given.take(ordered(request("a", keywords=["c"])))
    run = Tally("reddit", "search", 1, given.next("search"), Asked(["c"])).run(None)
    assert (run["request_id"], run["outcome"]) == ("a", "empty")
    assert run["error"] == "no active keyword is called c"
    assert Tally("reddit", "search", 1).run(None)["request_id"] is None


def test_only_the_keywords_that_were_asked_for_are_searched_for_and_the_others_lose_nothing() -> None:
    server = XUpstream()
    try:
        server.said.keywords = [keyword("ihsg", text="IHSG"), keyword("beras", text="harga beras")]
        server.publish(2)
        given = {name.removeprefix("DENYUT_").lower(): value for name, value in server.settings().items()}
        collector = X(ProducerSettings.model_validate(given), server.said)
        found = Driver(collector)
        with asking(Asked(["beras"])):
            found.run()
        queries = [one.query["query"] for one in server.requests]
        assert len(queries) == 1
        assert "beras" in queries[0]
        before = dict(found.cursors)
        found.run()
        assert "search/beras" in before
        assert "search/ihsg" in found.cursors
    finally:
        server.close()
