"""Crowds, archives, partitions far behind and authors with many pairs neither fill what is watched nor hide a burst in it."""

import random

from tests.support.planted_pairs import DAY, HOUR, MINUTE, START
from tests.support.watching import Watcher, background, post

STEP = 5 * MINUTE


def test_the_few_posts_of_an_archive_do_not_make_known_what_is_usual_of_many() -> None:
    live = START + 72 * HOUR
    # Every fifth post says the same two words, as they do in any hour.
    posts = [post(number, START + number * HOUR // 2, f"a{number} b{number}") for number in range(144)]
    posts += [
        post(
            1_000 + number,
            live + number * 12_000,
            f"{('rapat kabinet' if number % 5 else 'harga saham')} c{number}",
        )
        for number in range(300 * 30)
    ]
    at = live + 24 * HOUR
    burst = [post(20_000 + number, at + number * 10_000, f"gempa bandung d{number}") for number in range(20)]
    watcher = Watcher()
    watcher.tell_all(sorted([*posts, *burst], key=lambda one: one.event_at), 300)
    watcher.restart()
    watcher.tell((), at + DAY)
    assert watcher.unusual() == {"bandung gempa"}


def test_memory_is_bounded_whatever_the_vocabulary_and_a_burst_is_still_found() -> None:
    dice = random.Random(1)
    watcher = Watcher(most=10_000)
    posts = [
        # Twelve words that nobody else says: 66 pairs.
        post(number, START + number * 3_000, " ".join(f"k{number}x{one}" for one in range(12)))
        for number in range(16_000)
    ]
    distinct = 66 * len(posts)
    assert distinct > 1_000_000
    at = START + 12 * HOUR
    posts += [
        post(20_000 + number, at + dice.randrange(20 * MINUTE), f"gempa bandung c{number}")
        for number in range(25)
    ]
    posts.sort(key=lambda one: one.event_at)
    for start in range(0, len(posts), 1_000):
        part = posts[start : start + 1_000]
        watcher.tell(part, part[-1].event_at)
        assert len(watcher.watch) <= 10_000
        assert sum(map(len, watcher.tables["sketches"].values())) < 1_200_000
        assert max(map(len, watcher.tables["sketches"].values()), default=0) < 200_000
        assert sum(map(len, watcher.tables["wordings"].values())) < 3_000_000
    assert watcher.unusual() == {"bandung gempa"}


def test_posts_of_a_partition_far_behind_do_not_fill_the_memory() -> None:
    watcher = Watcher(most=1_000)
    posts = [post(number, START + number * MINUTE, f"a{number} b{number}") for number in range(3_000)]
    at = START + 20 * HOUR
    posts += [post(5_000 + number, at + number * 20_000, f"gempa bandung c{number}") for number in range(12)]
    posts.sort(key=lambda one: one.event_at)
    for first in range(0, len(posts), 100):
        # Nothing is over yet, for another partition has not been read.
        watcher.tell(posts[first : first + 100], 0)
        assert len(watcher.watch) <= 1_000
    # What was closed before its time is told of whole, as far as it had come.
    assert watcher.unusual() == {"bandung gempa"}
    whole = watcher.of("bandung gempa", "1h")[-1]
    assert (whole["start"], whole["mentions"], whole["closed"]) == (at, 12, True)
    trends = len(watcher.trends)
    # What comes of it now is left out; the newest hours are still open and count.
    late = [post(6_000 + number, at + number, f"gempa bandung d{number}") for number in range(12)]
    new = [
        post(7_000 + number, START + 49 * HOUR + number, f"rapat kabinet e{number}") for number in range(12)
    ]
    watcher.tell([*late, *new], START + 60 * HOUR)
    assert {one["subject"] for one in watcher.trends[trends:]} == {"kabinet rapat"}


def test_short_posts_that_say_the_same_words_weigh_three_at_most() -> None:
    at = START + 12 * HOUR
    usual = [post(100 + number, START + number * MINUTE, f"a{number} b{number}") for number in range(1_440)]
    same = [post(number, at + number * 1_000, "beli token murah") for number in range(20)]
    other = [post(50 + number, at + number * 1_000, f"beli token c{number}") for number in range(2)]
    for more, told_of in (((), set()), (other, {"beli token"})):
        watcher = Watcher()
        watcher.tell([*usual, *same, *more], at + 2 * HOUR)
        assert watcher.unusual(score=3.0) == told_of
        assert {one["mentions"] for one in watcher.trends} <= {22}
    scores = {(one["window"], one["revision"]): one["score"] for one in watcher.trends}
    # Five that weigh, in five minutes, the hour so far and the whole one.
    assert scores == {("5m", 1): 9.0, ("1h", 1): 9.0, ("1h", 12): 9.0}


def test_a_few_authors_with_many_pairs_push_out_no_pair_that_more_have_said() -> None:
    watcher = Watcher(tracked=15)
    at = START + 12 * HOUR
    usual = [post(number, START + number * 6_000, f"a{number} b{number}") for number in range(7_210)]
    real = [post(10_000 + number, at + number * 10_000, f"gempa bandung c{number}") for number in range(20)]
    spam = [
        post(
            20_000 + 6 * pair + number,
            at + 6 * MINUTE + pair * 5_000 + number,
            f"satu{pair} dua{pair}",
            author,
        )
        for pair in range(100)
        for number, author in enumerate(("x:one", "x:two", "x:three") * 2)
    ]
    spam = [one._replace(words=(*one.words, f"c{number}")) for number, one in enumerate(spam)]
    watcher.tell([*usual, *real, *spam], at + 2 * HOUR)
    assert "bandung gempa" in watcher.tables["pairs"]
    assert [one["revision"] for one in watcher.of("bandung gempa", "1h")][-1] == 12
    # Ten a window of theirs are heard, of all windows of the hour no more than that.
    of_spam = [one for one in watcher.trends if one["subject"] != "bandung gempa"]
    for window in {(one["window"], one["start"]) for one in of_spam}:
        told_of = {one["subject"] for one in of_spam if (one["window"], one["start"]) == window}
        assert 0 < len(told_of) <= (10 if window[0] == "5m" else 40)


def test_of_five_minutes_only_so_many_posts_are_counted_and_of_pairs_only_so_many_told() -> None:
    watcher = Watcher(each=10, tracked=2)
    at = START + 12 * HOUR
    # Four bursts in as many stretches of five minutes, each of 20 posts; one takes the place of those before.
    posts = [
        post(100 * burst + number, at + burst * STEP + number, f"satu{burst} dua{burst} c{number}")
        for burst in range(4)
        for number in range(20)
    ]
    watcher.tell([*background(12), *posts], at + HOUR)
    assert {one["mentions"] for one in watcher.trends} == {10}
    assert len({one["subject"] for one in watcher.trends}) == 4
    assert len(watcher.tables["pairs"]) == 2
