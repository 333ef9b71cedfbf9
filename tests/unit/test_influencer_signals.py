"""Signals: planted spammers, rings and machines are found with their evidence, people and outlets are left alone."""

from collections import Counter
from itertools import groupby

import pytest

from processors.logic.influencers import rows
from processors.logic.influencers.rows import added, new_row
from processors.logic.influencers.signals import AWAKE, BUSY, BUSY_HOURS, REPEATS, SHARED, signals
from schemas.events import AuthorPartial, Influencer, Joined, Mention
from tests.support.planted_authors import Planted, planted
from tests.support.profiling import START, Profiler, partials, said, told_to_stories
from tests.support.storytelling import Teller

HOUR = 3_600_000


def profiles(mentions: list[Mention]) -> dict[str, Influencer]:
    """What comes of mentions through the logic of enrich, stories and influencers."""
    teller = Teller()
    told: list[AuthorPartial] = []
    for _, hours in groupby(mentions, lambda one: one["event_at"] // (6 * HOUR)):
        batch = list(hours)
        told += partials(batch, 200)
        teller.author_partials.clear()
        teller.tell_all(told_to_stories(batch), 300)
        told += teller.author_partials
    profiler = Profiler()
    profiler.tell_all(told, 500)
    return profiler.latest()


@pytest.fixture(scope="module")
def made() -> Planted:
    return planted(20_261_129)


@pytest.fixture(scope="module")
def found(made: Planted) -> dict[str, Influencer]:
    return profiles(made.mentions)


def test_precision_and_recall_on_planted_authors(made: Planted, found: dict[str, Influencer]) -> None:
    assert Counter(made.signs.values()) == {"repeated_text": 8, "shared_text": 18, "rate": 5, "day_round": 5}
    told = {(author, one["kind"]) for author, profile in found.items() for one in profile["signals"]}
    right = told & set(made.signs.items())
    assert len(right) / len(told) >= 0.95, sorted(told - right)
    assert len(right) / len(made.signs) >= 0.95, sorted(set(made.signs.items()) - right)
    assert {author for author, _ in told} <= set(made.signs), "people and outlets give no signal"


def test_signals_lower_the_score_and_name_their_evidence(made: Planted, found: dict[str, Influencer]) -> None:
    whose = {one["id"]: f"{one['platform']}:{one['author_id']}" for one in made.mentions}
    for author, profile in found.items():
        assert (profile["score_spam"] < 0) == bool(profile["signals"])
        for signal in profile["signals"]:
            assert signal["observed"] >= signal["limit"] > 0
            assert signal["samples"]
            assert {whose[post] for post in signal["samples"]} == {author}
            if signal["kind"] == "shared_text":
                ring = author.rpartition("x")[0]
                assert len(signal["authors"]) >= 2
                assert all(other.rpartition("x")[0] == ring for other in signal["authors"])


def of(platform: str, posts: list[Mention]) -> list[str]:
    row = new_row(platform)
    for number, partial in enumerate(partials(posts, 7)):
        row = added(row, partial, number)
    return [one["kind"] for one in signals(row, "x:a")]


def test_a_rate_is_a_signal_from_so_many_posts_in_so_many_hours_on() -> None:
    def posts(hours: int, each: int, platform: str = "x") -> list[Mention]:
        return [
            said(h * 1000 + n, "a", h * HOUR + n * 1000, f"kata{h}x{n}", platform=platform)
            for h in range(hours)
            for n in range(each)
        ]

    assert of("x", posts(BUSY_HOURS, BUSY)) == ["rate"]
    assert of("x", posts(BUSY_HOURS - 1, BUSY)) == []
    assert of("x", posts(BUSY_HOURS, BUSY - 1)) == []
    assert of("news", posts(BUSY_HOURS, BUSY, "news")) == [], "a byline of news is a desk"


def test_being_awake_is_counted_day_by_day() -> None:
    def posts(hours: list[int]) -> list[Mention]:
        return [said(n, "a", hour * HOUR, f"kata{n}") for n, hour in enumerate(hours)]

    two_days = [*range(AWAKE), *range(24, 24 + AWAKE)]
    assert of("x", posts(two_days)) == ["day_round"]
    assert of("x", posts(two_days[:-1])) == []
    assert of("x", posts([day * 24 + (day * 3) % 24 for day in range(20)])) == [], "irregular, but asleep"
    day_alone = [
        said(n, "a", hour * HOUR, f"k{n}", published_precision="day") for n, hour in enumerate(two_days)
    ]
    assert of("x", day_alone) == [], "of these the hour is not known"


def test_repeating_oneself_asks_for_many_and_for_half_of_all() -> None:
    def posts(repeats: int, others: int, text: str = "beli sekarang") -> list[Mention]:
        again = [said(n, "a", n * HOUR, f"{text} {n}") for n in range(repeats + 1)]
        return [*again, *(said(100 + n, "a", n * HOUR, f"kata{n}") for n in range(others))]

    assert of("x", posts(REPEATS, 0)) == ["repeated_text"]
    assert of("x", posts(REPEATS - 1, 0)) == []
    assert of("x", posts(REPEATS, REPEATS + 1)) == []
    assert of("x", posts(REPEATS * 2, 0, "RT @lain: beli")) == [], "marked as another one's"


def test_what_was_repeated_before_the_window_counts_no_more() -> None:
    posts = [said(n, "a", n // 2 * 24 * HOUR, f"beli sekarang {n}") for n in range(100)]
    row = new_row("x")
    for number, partial in enumerate(partials(posts, 1)):
        row = added(row, partial, number)
    (signal,) = signals(row, "x:a")
    assert signal["observed"] == 2 * rows.WINDOW
    assert signal["explanation"].startswith("60 of 60 posts")
    assert set(signal["samples"]) <= {f"x:{n}" for n in range(95, 100)}


def test_copying_others_asks_for_several_texts_and_for_half_of_what_is_compared() -> None:
    def row(copies: int, originals: int, began: str = "x:b") -> list[str]:
        made = new_row("x")
        (post,) = partials([said(0, "a", 0, "kata")])
        joined: list[Joined] = [
            {"story_id": f"{n}", "author": began, "post_id": f"x:{n}"} for n in range(min(copies, SHARED * 2))
        ]
        told: AuthorPartial = {
            **post,
            "mentions": 0,
            "copies": copies,
            "originals": originals,
            "joined": joined,
        }
        return [one["kind"] for one in signals(added(added(made, post, 0), told, 1), "x:a")]

    assert row(SHARED, SHARED) == ["shared_text"]
    assert row(SHARED - 1, 0) == []
    assert row(SHARED, SHARED + 1) == []
    assert row(SHARED, 0, "x:a") == []
    assert START % rows.DAY_MS == 0
