"""Pairs of words that suddenly occur together are found in their window, others are not, and nothing but time decides."""

import random
from functools import cache

import pytest

from processors.logic.pairs.wording import Wording
from tests.support.planted_pairs import DAY, HOUR, MINUTE, START, World, build, polled
from tests.support.watching import Watcher, background, post, told

STEP = 5 * MINUTE


@cache
def world() -> World:
    return build(3, days=2, an_hour=60, bursts=15, traps=8)


def watched(size: int) -> Watcher:
    watcher = Watcher()
    watcher.tell_all(world().posts, size)
    watcher.tell((), START + 3 * DAY)
    return watcher


def test_planted_bursts_are_found_within_five_minutes_after_they_stand_out_and_little_else() -> None:
    watcher = watched(200)
    bursts = [one for one in world().bursts if not one.trap]
    found = set()
    for burst in bursts:
        ends = [
            one["start"] + (one["revision"] if one["window"] == "1h" else 1) * STEP
            for one in watcher.trends
            if one["subject"] == burst.name and one["score"] >= 6 and one["start"] < burst.end
        ]
        # Told in the window that the burst stands in: an hour is told of every five minutes.
        if ends and min(ends) < burst.end + HOUR:
            found.add(burst.name)
    assert len(found) >= 0.9 * len(bursts)
    others = watcher.unusual() - {one.name for one in bursts}
    assert len(others) <= 2, others


def test_one_authors_posts_reprints_and_two_frequent_words_are_no_bursts() -> None:
    watcher = watched(200)
    traps = {one.name for one in world().bursts if one.trap}
    assert len(traps) == 8
    assert not watcher.unusual() & {*traps, "harga saham"}


def test_whatever_order_and_batches_posts_come_in_the_same_is_told() -> None:
    posts = list(world().posts)
    straight = told(watched(200).trends)
    dice = random.Random(5)
    for size in (37, 900):
        shuffled = Watcher()
        for at in range(0, len(posts), size):
            part = posts[at : at + size]
            last = part[-1].event_at
            dice.shuffle(part)
            shuffled.tell(part, last)
        shuffled.tell((), START + 3 * DAY)
        assert told(shuffled.trends) == straight
    late = Watcher()
    # All that was said comes before anything is over, as where one partition of posts is far behind.
    late.tell(dice.sample(posts, len(posts)), 0)
    late.tell((), START + 3 * DAY)
    assert told(late.trends) == straight


@pytest.mark.parametrize("sketched", [400, 5_000])
def test_a_restart_anywhere_changes_nothing(sketched: int) -> None:
    posts = world().posts
    straight = told(watched(200).trends)
    crashed = Watcher(sketched=sketched)
    for at in range(0, len(posts), 300):
        part = posts[at : at + 300]
        crashed.tell(part, part[-1].event_at)
        crashed.restart()
    crashed.tell((), START + 3 * DAY)
    assert told(crashed.trends) == straight
    # What the stored sketch has learnt of is not kept, and otherwise all is.
    assert bool(crashed.tables["sketches"]) == (sketched < len(posts))


def test_a_pair_has_its_figures() -> None:
    watcher = Watcher()
    at = START + 12 * HOUR
    burst = [post(number, at + number * MINUTE, f"gempa bandung c{number}") for number in range(8)]
    burst += [
        post(8, at + 8 * MINUTE, "gempa bandung c8", "x:a0"),
        post(9, at + 9 * MINUTE, "gempa bandung c0", None, copy=True),
    ]
    watcher.tell([*background(24), *burst], at + 2 * HOUR)
    first, second = watcher.of("bandung gempa", "5m")
    assert (first["mentions"], first["velocity"], first["revision"], first["closed"]) == (5, 0.0, 1, True)
    assert (second["mentions"], second["copies"], second["authors"]) == (5, 1, 4)
    assert second["velocity"] == 0.0
    hours = watcher.of("bandung gempa", "1h")
    assert [one["revision"] for one in hours] == [1, 2, 12]
    assert [one["mentions"] for one in hours] == [5, 10, 10]
    assert [one["closed"] for one in hours] == [False, False, True]
    whole = hours[-1]
    assert (whole["start"], whole["end"]) == (at, at + HOUR)
    assert (whole["copies"], whole["authors"], whole["positive"], whole["engagement"]) == (1, 8, 10, 20)
    assert (whole["platform"], whole["subject_kind"], whole["sources"]) == ("", "pair", {"feed": 10})
    assert whole["terms"]["gempa"] == whole["terms"]["bandung"] == 10
    assert whole["samples"]
    assert set(whole["samples"]) <= {f"x:{number}" for number in range(10)}
    # Nine posts that are no copies by eight authors, none of them more than twice, where none were usual.
    assert whole["score"] == pytest.approx((9 - 0.5) / 0.5)
    assert (whole["baseline"], whole["learnt"]) == (0, 12)


def test_a_pair_is_told_of_for_a_day_and_what_is_usual_of_it_is_learnt() -> None:
    watcher = Watcher()
    at = START + 12 * HOUR
    posts = background(72)
    posts += [post(number, at + number * MINUTE, f"gempa bandung c{number}") for number in range(8)]
    later = [at + 5 * HOUR, at + 40 * HOUR]
    posts += [post(100 + number, moment, "gempa bandung") for number, moment in enumerate(later)]
    watcher.tell_all(sorted(posts, key=lambda one: one.event_at), 20)
    closed = [one for one in watcher.of("bandung gempa", "1h") if one["closed"]]
    assert [one["start"] for one in closed] == [at, at + 5 * HOUR]
    assert closed[1]["baseline"] > 0
    assert closed[1]["score"] <= 0


def test_a_returning_pair_is_usual_after_a_few_days() -> None:
    watcher = Watcher()
    posts = background(96)
    posts += [
        post(hour * 10 + number, START + hour * HOUR + number * MINUTE, f"rapat kabinet c{number}")
        for hour in range(96)
        for number in range(5)
    ]
    watcher.tell_all(sorted(posts, key=lambda one: one.event_at), 50)
    assert watcher.unusual() == set()


def test_nothing_is_unusual_before_it_is_known_what_is_usual() -> None:
    watcher = Watcher()
    burst = [post(number, START + 3 * HOUR + number, f"gempa bandung c{number}") for number in range(50)]
    watcher.tell([*background(12), *burst], START + DAY)
    assert watcher.trends == []


def test_what_comes_after_its_window_is_left_out() -> None:
    watcher = Watcher()
    at = START + 12 * HOUR
    watcher.tell(background(12), at + 2 * HOUR)
    watcher.tell(
        [post(number, at - HOUR + number, f"gempa bandung c{number}") for number in range(20)], at + 3 * HOUR
    )
    assert watcher.trends == []


def test_bursts_are_found_where_sources_are_polled_and_the_clock_says_what_is_over() -> None:
    seen = polled(world(), 15 * MINUTE)
    watcher = Watcher()
    heard = watcher.tell_seen(seen)
    bursts = {one.name: one for one in world().bursts if not one.trap}
    assert len(watcher.unusual() & bursts.keys()) >= 0.9 * len(bursts)
    assert len(watcher.unusual() - bursts.keys()) <= 2
    # No post came too late, so the same is told as where all came at once, in time.
    assert told(one for _, one in heard) == told(watched(200).trends)
    assert all(now >= one["start"] + one["revision"] * STEP + 15 * MINUTE for now, one in heard)


def test_a_post_that_is_late_for_its_five_minutes_counts_in_its_hour() -> None:
    watcher = Watcher()
    at = START + 12 * HOUR
    burst = [post(number, at + number * 20_000, f"gempa bandung c{number}") for number in range(12)]
    watcher.tell([*background(24), *burst[6:]], at + 30 * MINUTE)
    watcher.tell(burst[:6], at + 40 * MINUTE)
    watcher.restart()
    watcher.tell((), at + 2 * HOUR)
    assert sum(one["mentions"] for one in watcher.of("bandung gempa", "5m")) == 6
    assert [one["mentions"] for one in watcher.of("bandung gempa", "1h")][-1] == 12


def test_after_a_long_silence_all_is_learnt_anew() -> None:
    watcher = Watcher()
    at = START + 60 * DAY
    watcher.tell(background(24), at)
    burst = [post(number, at + 2 * HOUR + number, f"gempa bandung c{number}") for number in range(20)]
    watcher.tell([*background(4, at), *burst], at + DAY)
    assert watcher.trends == []


def test_an_outage_teaches_nothing() -> None:
    def said(hours: range) -> list[Wording]:
        return [
            post(hour * 100 + number, START + hour * HOUR + number * MINUTE, f"rapat kabinet c{number}")
            for hour in hours
            for number in range(40)
        ]

    watcher = Watcher()
    watcher.tell_all([*said(range(48)), *said(range(480, 490))], 100)
    assert watcher.unusual() == set()
