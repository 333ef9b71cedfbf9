import random
from typing import Any

import pytest

from api.catalogue import LIVE
from api.filter_index import FilterIndex, handles
from api.filters import Filter
from tests.support.markets import alert
from tests.support.mentions import mention, story, topic, trend

WORDS = ("bbca", "bri", "ihsg", "rupiah")
SYMBOLS = ("BBCA.JK", "BBRI.JK", "TLKM.JK")
PLATFORMS = ("x", "news", "reddit", "all")


def some(chance: random.Random, values: tuple[str, ...], share: float = 0.3) -> frozenset[str]:
    if chance.random() > share:
        return frozenset()
    return frozenset(chance.sample(values, chance.randint(1, 2)))


def wanted(chance: random.Random) -> Filter:
    return Filter(
        tuple(
            sorted(chance.sample(("alerts", "mentions", "stories", "topics", "trends"), chance.randint(1, 5)))
        ),
        keyword=some(chance, WORDS),
        platform=some(chance, PLATFORMS),
        sentiment=some(chance, ("positive", "negative", "neutral")),
        symbol=some(chance, SYMBOLS),
        language=some(chance, ("id", "en")),
        window=some(chance, ("1m", "5m", "1h")),
        kind=some(chance, ("all", "keyword", "symbol")),
        rule=some(chance, ("rule-a", "rule-b")),
        alert=some(chance, ("volume_spike", "price_move")),
        severity=some(chance, ("info", "warning")),
        min_score=chance.choice((None, None, 2.0)),
        text=chance.choice(("", "", "naik", "bbca")),
        min_copies=chance.choice((0, 0, 1)),
    )


def event(chance: random.Random) -> tuple[str, dict[str, Any]]:
    kind, subject = chance.choice(
        [("all", ""), *(("keyword", word) for word in WORDS), *(("symbol", one) for one in SYMBOLS)]
    )
    name = chance.choice(list(LIVE))
    if name == "mentions":
        return name, mention(
            1,
            keywords=sorted(some(chance, WORDS, 0.7)),
            symbols=sorted(some(chance, SYMBOLS, 0.7)),
            platform=chance.choice(PLATFORMS[:3]),
            sentiment=chance.choice(("positive", "negative", "neutral")),
            language=chance.choice(("id", "en")),
        )
    if name == "trends":
        return name, trend(
            kind,
            subject,
            platform=chance.choice(("", "x", "news")),
            window=chance.choice(("1m", "5m", "1h")),
            score=chance.choice((0.5, 3.0)),
        )
    if name == "topics":
        return name, topic(1, label=chance.choice(("bbca", "rupiah")))
    if name == "stories":
        subjects = [*(f"keyword:{one}" for one in WORDS), *(f"symbol:{one}" for one in SYMBOLS)]
        return name, story(
            1,
            subjects=chance.sample(subjects, chance.randint(0, 3)),
            sources={f"{one}/a": 1 for one in chance.sample(PLATFORMS[:3], chance.randint(1, 2))},
            copies=chance.choice((0, 2)),
        )
    return name, alert(
        1,
        subject=f"{kind}:{subject}",
        rule_id=chance.choice(("rule-a", "rule-b")),
        kind=chance.choice(("volume_spike", "price_move")),
        severity=chance.choice(("info", "warning")),
        platform=chance.choice(("", "x")),
        owner=chance.choice((None, None, "ani")),
    )


@pytest.mark.parametrize("seed", range(20))
def test_it_finds_exactly_what_asking_every_filter_finds_each_once(seed: int) -> None:
    chance = random.Random(seed)
    filters = [wanted(chance) for _ in range(60)]
    index: FilterIndex[int] = FilterIndex()
    for number, one in enumerate(filters):
        index.add(number, one)
    gone = set(chance.sample(range(60), 15))
    for number in gone:
        index.discard(number, filters[number])
    found_any = 0
    for _ in range(150):
        topic, record = event(chance)
        found = list(index.matching(topic, record))
        expected = {
            number for number, one in enumerate(filters) if number not in gone and one.matches(topic, record)
        }
        assert sorted(found) == sorted(expected)
        found_any += len(found)
    assert found_any


def test_an_event_asks_nothing_of_filters_that_share_no_value_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Filter] = []
    matches = Filter.matches

    def counted(self: Filter, topic: str, record: Any) -> bool:
        asked.append(self)
        return matches(self, topic, record)

    monkeypatch.setattr(Filter, "matches", counted)
    index: FilterIndex[int] = FilterIndex()
    for number in range(1_000):
        index.add(number, Filter(("mentions",), keyword=frozenset([f"word-{number}"])))
    assert list(index.matching("mentions", mention(1, keywords=["word-7", "other"]))) == [7]
    assert len(asked) == 1


def test_it_is_empty_when_all_have_left() -> None:
    index: FilterIndex[int] = FilterIndex()
    one = Filter(("mentions", "trends"), keyword=frozenset(["a", "b"]))
    index.add(1, one)
    index.add(1, one)
    index.discard(1, one)
    assert not any(index._valued.values())
    assert list(index.matching("mentions", mention(1, keywords=["a"]))) == []


@pytest.mark.parametrize(
    "one",
    [
        Filter(("mentions", "alerts")),
        Filter(("mentions", "alerts"), keyword=frozenset(["a"]), rule=frozenset(["r"])),
    ],
)
def test_a_topic_is_asked_for_as_long_as_a_filter_of_it_is_there(one: Filter) -> None:
    index: FilterIndex[int] = FilterIndex()
    assert not index.asked("mentions")
    index.add(1, one)
    assert [topic for topic in ("mentions", "trends", "alerts") if index.asked(topic)] == [
        "mentions",
        "alerts",
    ]
    index.discard(1, one)
    assert not index.asked("mentions")
    assert not index.asked("alerts")


def test_of_keyword_and_symbol_both_hold_for_mentions_and_either_for_trends() -> None:
    both = Filter(("mentions", "trends"), keyword=frozenset(["a"]), symbol=frozenset(["S"]))
    assert handles("mentions", both) == [("keyword", "a")]
    assert sorted(handles("trends", both)) == [("keyword", "a"), ("symbol", "S")]
