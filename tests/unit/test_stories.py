"""Which posts make a story, what is told of it, and that neither batches nor crashes change anything."""

import random
from collections import Counter
from typing import Any

import pytest

from processors.logic.stories.fingerprints import watermark_fingerprint
from processors.logic.stories.rows import AUTHORS, MAX_TEXTS, story_id
from processors.logic.watermarks import echo
from schemas.events import Fingerprint, StoryLink
from tests.support.reprints import reprints
from tests.support.stages import CODEC
from tests.support.storytelling import HOUR, MINUTE, START, Teller, fingerprint, fingerprints

SAID = (
    "saham bank naik tajam setelah laba kuartal ini melampaui perkiraan para analis di bursa efek "
    "dan manajemen menaikkan dividen untuk tahun depan"
)
OTHER = (
    "harga cabai di pasar turun karena panen raya di sejumlah daerah membuat pasokan melimpah "
    "sejak awal pekan kata pedagang yang ditemui kemarin"
)


def by_post(teller: Teller) -> dict[str, StoryLink]:
    return {link["post_id"]: link for link in teller.links}


def counted(teller: Teller) -> Counter[Any]:
    """Copies by subject, platform, minute and whether only the day is known."""
    copies: Counter[Any] = Counter()
    for one in teller.partials:
        subject = f"{one['subject_kind']}:{one['subject']}"
        copies[subject, one["platform"], one["bucket"], one["day_only"]] += one["copies"]
    return +copies


def test_a_copy_joins_the_story_of_its_original_and_is_counted_under_its_own_subjects() -> None:
    teller = Teller()
    first = fingerprint(SAID, 0, sentiment="positive", url="https://a/1")
    copy = fingerprint(
        f"RT @wire: {SAID}", 7, platform="x", source="feed", sentiment="negative", subjects=["hashtag:ihsg"]
    )
    teller.tell(first, fingerprint(OTHER, 1))
    teller.tell(copy)
    links = by_post(teller)
    assert [links[f"news:{number}"]["is_copy"] for number in (0, 1, 7)] == [False, False, True]
    assert links["news:7"]["story_id"] == links["news:0"]["story_id"] == story_id("news:0")
    assert links["news:7"]["similarity"] == 1
    story = teller.latest()[story_id("news:0")]
    assert (story["post_id"], story["url"], story["excerpt"]) == ("news:0", "https://a/1", SAID)
    assert (story["copies"], story["authors"], story["revision"]) == (1, 2, 2)
    assert (story["positive"], story["negative"], story["neutral"]) == (1, 1, 0)
    assert story["subjects"] == ["symbol:BBCA.JK", "hashtag:ihsg"]
    assert story["sources"] == {"news/wire": 1, "x/feed": 1}
    assert (story["first_seen"], story["last_seen"]) == (START, START + 7 * MINUTE)
    at = START + 7 * MINUTE
    assert counted(teller) == {("all:", "x", at, False): 1, ("hashtag:ihsg", "x", at, False): 1}
    for one in teller.partials:
        assert one["mentions"] == one["positive"] == one["negative"] == one["neutral"] == 0
        assert one["source_partition"] == echo(3)


def test_copies_of_which_the_day_alone_is_known_are_counted_so() -> None:
    teller = Teller()
    teller.tell(fingerprint(SAID, 0), fingerprint(SAID, 1, day_only=True))
    assert {key[3] for key in counted(teller)} == {True}


def test_how_far_it_is_follows_the_copies_and_is_told_when_it_changes_only() -> None:
    teller = Teller()
    told = [fingerprint(SAID, 0), fingerprint(SAID, 4), watermark_fingerprint(0, START + HOUR, 9, idle=False)]
    teller.tell(*told)
    *copies, _, _, _, _ = teller.partials
    assert {one["subject_kind"] for one in copies} == {"all", "symbol"}
    assert all(one["watermark"] == 0 for one in copies), "they are no word that all before it is counted"
    for one in teller.partials[-4:]:
        assert (one["subject_kind"], one["source_partition"]) == ("watermark", echo(0))
        assert (one["watermark"], one["idle"]) == (START + HOUR, False)
    teller.partials.clear()
    teller.tell(watermark_fingerprint(0, START + HOUR, 20, idle=False))
    assert teller.partials == []
    teller.tell(fingerprint(SAID, 8), watermark_fingerprint(0, START + HOUR, 30, idle=True))
    copies, told_idle = teller.partials[:-4], teller.partials[-4:]
    assert {(one["watermark"], one["idle"]) for one in copies} == {(START + HOUR, False)}
    assert {(one["watermark"], one["idle"]) for one in told_idle} == {(START + HOUR, True)}


def told_all() -> list[Fingerprint]:
    made = fingerprints(reprints(5, 500, share=0.5))
    for number in range(0, 500, 25):
        made.insert(number, watermark_fingerprint(number % 4, START + number * MINUTE, number, idle=False))
    return made


def outcome(teller: Teller) -> tuple[Any, ...]:
    told: dict[int, tuple[int, bool]] = {}
    for one in teller.partials:
        if one["subject_kind"] == "watermark":
            told[one["source_partition"]] = (one["watermark"], one["idle"])
    # Of a story that was forgotten and began anew the first life ended with a revision, too.
    return teller.links, {one["id"]: one for one in teller.stories}, counted(teller), told


@pytest.mark.parametrize("kept", [40, 50_000])
def test_batches_and_crashes_change_nothing(kept: int) -> None:
    made = told_all()
    plain = Teller(stories_kept=kept)
    plain.tell_all(made, len(made))
    assert sum(link["is_copy"] for link in plain.links) > 100
    dice = random.Random(3)
    killed = Teller(stories_kept=kept)
    at = 0
    while at < len(made):
        size = dice.randint(1, 60)
        if dice.random() < 0.3:
            killed.tell(*made[at : at + size], commit=False)
            killed.crash()
        killed.tell(*made[at : at + size])
        at += size
        if dice.random() < 0.3:
            killed.crash()
    assert outcome(killed) == outcome(plain)
    for table in ("texts", "told"):
        assert killed.rows(table) == plain.rows(table)
    # The sketch of some authors may be written in several ways; what it says was compared above.
    assert without_authors(killed) == without_authors(plain)


def without_authors(teller: Teller) -> dict[str, Any]:
    return {key: [*row[:AUTHORS], *row[AUTHORS + 1 :]] for key, row in teller.rows("stories").items()}


def test_what_is_remembered_is_bounded_and_the_longest_quiet_goes_first() -> None:
    teller = Teller(stories_kept=10)
    made = [one for one in reprints(9, 60, share=0) if len(one.text.split()) > 40]
    posts = fingerprints(made)
    for number, one in enumerate(posts[:10]):
        teller.tell({**one, "post_id": f"news:{number}"})
    teller.tell({**posts[0], "post_id": "news:again"})
    teller.tell({**posts[10], "post_id": "news:10"})
    assert len(teller.rows("stories")) == 10
    assert story_id("news:1") not in teller.rows("stories")
    teller.tell({**posts[0], "post_id": "news:third"}, {**posts[1], "post_id": "news:late"})
    links = by_post(teller)
    assert links["news:third"]["story_id"] == story_id("news:0")
    assert not links["news:late"]["is_copy"], "its story is forgotten"
    teller.tell_all([{**one, "post_id": f"more{n}"} for n, one in enumerate(posts * 3)], 17)
    assert len(teller.rows("stories")) <= 10
    assert len(teller.rows("texts")) <= 10 * MAX_TEXTS


def test_a_copy_belongs_to_a_story_of_its_time_only() -> None:
    teller = Teller(story_hours=2)
    at = {"enriched_at": START}
    teller.tell(fingerprint(SAID, 0, **at))
    teller.tell(fingerprint(SAID, 1, event_at=START + 3 * HOUR, **at))
    teller.tell(fingerprint(SAID, 2, event_at=START - HOUR, **at))
    assert [link["is_copy"] for link in teller.links] == [False, False, True]
    assert teller.links[2]["story_id"] == story_id("news:0")
    # Replayed or not, what nobody has copied for so long while it could be heard is forgotten.
    teller.tell(fingerprint(SAID, 3, enriched_at=START + 3 * HOUR))
    assert not teller.links[3]["is_copy"]
    assert set(teller.rows("stories")) == {story_id("news:3")}


def test_copies_of_a_changed_copy_are_found_but_texts_of_a_story_stay_few() -> None:
    teller = Teller()
    dice = random.Random(1)
    words = [f"kata{number}" for number in range(60)]
    for number in range(30):
        teller.tell(fingerprint(" ".join(words), number))
        words[dice.randrange(60)] = f"lain{number}"
    assert all(link["is_copy"] for link in teller.links[1:12])
    assert len(teller.rows("texts")) <= MAX_TEXTS * len(teller.rows("stories"))


def test_boilerplate_makes_no_story() -> None:
    teller = Teller()
    tail = " ".join(f"langganan{number}" for number in range(30))
    bodies = [" ".join(f"berita{number}x{word}" for word in range(12)) for number in range(60)]
    teller.tell_all([fingerprint(f"{body} {tail}", number) for number, body in enumerate(bodies)], 7)
    late = teller.links[30:]
    assert not any(link["is_copy"] for link in late), "what many print is not what a story is told by"
    teller.tell(fingerprint(f"{bodies[59]} {tail}", 99))
    assert teller.links[-1]["story_id"] == teller.links[59]["story_id"]


def test_a_post_that_is_told_again_begins_no_second_story_of_the_same_id() -> None:
    teller = Teller()
    teller.tell(fingerprint(SAID, 0), fingerprint(OTHER, 0))
    assert [link["is_copy"] for link in teller.links] == [False, True]
    assert [story["copies"] for story in teller.latest().values()] == [1]


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on() -> None:
    teller = Teller()

    whole = fingerprint(SAID, 0)
    broken = [
        {**whole, "signature": whole["signature"][:-1]},
        {**whole, "shingles": 1},
        {**whole, "signature": b"", "shingles": 0},
        {**whole, "sentiment": "angry"},
        {**whole, "post_id": ""},
    ]
    teller.raw(
        (b"a", b"garbage"),
        (b"b", None),
        *((b"c", CODEC.encode("fingerprint", one)) for one in broken),
        (b"news:0", CODEC.encode("fingerprint", whole)),
    )
    assert [letter["reason"] for letter in teller.letters] == ["undecodable"] * 2 + ["invalid"] * 5
    assert [link["post_id"] for link in teller.links] == ["news:0"]
