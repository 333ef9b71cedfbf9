"""`enrich`, `stories` and `trends` on real Kafka: links, stories, copies and pairs of words are exact whatever is killed."""

from collections import Counter
from pathlib import Path
from typing import Any

from processors.logic.stories.rows import story_id
from schemas.events import Post
from tests.support.broker import Broker
from tests.support.quick_bundle import quick_bundle
from tests.support.reprints import Told, reprints
from tests.support.stages import Feed, Workers, posts, records
from tests.support.storytelling import measured
from tests.support.topics import create_topics
from tests.support.until import until

HOUR = 3_600_000
QUAKE = 9
"""Posts that share two words, of as many authors, within ten minutes."""


def reprinted(told: list[Told]) -> list[Post]:
    """Generated posts of several outlets, two minutes after one another: for longer than half a day, so that it is known what is usual."""
    return [
        {
            **post,
            "id": f"news:{one.number}",
            "platform": "news",
            "source": one.source,
            "text": f"{one.text} #{('ihsg', 'rupiah')[one.number % 2]}",
        }
        for post, one in zip(posts(len(told), step_ms=120_000), told, strict=True)
    ]


def quake(after: list[Post]) -> list[Post]:
    """Short posts in the hour after the others, of two words that nobody listed."""
    at = after[-1]["event_at"] // HOUR * HOUR + HOUR
    places = ("alun", "braga", "cimahi", "dago", "elang", "flora", "gedebage", "holis", "ibun")
    return [
        {
            **post,
            "id": f"x:{number}",
            "platform": "x",
            "author_id": f"q{number}",
            "text": f"gempa {places[number]} bandung",
            "published_at": at + number * 60_000,
            "event_at": at + number * 60_000,
        }
        for number, post in enumerate(posts(QUAKE))
    ]


def latest(revisions: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for one in revisions:
        known = found.get(one["id"])
        assert known is None or known["revision"] != one["revision"], "a revision is published once"
        if known is None or one["revision"] > known["revision"]:
            found[one["id"]] = one
    return found


def test_copies_are_linked_once_and_counted_apart_whatever_is_killed(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    told = reprints(3, 500, share=0.45)
    made = reprinted(told)
    shaken = quake(made)
    where = (kafka.bootstrap, prefix)
    with (
        Workers(*where, "enrich", tmp_path, enrich_batch=60, sentiment_bundle=quick_bundle()) as enrich,
        Workers(*where, "stories", tmp_path, stories_batch=40, idle_close_s=3) as stories,
        Workers(*where, "trends", tmp_path, publish_s=0.2) as trends,
    ):
        enrich.start()
        stories.start()
        trends.start()
        feed.send("posts", [(post["id"], post) for post in [*made, *shaken]])
        until(lambda: stories.committed() > 100, "the first fingerprints", 150)
        stories.kill_one()
        # A standby is there: it takes over what the killed one held, and nothing of it is done twice.
        stories.start(2)
        until(lambda: stories.committed() > 250, "more fingerprints", 150)
        stories.kill_one()
        for _ in range(2):
            enrich.settled()
            stories.settled()
            trends.settled()
        until(lambda: bool(pairs_of(records(*where, "trends"))), "the hour of the pair")
        assert stories.stop() == [0]

    links = records(*where, "story-links")
    assert sorted(link["post_id"] for link in links) == sorted(post["id"] for post in made)
    precision, recall = measured(told, links)
    assert precision >= 0.95
    assert recall >= 0.9
    found = latest(records(*where, "stories"))
    sizes = Counter(link["story_id"] for link in links)
    assert {key: story["copies"] + 1 for key, story in found.items()} == sizes
    for link in links:
        assert link["is_copy"] or link["story_id"] == story_id(link["post_id"])
    assert sum(sum(story["sources"].values()) for story in found.values()) == len(made)

    by_id = {post["id"]: post for post in made}
    copies = [by_id[link["post_id"]] for link in links if link["is_copy"]]
    windows = latest(records(*where, "trends")).values()
    assert counted(windows, "all", "") == Counter(
        post["event_at"] - post["event_at"] % HOUR for post in copies
    )
    of_tag = [post for post in copies if int(post["id"].removeprefix("news:")) % 2 == 0]
    assert sum(counted(windows, "hashtag", "ihsg").values()) == len(of_tag)
    assert sum(one["mentions"] for one in windows if window_of(one) == ("all", "", "", "1h")) == len(
        made + shaken
    )
    assert all(one["late"] == 0 and one["copies"] <= one["mentions"] for one in windows)
    (pair,) = [one for one in pairs_of(records(*where, "trends")) if one["subject"] == "bandung gempa"]
    assert (pair["start"], pair["mentions"], pair["authors"]) == (shaken[0]["event_at"], QUAKE, QUAKE)
    assert pair["score"] > 6


def window_of(one: dict[str, Any]) -> tuple[str, str, str, str]:
    return one["subject_kind"], one["subject"], one["platform"], one["window"]


def counted(windows: Any, kind: str, subject: str) -> Counter[int]:
    """Copies by hour."""
    return +Counter(
        {one["start"]: one["copies"] for one in windows if window_of(one) == (kind, subject, "", "1h")}
    )


def pairs_of(trends: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The closed hours of pairs."""
    return [
        one for one in trends if one["subject_kind"] == "pair" and one["window"] == "1h" and one["closed"]
    ]
