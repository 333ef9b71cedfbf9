"""The smallest removal of a spike, against windows that are counted once more without what was removed."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from processors.logic.alerts.volume import volume_spike
from processors.logic.authors import sketch
from processors.logic.partials import TOTALS
from schemas.events import Partial, Trend
from tests.support.alerting import rule, trend
from tests.support.windows import HOUR, Partition, partial

START = 1_440_000_000_000 // HOUR * HOUR
HISTORY = 12
ENOUGH = 9
"""Windows of either sort that are tried."""
SUBJECT = "symbol:AAPL"
Said = tuple[str, str]
"""Who said it: platform, author; an empty author is not known."""


def heard(at: int, mentions: dict[str, int]) -> Partial:
    """What a batch of all posts has of each platform."""
    by = {f"{at} {platform}": count for platform, count in mentions.items()}
    return partial(at, "0", kind=TOTALS, platform="", mentions=0, neutral=0, sources=by)


def counted(at: int, said: Sequence[Said], subject: str) -> list[Partial]:
    kind, _, name = subject.partition(":")
    return [
        partial(
            at,
            name,
            kind=kind,
            platform=platform,
            authored=int(bool(author)),
            authors=sketch([author] if author else []),
        )
        for platform, author in said
    ]


def window(
    usual: dict[str, int],
    said: Sequence[Said],
    others: dict[str, int],
    *,
    told: bool,
    view: str,
    subject: str = SUBJECT,
) -> Trend:
    """The hour of these mentions after half a day with the usual ones; `told`: what was heard of others is known too."""
    partition = Partition()
    for hour in range(HISTORY):
        at = START + hour * HOUR
        known = [heard(at, {platform: 3 * mentions for platform, mentions in usual.items()})]
        made = [
            one
            for platform, mentions in usual.items()
            for one in counted(at, [(platform, "")] * mentions, subject)
        ]
        partition.step([*(known if told else []), *made], closing=at)
    at = START + HISTORY * HOUR
    by = Counter(platform for platform, _ in said)
    known = [heard(at, {platform: by[platform] + others.get(platform, 0) for platform in {*usual, *by}})]
    partition.step([*(known if told else []), *counted(at, said, subject)], closing=at)
    partition.step([], closing=at + HOUR)
    latest = partition.latest()
    found = latest.get(f"{subject}:{view}:1h:{at}")
    # Without a mention there is no window.
    return found if found is not None else trend(mentions=0, score=0.0)


def mentions_of(dice: random.Random, platforms: Sequence[str], authors: int, most: int) -> list[Said]:
    names = [f"a{number}" for number in range(authors)]
    unknown = dice.choice([0.0, 0.0, 0.3, 1.0])
    return [
        (dice.choice(platforms), "" if dice.random() < unknown else dice.choice(names))
        for _ in range(dice.randint(8, most))
    ]


def orders(said: Sequence[Said], dice: random.Random) -> list[list[Said]]:
    """In which orders they may go: those of rare authors first, those of frequent ones, of one platform, by chance."""
    count = Counter(said)
    shuffled = dice.sample(said, len(said))
    return [
        sorted(shuffled, key=lambda one: (not one[1], count[one])),
        sorted(shuffled, key=lambda one: (not one[1], -count[one])),
        sorted(shuffled, key=lambda one: (one[0], not one[1], count[one])),
        sorted(shuffled, key=lambda one: (one[0] == "x", not one[1], count[one])),
        shuffled,
    ]


@pytest.mark.parametrize("told", [False, True])
@pytest.mark.parametrize("platforms", [("x",), ("x", "news")])
def test_without_so_many_it_is_quiet_whichever_they_were_and_where_no_doubt_is_said_fewer_do_not_do(
    platforms: tuple[str, ...], told: bool
) -> None:
    dice = random.Random(len(platforms) + 2 * told)
    exact = doubtful = unmeasured = 0
    for _ in range(2_000):
        if min(exact, doubtful) >= ENOUGH:
            break
        usual = dict.fromkeys(platforms, dice.randint(1, 6))
        said = mentions_of(dice, platforms, dice.choice([4, 15, 1_000]), 40)
        others = {platform: dice.randint(0, 30) for platform in platforms}
        setting: Any = {
            "told": told,
            "view": dice.choice(["", "x"]),
            "subject": dice.choice([SUBJECT, "all:"]),
        }
        asked = rule(threshold=dice.uniform(0.5, 3), minimum=dice.randint(0, 12))
        found = volume_spike(asked, SUBJECT, window(usual, said, others, **setting))
        if found is None:
            continue
        assert found.removal.of == "mentions"
        number = found.removal.parts["mentions"]
        ours = [one for one in said if setting["view"] in ("", one[0])]
        rest = [one for one in said if one not in set(ours)]
        for order in orders(ours, dice):
            left = window(usual, [*order[number:], *rest], others, **setting)
            assert volume_spike(asked, SUBJECT, left) is None
        if "what the rest would have scored" in found.removal.note:
            unmeasured += 1
            assert setting["subject"] != "all:", "there are no others whom it is measured by"
            continue
        if "Fewer may do" in found.removal.note:
            doubtful += 1
            continue
        exact += 1
        for order in orders(ours, dice):
            left = window(usual, [*order[number - 1 :], *rest], others, **setting)
            assert volume_spike(asked, SUBJECT, left) is not None
    assert min(exact, doubtful) >= ENOUGH
    assert unmeasured, "an author was capped"


def test_one_accounts_flood_among_others_is_told_by_the_least_mentions_alone() -> None:
    said = [*(("x", f"a{number}") for number in range(35)), *[("x", "spam")] * 100]
    found = volume_spike(rule(minimum=10), SUBJECT, window({"x": 20}, said, {"x": 20}, told=True, view="x"))
    assert found is not None
    assert found.removal.parts == {"mentions": 126}
    assert "what the rest would have scored is not known" in found.removal.note


def test_what_comes_from_a_new_platform_is_not_held_against_fewer() -> None:
    said = [*[("x", "")] * 50, *[("news", "")] * 60]
    together = window({"x": 20}, said, {"x": 40}, told=True, view="")
    assert (together["score"] > 0, together["expected"]) == (True, [])
    found = volume_spike(rule(threshold=1.0, minimum=10), SUBJECT, together)
    assert found is not None
    assert found.removal.parts == {"mentions": 101}


def test_no_more_need_to_go_than_a_score_asks_for() -> None:
    said = [("x", f"a{number}") for number in range(8)]
    found = volume_spike(
        rule(threshold=0.1, minimum=0), SUBJECT, window({"x": 1}, said, {}, told=False, view="x")
    )
    assert found is not None
    assert found.removal.note == "Without any 4 of its 8 mentions it would have been quiet."
