"""What `stories` tells `topics`: every post of a story once, in an order in which nothing is over before all of it is told."""

from collections import Counter
from itertools import pairwise

from processors.logic.partials import TOTALS, WATERMARK
from processors.logic.stories.fingerprints import watermark_fingerprint
from processors.logic.stories.turns import MOST_POSTS, STORY
from schemas.codec import Codec
from schemas.registry import PinnedIds
from schemas.topics import MAX_RECORD_BYTES
from tests.support.reprints import reprints
from tests.support.storytelling import MINUTE, START, Teller, fingerprint, fingerprints

TEXT = "harga beras naik lagi di pasar induk cipinang menjelang bulan puasa tahun ini"


def test_every_post_of_a_story_is_told_once_with_its_story() -> None:
    teller = Teller()
    made = fingerprints(reprints(3, 300, share=0.45))
    teller.tell_all(made, 40)
    links = {one["post_id"]: (one["story_id"], one["is_copy"]) for one in teller.links}
    told = [(one["id"], post) for one in teller.turns for post in one["posts"]]
    assert len(told) == len(links)
    assert {post["post_id"]: (story, post["is_copy"]) for story, post in told} == links
    by_id = {one["post_id"]: one for one in made}
    for _, post in told:
        for name in ("platform", "source", "sentiment", "engagement", "event_at", "source_partition"):
            assert post[name] == by_id[post["post_id"]][name]
    latest = teller.latest()
    last = {one["id"]: one for one in teller.turns if one["kind"] == STORY}
    for name, one in last.items():
        for field in ("excerpt", "subjects", "positive", "negative", "neutral", "last_seen", "updated_at"):
            assert one[field] == latest[name][field]


def test_totals_come_first_and_count_what_says_too_little_then_stories_then_how_far_it_is() -> None:
    teller = Teller()
    teller.tell(watermark_fingerprint(0, START, START, idle=True))
    teller.turns.clear()
    teller.tell(
        fingerprint(TEXT, 4, event_at=START + MINUTE),
        watermark_fingerprint(0, START + MINUTE, START + 1, idle=False),
        fingerprint("naik lagi", 8, event_at=START + MINUTE),
        fingerprint("hari ini", 12, event_at=START + MINUTE, day_only=True),
        fingerprint(TEXT, 16, event_at=START + 2 * MINUTE),
        watermark_fingerprint(0, START + 2 * MINUTE, START + 2, idle=False),
    )
    of_all, story, read = teller.turns
    assert (of_all["kind"], story["kind"], read["kind"]) == (TOTALS, STORY, WATERMARK)
    assert of_all["totals"] == {f"{START + MINUTE} news": 2, f"{START + 2 * MINUTE} news": 1}
    assert (of_all["source_partition"], of_all["watermark"]) == (0, START), "as far as it was before"
    assert [post["post_id"] for post in story["posts"]] == ["news:4", "news:16"]
    assert (read["watermark"], read["idle"], read["updated_at"]) == (START + 2 * MINUTE, False, START + 2)


def test_that_a_partition_is_still_idle_is_told_again() -> None:
    teller = Teller()
    for said_at in (1, 5_000):
        teller.tell(watermark_fingerprint(2, START, START + said_at, idle=True))
    assert [(one["kind"], one["source_partition"], one["idle"]) for one in teller.turns] == [
        (WATERMARK, 2, True)
    ] * 2
    assert [one["updated_at"] for one in teller.turns] == [START + 1, START + 5_000]
    assert [one["watermark"] for one in teller.turns] == [START] * 2


def test_a_turn_fits_in_a_record_whatever_posts_are_called() -> None:
    teller = Teller(stories_batch=1_000)
    long = "é" * 9_000
    posts = [
        fingerprint(TEXT, number, post_id=f"news:{number}{long}", source=long, author=f"news:{long}")
        for number in range(2 * MOST_POSTS + 1)
    ]
    teller.tell(*posts)
    stories = [one for one in teller.turns if one["kind"] == STORY]
    assert [len(one["posts"]) for one in stories] == [MOST_POSTS, MOST_POSTS, 1]
    codec = Codec(PinnedIds())
    assert max(len(codec.encode("story_turn", one)) for one in stories) < MAX_RECORD_BYTES / 2
    counts = Counter(post["post_id"] for one in stories for post in one["posts"])
    assert set(counts.values()) == {1}
    assert not any(":" in post_id for post_id in counts)
    assert all(later["updated_at"] == earlier["updated_at"] for earlier, later in pairwise(stories))


def test_every_turn_of_a_story_names_a_partition_of_posts() -> None:
    teller = Teller(stories_kept=10)
    # Stories are forgotten and begun again within a batch: some turns have no posts of their own.
    teller.tell_all(fingerprints(reprints(5, 200, share=0.3)), 100)
    stories = [one for one in teller.turns if one["kind"] == STORY]
    assert {one["source_partition"] for one in stories} == {0, 1, 2, 3}
    assert sum(len(one["posts"]) for one in stories) == len(teller.links)
