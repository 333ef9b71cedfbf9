"""The smallest removal: it is enough, nothing smaller is, and where it cannot be told it says so."""

import random
from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import pytest

from processors.logic.alerts.divergence import divergence
from processors.logic.alerts.halves import Close, Mood
from processors.logic.alerts.removal import of_mentions
from processors.logic.alerts.sentiment import sentiment_shift
from processors.logic.alerts.shares import Usual
from processors.logic.alerts.volume import keyword, volume_spike
from tests.support.alerting import HOUR, START, bar, rule, run, topic, trend
from tests.support.desk import Desk


def test_the_largest_sources_are_as_few_as_can_be() -> None:
    dice = random.Random(1)
    for _ in range(200):
        sources = {f"s{number}": dice.randint(1, 20) for number in range(dice.randint(1, 7))}
        total = sum(sources.values())
        left = dice.randint(0, total - 1)
        removal = of_mentions(trend(mentions=total, sources=sources), left)
        assert removal.of == "sources"
        assert total - sum(removal.parts.values()) <= left
        assert all(sources[name] == count for name, count in removal.parts.items())
        fewer = combinations(sources.values(), len(removal.parts) - 1)
        assert all(total - sum(some) > left for some in fewer)


@pytest.mark.parametrize(
    ("window", "of", "parts"),
    [
        ({"copies": 12}, "copies", {"copies": 12}),
        ({"copies": 10}, "sources", {"feed": 15}),
        ({"copies": 16}, "sources", {"feed": 15}),
        ({"copies": 12, "late": 1}, "sources", {"feed": 15}),
        ({"sources": {"a": 5, "b": 5, "c": 5}}, "sources", {"a": 5, "b": 5, "c": 5}),
        ({"sources": {"a": 5, "b": 5, "c": 5}, "copies": 20}, "copies", {"copies": 20}),
        ({"sources": {"a": 5, "b": 2}}, "mentions", {"mentions": 11}),
    ],
)
def test_one_thing_is_less_than_two_and_of_one_thing_that_with_fewer_mentions(
    window: dict[str, Any], of: str, parts: dict[str, int]
) -> None:
    counted = trend(mentions=20, **{"sources": {"feed": 15, "other": 5}, **window})
    removal = of_mentions(counted, 9)
    assert (removal.of, removal.parts) == (of, parts)
    assert "any 11 of its 20 mentions" in removal.note


def test_without_what_a_keyword_alert_names_the_rule_is_quiet() -> None:
    asked = rule("keyword", "keyword:bbm", minimum=12)
    found = keyword(asked, "keyword:bbm", trend(mentions=20, sources={"feed": 15, "other": 5}))
    assert found is not None
    assert (
        found.removal.note
        == "Without feed (15), or without any 9 of its 20 mentions it would have been quiet."
    )
    assert keyword(asked, "keyword:bbm", trend(mentions=12)) is not None
    assert keyword(asked, "keyword:bbm", trend(mentions=11)) is None


def test_a_spike_names_its_sources_where_these_are_enough() -> None:
    window = trend(mentions=40, weight=40, authors=40, sources={"feed": 26, "other": 14}, score=11.0)
    found = volume_spike(rule(minimum=5, threshold=3.0), "all:", window)
    assert found is not None
    assert found.removal.parts == {"feed": 26}
    assert (
        found.removal.note
        == "Without feed (26), or without any 24 of its 40 mentions it would have been quiet."
    )


def shifted(negative: int, mentions: int, **fields: Any) -> Any:
    usual = Usual(2.0, 3.0, 10.0, 20)
    window = trend(mentions=mentions, negative=negative)
    return sentiment_shift(rule("sentiment_shift", **fields), "all:", window, usual)


def test_of_a_shift_the_fewest_mentions_of_that_sentiment_are_told() -> None:
    for mentions, negative in product(range(10, 40, 3), range(5, 40, 2)):
        found = None if negative > mentions else shifted(negative, mentions, minimum=5)
        if found is None:
            continue
        assert found.removal.of == "sentiments"
        ((name, number),) = found.removal.parts.items()
        assert name == "negative"
        assert shifted(negative - number, mentions - number, minimum=5) is None
        assert shifted(negative - number + 1, mentions - number + 1, minimum=5) is not None
    assert "3 of its 12 negative mentions" in shifted(12, 24, minimum=5, threshold=0.25).removal.note


def apart(counts: Sequence[int], change: float, usual: float, minimum: int) -> Any:
    positive, negative, _ = counts
    mentions = sum(counts)
    mood = Mood(START, START + HOUR, mentions, positive, negative, usual, {}, {}, [])
    close = Close(START, START + HOUR, 1.0, 1.0, change)
    return divergence(rule("divergence", "symbol:X", minimum=minimum), "symbol:X", (mood, close))


def test_of_a_divergence_no_smaller_removal_is_enough() -> None:
    dice = random.Random(2)
    told = 0
    for _ in range(300):
        counts = [dice.randint(0, 6) for _ in range(3)]
        change, usual = dice.choice([-0.05, 0.05]), dice.uniform(-0.9, 0.9)
        rest = change, usual, dice.randint(0, 6)
        found = apart(counts, *rest)
        if found is None:
            continue
        told += 1
        parts = [found.removal.parts.get(name, 0) for name in ("positive", "negative", "neutral")]
        quiet = [
            sum(taken)
            for taken in product(*(range(count + 1) for count in counts))
            if sum(taken) == sum(counts)
            or apart([count - one for count, one in zip(counts, taken, strict=True)], *rest) is None
        ]
        assert sum(parts) == min(quiet)
        left = [count - one for count, one in zip(counts, parts, strict=True)]
        assert not any(left) or apart(left, *rest) is None
    assert told > 30


def test_of_what_is_not_made_of_mentions_it_says_that_it_cannot_be_told() -> None:
    rules = [rule("price_move", "symbol:*"), rule("new_topic", "topic:*", id="t", minimum=15)]
    desk = Desk(rules)
    (moved,) = desk.bars(bar())
    assert (moved["removal_of"], moved["removal"]) == ("", {})
    assert (
        moved["removal_note"]
        == "What would have kept it quiet cannot be told: a price is not made of mentions."
    )
    (new,) = desk.topics(topic(mentions=20))
    assert (new["removal_of"], new["removal"]) == ("mentions", {"mentions": 6})


def test_a_silence_has_nothing_to_remove() -> None:
    desk = Desk([rule("source_silent", "source:*", threshold=1.0)], silence_tick_s=1e-9, silence_grace_s=0)
    desk.runs(run(START))
    (alert,) = desk.tick()
    assert alert["removal_of"] == ""
    assert alert["removal_note"].startswith("There is nothing to remove")
