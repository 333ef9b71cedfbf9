from typing import Any

import pytest

from api.filters import Filter
from tests.support.markets import alert
from tests.support.mentions import mention, story, topic, trend


def chosen(**values: Any) -> Filter:
    topics = values.pop("topics", ("mentions", "trends"))
    sets: dict[str, Any] = {name: frozenset(value) for name, value in values.items()}
    return Filter(topics, **sets)


MENTION = mention(
    1, platform="reddit", sentiment="negative", language="en", keywords=["bbca", "bri"], symbols=["BBCA.JK"]
)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({}, True),
        ({"platform": ["reddit"]}, True),
        ({"platform": ["x"]}, False),
        ({"platform": ["x", "reddit"]}, True),
        ({"platform": ["all"]}, True),
        ({"sentiment": ["negative"]}, True),
        ({"sentiment": ["positive", "neutral"]}, False),
        ({"language": ["en"]}, True),
        ({"language": ["id"]}, False),
        ({"keyword": ["bri", "other"]}, True),
        ({"keyword": ["other"]}, False),
        ({"symbol": ["BBCA.JK"]}, True),
        ({"symbol": ["BBRI.JK"]}, False),
        ({"keyword": ["bbca"], "sentiment": ["positive"]}, False),
        ({"keyword": ["bbca"], "symbol": ["BBRI.JK"]}, False),
        ({"window": ["1h"], "kind": ["keyword"]}, True),
        ({"topics": ("trends",)}, False),
    ],
)
def test_mentions(wanted: dict[str, Any], matches: bool) -> None:
    assert chosen(**wanted).matches("mentions", MENTION) is matches


KEYWORD_TREND = trend("keyword", "bbca")


@pytest.mark.parametrize(
    ("record", "wanted", "matches"),
    [
        (KEYWORD_TREND, {}, True),
        (KEYWORD_TREND, {"keyword": ["bbca"]}, True),
        (KEYWORD_TREND, {"keyword": ["bri"]}, False),
        (KEYWORD_TREND, {"symbol": ["bbca"]}, False),
        (KEYWORD_TREND, {"symbol": ["TLKM.JK"], "keyword": ["bbca"]}, True),
        (trend("symbol", "TLKM.JK"), {"symbol": ["TLKM.JK"], "keyword": ["bbca"]}, True),
        (trend("all", ""), {"keyword": ["bbca"]}, False),
        (KEYWORD_TREND, {"sentiment": ["negative"], "language": ["en"]}, True),
        (KEYWORD_TREND, {"window": ["1h"]}, True),
        (KEYWORD_TREND, {"window": ["5m", "1d"]}, False),
        (KEYWORD_TREND, {"kind": ["keyword"]}, True),
        (KEYWORD_TREND, {"kind": ["hashtag"]}, False),
        (KEYWORD_TREND, {"platform": ["all"]}, True),
        (KEYWORD_TREND, {"platform": ["x"]}, False),
        (trend("keyword", "bbca", platform="x"), {"platform": ["x"]}, True),
        (trend("keyword", "bbca", platform="x"), {"platform": ["all"]}, False),
        (KEYWORD_TREND, {"topics": ("mentions",)}, False),
    ],
)
def test_trends(record: dict[str, Any], wanted: dict[str, Any], matches: bool) -> None:
    assert chosen(**wanted).matches("trends", record) is matches


SYMBOL_ALERT = alert(1, subject="symbol:BBCA.JK", severity="critical", kind="price_move", rule_id="moves")


@pytest.mark.parametrize(
    ("record", "wanted", "matches"),
    [
        (SYMBOL_ALERT, {}, True),
        (SYMBOL_ALERT, {"symbol": ["BBCA.JK"], "keyword": ["other"]}, True),
        (SYMBOL_ALERT, {"keyword": ["BBCA.JK"]}, False),
        (alert(1), {"keyword": ["bbca"]}, False),
        (
            SYMBOL_ALERT,
            {"rule": ["moves"], "severity": ["critical"], "alert": ["price_move", "keyword"]},
            True,
        ),
        (SYMBOL_ALERT, {"rule": ["others"]}, False),
        (SYMBOL_ALERT, {"severity": ["info", "warning"]}, False),
        (SYMBOL_ALERT, {"alert": ["keyword"]}, False),
        (
            SYMBOL_ALERT,
            {"window": ["5m"], "kind": ["keyword"], "sentiment": ["positive"], "language": ["en"]},
            True,
        ),
        (SYMBOL_ALERT, {"platform": ["all"]}, True),
        (SYMBOL_ALERT, {"platform": ["x"]}, False),
        (alert(1, platform="x"), {"platform": ["x"]}, True),
        (alert(1, platform="x"), {"platform": ["all"]}, True),
        (alert(1, owner="somebody"), {}, False),
        (SYMBOL_ALERT, {"topics": ("mentions", "trends")}, False),
    ],
)
def test_alerts(record: dict[str, Any], wanted: dict[str, Any], matches: bool) -> None:
    assert chosen(**{"topics": ("alerts",), **wanted}).matches("alerts", record) is matches


def test_equal_filters_are_one_group() -> None:
    assert len({chosen(keyword=["a", "b"]), chosen(keyword=["b", "a"]), chosen(keyword=["a"])}) == 2


@pytest.mark.parametrize(
    ("topic", "record", "wanted", "matches"),
    [
        (
            "mentions",
            mention(1, text="Kabar ISTIMEWA", title=None),
            Filter(("mentions",), text="istimewa"),
            True,
        ),
        (
            "mentions",
            mention(1, text="kabar", title="Istimewa"),
            Filter(("mentions",), text="istimewa"),
            True,
        ),
        ("mentions", mention(1, text="kabar", title=None), Filter(("mentions",), text="istimewa"), False),
        ("trends", trend("keyword", "bbca"), Filter(("trends",), text="bbc"), True),
        ("trends", trend("keyword", "bri"), Filter(("trends",), text="bbc"), False),
        ("alerts", alert(1, explanation="Volume tinggi"), Filter(("alerts",), text="volume"), True),
        ("alerts", alert(1, explanation="Harga turun"), Filter(("alerts",), text="volume"), False),
        ("trends", trend("all", "", score=2.0), Filter(("trends",), min_score=2.0), True),
        ("trends", trend("all", "", score=1.9), Filter(("trends",), min_score=2.0), False),
        ("mentions", mention(1), Filter(("mentions",), min_score=2.0), True),
    ],
)
def test_words_and_scores(topic: str, record: dict[str, Any], wanted: Filter, matches: bool) -> None:
    assert wanted.matches(topic, record) is matches


STORY = story(
    1,
    subjects=["keyword:bbca", "symbol:BBCA.JK"],
    sources={"news/a": 2, "x/b": 1},
    copies=2,
    excerpt="Laba Naik",
)


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({}, True),
        ({"keyword": ["bbca", "other"]}, True),
        ({"keyword": ["other"]}, False),
        ({"keyword": ["bbca"], "symbol": ["BBRI.JK"]}, False),
        ({"symbol": ["BBCA.JK"]}, True),
        ({"platform": ["x"]}, True),
        ({"platform": ["reddit"]}, False),
        ({"platform": ["reddit", "all"]}, True),
        ({"sentiment": ["negative"], "window": ["1h"]}, True),
        ({"topics": ("mentions",)}, False),
    ],
)
def test_stories(wanted: dict[str, Any], matches: bool) -> None:
    assert chosen(**{"topics": ("stories",), **wanted}).matches("stories", STORY) is matches


def test_stories_by_copies_and_words() -> None:
    assert Filter(("stories",), min_copies=2, text="laba naik").matches("stories", STORY)
    assert not Filter(("stories",), min_copies=3).matches("stories", STORY)
    assert not Filter(("stories",), text="rugi").matches("stories", STORY)


def test_topics_by_words_alone() -> None:
    told = topic(1, label="harga emas, antam", terms=["harga emas", "Antam"])
    assert Filter(("topics",), text="antam", min_copies=9, keyword=frozenset(["x"])).matches("topics", told)
    assert not Filter(("topics",), text="perak").matches("topics", told)
