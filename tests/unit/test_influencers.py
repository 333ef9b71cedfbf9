"""Profiles: what is counted, how the score comes about, what is bounded, and that neither batches nor crashes change anything."""

import random
from typing import Any

import orjson
import pytest

from processors.logic.influencers import rows
from processors.logic.influencers.partials import MAX_NAME, MAX_SUBJECTS, MAX_TEXTS, AuthorFold
from processors.logic.influencers.profile import mood, profile_url
from processors.logic.influencers.rows import LATE, added, new_row
from processors.logic.influencers.score import ECHO, score
from processors.logic.reposts import is_repost
from schemas.events import AuthorPartial, Influencer, Mention
from schemas.topics import MAX_RECORD_BYTES
from tests.support.profiling import START, Profiler, partials, said, told_to_stories
from tests.support.stages import CODEC
from tests.support.storytelling import Teller

HOUR = 3_600_000
DAY = 24 * HOUR
LONG = "saham bank naik tajam setelah laba kuartal ini melampaui perkiraan para analis di bursa"
PARTS = ("reach", "engagement", "originality", "activity", "echo", "spam")


def profile(*posts: Mention) -> Influencer:
    profiler = Profiler()
    profiler.tell(*partials(posts))
    (found,) = profiler.latest().values()
    return found


def test_a_profile_adds_up_what_its_author_wrote_and_knows_it_as_collected_last() -> None:
    found = profile(
        said(1, "a", 0, "satu", author_followers=100, author_handle="lama", likes=4, shares=None, comments=None),
        said(2, "a", 2, "dua", author_followers=200, author_handle="baru", symbols=["BBCA.JK"], likes=2,
             shares=1, comments=1, sentiment="positive"),
        said(3, "a", 1, "RT @b: tiga", author_name="Ani", symbols=["BBCA.JK"], hashtags=["ihsg"],
             likes=None, shares=None, comments=None, sentiment="negative"),
        said(4, "a", 3 * DAY, "empat", likes=None, shares=None, comments=None),
    )  # fmt: skip
    assert (found["id"], found["platform"], found["handle"], found["name"]) == ("x:a", "x", "baru", "Ani")
    assert (found["followers"], found["profile_url"]) == (200, "https://x.com/baru")
    assert (found["mentions"], found["reposts"], found["active_days"]) == (4, 1, 2)
    assert (found["positive"], found["negative"], found["neutral"]) == (1, 1, 2)
    assert (found["engagement"], found["engagement_rate"]) == (8, 8 / 2 / 200)
    assert found["topics"] == {"symbol:BBCA.JK": 2, "hashtag:ihsg": 1}
    assert (found["last_activity"], found["updated_at"]) == (START + 3 * DAY, START + 3 * DAY + 1000)
    assert (found["originality"], found["sentiment_influence"], found["signals"]) == (None, "neutral", [])


def test_nobody_is_told_of_where_nobody_is_known_to_have_written() -> None:
    unsigned = said(1, "a", 0, "satu", author_id=None, author_name=None)
    assert partials([unsigned]) == []
    assert [one["author"] for one in partials([said(1, "a", 0, "satu"), unsigned])] == ["x:a"]


def test_a_partial_is_bounded_and_tells_the_most_repeated_texts() -> None:
    fold = AuthorFold()
    for number in range(200):
        tags = [f"tag{number}", f"also{number}"]
        fold.add(said(number, "a", number, f"kata{number} sendiri", hashtags=tags), f"kata{number}")
    fold.add(said(300, "a", 1, "kata150 sendiri"), "kata150")
    (partial,) = fold.partials(9)
    assert (partial["mentions"], len(partial["subjects"])) == (201, MAX_SUBJECTS)
    assert len(partial["texts"]) == MAX_TEXTS
    assert partial["texts"][0]["posts"] == 2
    assert len(partial["samples"]) == 5


def test_endless_names_ids_and_tags_stay_out_of_what_must_fit_in_a_record() -> None:
    endless = "y" * 100_000
    assert partials([said(1, endless, 0, LONG)]) == []
    post = said(1, "a", 0, LONG, id=f"x:{endless}", author_name=endless, hashtags=[endless, "ihsg"])
    (partial,) = partials([post])
    assert (partial["mentions"], partial["samples"], partial["subjects"]) == (1, [], {"hashtag:ihsg": 1})
    assert len(CODEC.encode("author_partial", partial)) < 2_000
    post = {**post, "hashtags": []}
    teller = Teller()
    teller.tell_all(told_to_stories([post, said(2, endless, 1, LONG), {**post, "id": f"x:z{endless}"}]), 3)
    assert [one["author"] for one in teller.author_partials] == ["x:a"]
    assert teller.author_partials[0]["repeats"] == 1
    assert teller.author_partials[0]["joined"] == []


@pytest.mark.parametrize("text", ["RT @ani: naik", "rt  @ani naik", "“RT @ani: naik”"])
def test_a_repost_is_told_by_its_mark(text: str) -> None:
    assert is_repost(text)
    assert not is_repost(text.replace("@", ""))
    assert not is_repost(f"baca {text}")


@pytest.mark.parametrize(
    ("follows", "told"),
    [
        ((0, 0, 0), "neutral"),
        ((1, 0, 2), "positive"),
        ((0, 1, 3), "neutral"),
        ((3, 1, 0), "positive"),
        ((2, 1, 0), "mixed"),
        ((1, 2, 3), "mixed"),
        ((1, 3, 4), "negative"),
    ],
)
def test_the_mood_of_what_follows(follows: tuple[int, int, int], told: str) -> None:
    assert mood(*follows) == told


@pytest.mark.parametrize(
    ("platform", "handle", "url"),
    [
        ("x", "@ani_1", "https://x.com/ani_1"),
        ("reddit", "ani", "https://www.reddit.com/user/ani"),
        ("news", "ani", None),
        ("x", None, None),
        ("x", "ani/../b", None),
        ("x", "Ani Budi", None),
    ],
)
def test_a_profile_has_an_address_where_it_follows_from_the_handle(
    platform: str, handle: str | None, url: str | None
) -> None:
    assert profile_url(platform, handle) == url


def test_copies_and_answers_by_others_follow_whoever_began_the_story() -> None:
    teller = Teller()
    posts = [
        said(0, "a", 0, LONG),
        said(1, "b", 1, f"RT @a: {LONG}", sentiment="negative"),
        said(2, "c", 2, LONG, sentiment="negative"),
        said(3, "a", 3, LONG, sentiment="positive"),
        said(4, "d", 4, "tidak setuju sama sekali dengan pendapat ini karena harga sudah terlalu tinggi sekarang",
             parent_id="x:0", sentiment="negative"),
        said(5, "a", 5, "terima kasih banyak atas tanggapan anda semua di sini saya akan menulis lagi besok pagi",
             parent_id="x:0", sentiment="positive"),
        said(6, "d", 6, "jawaban atas salinan bukan jawaban atas tulisan yang pertama kali memulai cerita panjang ini",
             parent_id="x:2", sentiment="positive"),
    ]  # fmt: skip
    teller.tell_all(told_to_stories(posts), 2)
    profiler = Profiler()
    profiler.tell(*partials(posts), *teller.author_partials)
    found = profiler.latest()
    first = found["x:a"]
    assert (first["follow_positive"], first["follow_negative"], first["follow_neutral"]) == (0, 3, 0)
    assert first["sentiment_influence"] == "negative"
    assert (first["originals"], first["repeats"], first["copies"], first["marked"]) == (2, 1, 0, 0)
    assert (found["x:b"]["marked"], found["x:c"]["copies"], found["x:d"]["originals"]) == (1, 1, 2)
    assert found["x:b"]["originality"] == 0
    assert sum(one["follow_positive"] + one["follow_negative"] for one in found.values()) == 3
    assert first["score_echo"] > 0


def test_what_follows_somebody_forgotten_is_no_profile() -> None:
    (post,) = partials([said(1, "a", 0, "satu")])
    follows: AuthorPartial = {**post, "mentions": 0, "follow_positive": 1}
    profiler = Profiler()
    profiler.tell(follows)
    assert profiler.sent == []
    profiler.tell(post, follows)
    assert profiler.latest()["x:a"]["follow_positive"] == 1


def test_the_parts_sum_to_the_score_whatever_was_written() -> None:
    for one in everything().latest().values():
        parts = [one[f"score_{part}"] for part in PARTS]  # type: ignore[literal-required]  # fields, all of them
        assert sum(parts) == pytest.approx(one["score"], abs=1e-9)
        assert 0 <= one["score"] <= 100
        assert all(part >= 0 for part in parts[:-1])
        assert parts[-1] <= 0


def test_the_parts_grow_with_what_they_measure_and_no_further_than_they_may() -> None:
    many = {"author_followers": 50_000_000, "likes": 10_000_000}
    post = partials([said(n, "a", n * DAY, "kata", **many) for n in range(30)], 1)
    row = new_row("x")
    for partial in post:
        row = added(row, {**partial, "originals": 10_000, "follow_neutral": 5_000}, 0)
    assert score(row, 0)[:2] == (30, 25)
    assert score(row, 0).originality == pytest.approx(20, abs=0.01)
    assert score(row, 0)[3:] == (10, 15, 0)
    assert score(row, 0).sum == 100
    assert [score(row, signs).sum for signs in (1, 2, 3, 4)] == pytest.approx([66.67, 33.33, 0, 0], abs=0.01)
    assert str(score(new_row("x"), 0).spam) == "0.0"
    small = partials([said(1, "a", 0, "kata", author_followers=100, likes=1)])[0]
    parts = score(added(new_row("x"), small, 0), 0)
    assert 0 < parts.reach < 30
    assert 0 < parts.engagement < 25


def test_what_is_long_ago_counts_less_and_after_thirty_days_not_at_all() -> None:
    (early,) = partials([said(1, "a", 0, "satu")])
    follows: AuthorPartial = {**early, "follow_neutral": 40}
    (later,) = partials([said(2, "a", 20 * DAY, "dua")])
    row = added(new_row("x"), follows, 0)
    decayed = added(row, later, 1)
    assert 0 < score(decayed, 0).echo < score(row, 0).echo < ECHO
    assert rows.total(decayed, rows.MENTIONS) == 2
    (last,) = partials([said(3, "a", 30 * DAY, "tiga")])
    gone = added(decayed, last, 2)
    assert score(gone, 0).echo == 0
    assert rows.total(gone, rows.MENTIONS) == 2
    late = added(gone, early, 3)
    assert late[LATE] == 1
    assert rows.total(late, rows.MENTIONS) == 2
    assert late[rows.LAST_ACTIVITY] == START + 30 * DAY


def mentions_of_many(seed: int, count: int, authors: int) -> list[Mention]:
    dice = random.Random(seed)
    return [
        said(
            number,
            f"a{int(dice.paretovariate(1)) % authors}",
            number * 7 * 60_000 + dice.randrange(3 * DAY),
            " ".join(dice.choices(["naik", "turun", "saham", "laba", "rugi", "bank"], k=dice.randint(1, 9))),
            author_followers=dice.choice([None, 10, 5_000]),
            likes=dice.choice([None, 0, 300]),
            sentiment=dice.choice(["positive", "negative", "neutral"]),
            hashtags=[f"t{dice.randrange(9)}"],
        )
        for number in range(count)
    ]


def told_all() -> list[AuthorPartial]:
    posts = mentions_of_many(4, 700, 90)
    teller = Teller()
    teller.tell_all(told_to_stories(posts), 100)
    made = [*partials(posts, 20), *teller.author_partials]
    random.Random(1).shuffle(made)
    return made


def everything(**settings: Any) -> Profiler:
    profiler = Profiler(**settings)
    profiler.tell_all(told_all(), 100)
    return profiler


@pytest.mark.parametrize("kept", [12, 50_000])
def test_batches_and_crashes_change_nothing(kept: int) -> None:
    made = told_all()
    plain = Profiler(authors_kept=kept)
    plain.tell_all(made, len(made))
    dice = random.Random(3)
    killed = Profiler(authors_kept=kept)
    at = 0
    while at < len(made):
        size = dice.randint(1, 80)
        if dice.random() < 0.3:
            killed.tell(*made[at : at + size], commit=False)
            killed.crash()
        killed.tell(*made[at : at + size])
        at += size
        if dice.random() < 0.3:
            killed.crash()
    assert killed.rows("authors") == plain.rows("authors")
    assert last(killed) == last(plain)
    assert (len(plain.rows("authors")) == 12) == (kept == 12)


def last(profiler: Profiler) -> dict[str, Influencer]:
    return {one["id"]: one for one in profiler.sent}


def test_the_longest_silent_is_forgotten_and_comes_back_above_what_was_published() -> None:
    profiler = Profiler(authors_kept=10)
    profiler.tell(*partials([said(n, f"a{n}", n, "kata", author_followers=5) for n in range(10)]))
    profiler.tell(*partials([said(10, "a0", 10, "kata")]))
    before = profiler.latest()["x:a1"]
    profiler.tell(*partials([said(11, "new", 11, "kata")]))
    assert len(profiler.rows("authors")) == 10
    assert "x:a1" not in profiler.rows("authors")
    assert profiler.rows("authors")["x:a0"]
    profiler.tell(*partials([said(12, "a1", 12, "kata")]))
    again = profiler.latest()["x:a1"]
    assert (again["mentions"], again["followers"]) == (1, None)
    assert again["revision"] > before["revision"]
    # In one batch more authors than are kept: of each the last state is told.
    profiler.tell(*partials([said(100 + n, f"b{n}", HOUR + n, "kata") for n in range(25)]))
    assert len(profiler.rows("authors")) == 10
    assert {f"x:b{n}" for n in range(25)} <= set(profiler.latest())


def test_texts_that_differ_in_a_word_of_many_are_one() -> None:
    words = LONG.split()
    texts = [LONG, *(" ".join([*words[:at], "sangat", *words[at:]]) for at in (3, 8)), " ".join(words[:6])]
    row = new_row("x")
    for number, text in enumerate(texts):
        (post,) = partials([said(number, "a", number, text)])
        row = added(row, post, number)
    assert sorted(posts for posts, _, _ in row[rows.TEXTS].values()) == [1, 3]
    assert set(max(row[rows.TEXTS].values())[2]) == {"x:0", "x:1", "x:2"}


def test_a_row_is_bounded_whatever_its_author_does() -> None:
    row = new_row("x")
    for number in range(1_000):
        name = f"{number:0>{MAX_NAME - 9}}"
        tags = [f"{name}{tag}" for tag in range(MAX_SUBJECTS)]
        (post,) = partials([said(number, "a", number * HOUR, f"k{number}", id=f"x:{name}", hashtags=tags)])
        joined = {"story_id": f"{number}", "author": f"x:{name}", "post_id": f"x:{name}"}
        row = added(row, {**post, "joined": [joined]}, number)  # type: ignore[list-item]
    assert len(row[rows.DAYS]) == rows.WINDOW
    assert len(row[rows.TEXTS]) == rows.MAX_TEXTS
    assert len(row[rows.JOINED]) == rows.MAX_JOINED
    assert len(orjson.dumps(row)) < MAX_RECORD_BYTES / 2
    assert all(len(day[rows.SUBJECTS]) <= 2 * rows.MAX_SUBJECTS for day in row[rows.DAYS].values())


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on() -> None:
    (post,) = partials([said(1, "a", 0, "satu")])
    profiler = Profiler()
    profiler.raw(
        (b"x:a", b"garbage"),
        (b"x:a", None),
        (b"x:b", CODEC.encode("author_partial", post)),
        (b"", CODEC.encode("author_partial", {**post, "author": ""})),
        (b"x:a", CODEC.encode("author_partial", post)),
    )
    assert [letter["reason"] for letter in profiler.letters] == ["undecodable"] * 2 + ["invalid"] * 2
    assert [one["mentions"] for one in profiler.sent] == [1]
