"""Which stories make a topic, what is told of it, and that neither batches nor crashes change anything."""

import random
from collections import Counter
from typing import Any

import pytest

from processors.logic.topics.rate import HOUR_MS
from schemas.events import Story, StoryTurn
from tests.support.clustering import Clusterer, post, turn, watermark
from tests.support.stages import CODEC
from tests.support.subjects import MINUTE, START, story, written

GOLD = "Harga emas Antam naik ke rekor baru, kata analis #emas"
GOLD_AGAIN = "Rekor: harga emas Antam kembali naik pagi ini"
RICE = "Bulog impor beras menjelang panen raya di Jawa"
RICE_AGAIN = "Impor beras Bulog ditolak petani, panen raya dekat"


def named(number: int) -> str:
    return f"{number:032x}"


def test_a_topic_is_told_of_from_its_second_story_on_under_the_id_of_its_first() -> None:
    clusterer = Clusterer()
    clusterer.hear(story(0, GOLD, subjects=["hashtag:emas", "symbol:ANTM.JK"]), story(1, RICE))
    assert not clusterer.topics
    assert not clusterer.assignments
    clusterer.hear(story(2, GOLD_AGAIN, positive=2, negative=1, neutral=0))
    (topic,) = clusterer.topics
    assert (topic["id"], topic["stories"], topic["mentions"]) == (named(0), 2, 4)
    assert (topic["positive"], topic["negative"], topic["neutral"]) == (3, 1, 0)
    assert topic["hashtags"] == {"emas": 1}
    assert topic["words"]["harga"] == 4
    assert topic["words"]["analis"] == 1
    assert topic["sample_ids"] == [named(2), named(0)]
    assert (topic["first_seen"], topic["last_seen"]) == (START, START + 2 * MINUTE)
    assert clusterer.belonging() == {named(0): named(0), named(2): named(0)}
    similarity = {one["story_id"]: one["similarity"] for one in clusterer.assignments}
    assert similarity[named(0)] == 1
    assert 0.3 < similarity[named(2)] < 1
    clusterer.hear(story(3, RICE_AGAIN))
    assert clusterer.belonging()[named(3)] == named(1)


def test_more_posts_of_a_story_are_more_mentions_of_its_topic_and_no_new_assignment() -> None:
    clusterer = Clusterer()
    clusterer.hear(story(0, GOLD), story(1, GOLD_AGAIN))
    known = list(clusterer.assignments)
    clusterer.hear(
        story(
            0,
            GOLD,
            revision=5,
            positive=3,
            negative=2,
            last_seen=START + 9 * MINUTE,
            subjects=["hashtag:antam"],
        )
    )
    topic = clusterer.latest()[named(0)]
    assert (topic["stories"], topic["mentions"], topic["positive"], topic["negative"]) == (2, 6, 3, 3)
    assert topic["hashtags"] == {"antam": 5}
    assert topic["words"]["analis"] == 5
    assert topic["last_seen"] == START + 9 * MINUTE
    assert clusterer.assignments == known


def test_frequencies_are_bounded_and_hold_whole_words_only() -> None:
    clusterer = Clusterer()
    dice = random.Random(2)
    words = ["".join(dice.choices("abcdefghijkm", k=dice.randint(3, 7))) for _ in range(400)]
    for number in range(60):
        text = f"harga emas antam {' '.join(dice.sample(words, 14))}"
        clusterer.hear(story(number, text, subjects=[f"hashtag:{one}" for one in dice.sample(words, 9)]))
    topic = max(clusterer.latest().values(), key=lambda one: one["stories"])
    assert topic["stories"] > 50
    assert len(topic["hashtags"]) == 20
    assert len(topic["words"]) == 50
    assert min(map(len, topic["words"])) == 4
    assert list(topic["words"].values()) == sorted(topic["words"].values(), reverse=True)
    assert len(topic["terms"]) == 10
    assert len(topic["sample_ids"]) == 5


def outcome(clusterer: Clusterer) -> tuple[Any, ...]:
    tables = [dict(clusterer.rows(name)) for name in ("stories", "topics", "marks", "waiting", "reach")]
    return clusterer.latest(), clusterer.belonging(), clusterer.counted(), tables


def told_all() -> list[StoryTurn]:
    """Stories, posts of each and again of some, and how far partitions of posts are."""
    dice = random.Random(8)
    made: list[Story] = []
    turns: list[StoryTurn] = []
    for one in written(8, 330, subjects=10):
        made.append(story(one.number, one.text, subjects=[f"hashtag:s{one.subject}"]))
        turns.append(turn(made[-1], [post(one.number, made[-1]["last_seen"])]))
        if dice.random() < 0.3:
            again = dice.choice(made)
            now = START + one.number * MINUTE
            made.append(
                {**again, "positive": again["positive"] + 1, "last_seen": now, "updated_at": now + MINUTE}
            )
            turns.append(turn(made[-1], [post(10_000 + len(turns), now, is_copy=True)]))
        if one.number % 20 == 19:
            turns += [watermark(part, START + one.number * MINUTE, idle=part == 3) for part in range(4)]
    return turns


@pytest.mark.parametrize("kept", [100, 10_000])
def test_batches_and_crashes_change_nothing(kept: int) -> None:
    made = told_all()
    plain = Clusterer(topic_stories=kept)
    plain.tell_all(made, len(made))
    dice = random.Random(3)
    killed = Clusterer(topic_stories=kept)
    at = 0
    while at < len(made):
        size = dice.randint(1, 60)
        if dice.random() < 0.3:
            killed.tell(*made[at : at + size], commit=False)
            if dice.random() < 0.5:
                killed.crash()
        killed.tell(*made[at : at + size])
        at += size
        if dice.random() < 0.3:
            killed.crash()
    assert killed.belonging() == plain.belonging()
    assert outcome(killed) == outcome(plain)
    assert any(one["merged_into"] for one in killed.latest().values())
    # What is told of a topic that has not changed since it was, is what its stories say.
    sizes = Counter(row[4] for row in killed.rows("stories").values())
    for name, row in killed.rows("topics").items():
        assert row[2] == (name in killed.latest() and not killed.latest()[name]["merged_into"])
        if kept > len(made) and row[2]:
            assert killed.latest()[name]["stories"] == sizes[name]


def test_the_window_is_bounded_in_stories_and_what_is_forgotten_leaves_nothing() -> None:
    clusterer = Clusterer(topic_stories=50)
    clusterer.hear_all([story(one.number, one.text) for one in written(4, 400, subjects=8)], 30)
    assert len(clusterer.rows("stories")) == 50
    assert set(clusterer.rows("topics")) == {row[4] for row in clusterer.rows("stories").values()}


def test_stories_are_forgotten_by_event_time_once_enrichment_has_gone_on_too() -> None:
    clusterer = Clusterer(topic_hours=2)
    late = {"last_seen": START + 3 * HOUR_MS, "first_seen": START + 3 * HOUR_MS}
    clusterer.hear(story(0, GOLD), story(1, GOLD_AGAIN), story(2, GOLD, **late))
    assert named(2) not in clusterer.belonging(), "it is of another time"
    assert len(clusterer.rows("stories")) == 3, "partitions may be read this far apart"
    clusterer.hear(story(3, RICE, **late, updated_at=START + 3 * HOUR_MS))
    assert set(clusterer.rows("stories")) == {named(2), named(3)}
    assert clusterer.latest()[named(0)]["stories"] == 2, "what it was when it was last spoken of"


def test_a_topic_rises_and_falls() -> None:
    clusterer = Clusterer()
    quiet = [story(n, RICE, first_seen=START + n * HOUR_MS, last_seen=START + n * HOUR_MS) for n in range(30)]
    clusterer.hear_all(quiet, 1)
    at = START + 30 * HOUR_MS
    burst = [story(100 + n, GOLD, first_seen=at + n, last_seen=at + n) for n in range(20)]
    clusterer.hear(*burst)
    found = clusterer.latest()
    assert found[named(100)]["trending_score"] == (20 - 2) / 2
    assert found[named(0)]["trending_score"] < 0.5
    later = at + 3 * HOUR_MS
    clusterer.hear(story(200, RICE, first_seen=later, last_seen=later))
    assert clusterer.latest()[named(100)]["trending_score"] < 0, "it is told that a topic rises no more"


def test_topics_that_have_become_one_are_told_of_a_last_time() -> None:
    clusterer = Clusterer()
    clusterer.hear_all([story(one.number, one.text) for one in written(6, 500, subjects=12)], 40)
    merged = [topic for topic in clusterer.latest().values() if topic["merged_into"]]
    assert merged
    for topic in merged:
        assert topic["id"] not in clusterer.belonging().values()
        assert str(topic["merged_into"]) < topic["id"], "the older one's id stays"
        assert topic["stories"] > 1


def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on() -> None:
    clusterer = Clusterer()
    clusterer.raw(
        (b"a", b"garbage"),
        (b"b", None),
        (b"c", CODEC.encode("story_turn", turn(story(0, GOLD)))),
        (b"d", CODEC.encode("story_turn", turn(story(1, GOLD_AGAIN)))),
        (b"e", CODEC.encode("story_turn", turn(story(2, "!? 12")))),
        (b"f", CODEC.encode("story_turn", turn(story(3, "")))),
        (b"g", CODEC.encode("story_turn", {**turn(story(4, GOLD)), "kind": "tale"})),
    )
    assert [letter["reason"] for letter in clusterer.letters] == ["undecodable", "undecodable", "invalid"]
    assert [topic["stories"] for topic in clusterer.topics] == [2]
    assert len(clusterer.rows("stories")) == 4
    clusterer.crash()
    clusterer.hear(story(4, GOLD))
    assert clusterer.latest()[named(0)]["stories"] == 3
