"""What collectors search for, and how keywords share a quota."""

from itertools import pairwise

import pytest

from producers.shares import Shares
from producers.wanted import wanted
from schemas.boolean import Dialect
from tests.support.keywords import keyword

X = Dialect(" ", " OR ", "-")
NOW = 1_000_000


def test_what_is_active_is_wanted_once_its_monitoring_has_begun() -> None:
    found = wanted(
        [
            keyword("low", priority=1),
            keyword("off", active=False),
            keyword("later", monitoring_start=NOW + 1),
            keyword("high", priority=5, monitoring_start=NOW, languages=["id"], query="a OR b"),
            keyword("blank", text=" "),
        ],
        NOW,
    )
    assert [one.id for one in found] == ["high", "low"]
    assert found[0].languages == ("id",)
    assert found[0].spelled(X) == "a OR b"
    assert [found[0].wants(at) for at in (NOW - 1, NOW, None)] == [False, True, True]
    assert found[1].wants(0)


@pytest.mark.parametrize(
    ("text", "spelled"),
    [("IHSG", "IHSG"), ("harga beras", '"harga beras"'), ('a "b" c', '"a b c"'), ("AND", "AND")],
)
def test_a_text_is_searched_for_as_one_phrase(text: str, spelled: str) -> None:
    assert wanted([keyword("k", text=text)], NOW)[0].spelled(X) == spelled


def turns(weights: dict[str, int], count: int, had: dict[str, int] | None = None) -> list[str]:
    shares = Shares(had or {})
    taken = []
    for _ in range(count):
        name = shares.order(weights)[0]
        shares.charge(name, weights[name], 1)
        taken.append(name)
    return taken


def test_turns_follow_the_weights_exactly() -> None:
    weights = {"five": 5, "three": 3, "one": 1}
    taken = turns(weights, 90)
    assert {name: taken.count(name) for name in weights} == {"five": 50, "three": 30, "one": 10}
    assert taken == turns(weights, 90), "the same every time"


def test_nobody_starves_beside_many_heavy_ones() -> None:
    weights = {f"h{number}": 5 for number in range(20)} | {"light": 1}
    taken = turns(weights, 202)
    gaps = [at for at, name in enumerate(taken) if name == "light"]
    assert len(gaps) == 2
    assert max(second - first for first, second in pairwise(gaps)) <= 101


def test_one_that_is_new_gets_no_arrears_and_one_that_left_no_place() -> None:
    shares = Shares({"old": 6_000, "gone": 0})
    assert shares.order({"old": 1, "new": 1}) == ["new", "old"]
    shares.charge("new", 1, 3)
    assert shares.stored({"old": 1, "new": 1}) == {"old": 0, "new": 180}
    assert Shares(shares.stored({"old": 1, "new": 1})).order({"old": 1, "new": 1})[0] == "old"


def test_what_costs_more_is_asked_less_often() -> None:
    shares = Shares({})
    weights = {"loud": 2, "quiet": 2}
    had = {"loud": 0, "quiet": 0}
    for _ in range(110):
        name = shares.order(weights)[0]
        cost = 10 if name == "loud" else 1
        shares.charge(name, weights[name], cost)
        had[name] += cost
    assert had == {"loud": 100, "quiet": 100}
