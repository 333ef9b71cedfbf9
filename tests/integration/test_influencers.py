"""`enrich`, `stories` and `influencers` on real Kafka: every author's figures are exact whatever is killed."""

from collections import Counter
from pathlib import Path
from typing import Any

from processors.logic.folded import fold
from processors.logic.stories.signature import signature
from schemas.events import Post
from tests.support.broker import Broker
from tests.support.quick_bundle import quick_bundle
from tests.support.reprints import reprints
from tests.support.stages import Feed, Workers, posts, records
from tests.support.topics import create_topics
from tests.support.until import until

AUTHORS = 23


def written(count: int) -> list[Post]:
    """Posts of some authors, many of them copies, some answers; every fifth says nothing long enough to be compared."""
    return [
        {
            **post,
            "author_id": f"a{one.number % AUTHORS}",
            "author_followers": 100 + one.number,
            "text": one.text if one.number % 5 else f"naik {one.number}",
            "parent_id": f"x:g{one.number - 7}" if one.number % 4 == 3 and one.number > 7 else None,
        }
        for post, one in zip(posts(count), reprints(5, count, share=0.4), strict=True)
    ]


def test_profiles_count_every_post_once_whatever_is_killed(
    kafka: Broker, prefix: str, tmp_path: Path
) -> None:
    create_topics(kafka.bootstrap, prefix)
    feed = Feed(kafka.bootstrap, prefix)
    made = written(500)
    where = (kafka.bootstrap, prefix)
    with (
        Workers(*where, "enrich", tmp_path, enrich_batch=50, sentiment_bundle=quick_bundle()) as enrich,
        Workers(*where, "stories", tmp_path, stories_batch=50) as stories,
        Workers(
            *where, "influencers", tmp_path, influencers_batch=20, influencers_linger_s=0.05
        ) as influencers,
    ):
        enrich.start()
        stories.start()
        influencers.start()
        feed.send("posts", [(post["id"], post) for post in made])
        until(lambda: influencers.committed() > 150, "some author partials", 150)
        influencers.kill_one()
        # Its successor takes over what it held, and nothing of it is done twice.
        influencers.start()
        for stage in (enrich, stories, influencers):
            stage.settled()
        assert influencers.stop() == [0]

    sent = records(*where, "influencers")
    assert len({(one["id"], one["revision"]) for one in sent}) == len(sent), "a revision is published once"
    found: dict[str, dict[str, Any]] = {}
    for one in sent:
        if one["id"] not in found or one["revision"] > found[one["id"]]["revision"]:
            found[one["id"]] = one
    by_author = Counter(f"x:{post['author_id']}" for post in made)
    assert {author: one["mentions"] for author, one in found.items()} == by_author
    assert {author: one["engagement"] for author, one in found.items()} == {
        author: 3 * count for author, count in by_author.items()
    }
    assert all(one["late"] == 0 for one in found.values())
    assert {one["id"]: one["last_activity"] for one in found.values()} == {
        f"x:{post['author_id']}": post["event_at"] for post in made
    }

    links = records(*where, "story-links")
    assert {link["post_id"] for link in links} == {
        post["id"] for post in made if signature(fold(post["text"]))
    }
    assert summed(found, "originals") == +Counter(link["author"] for link in links if not link["is_copy"])
    began = {link["story_id"]: link["author"] for link in links if not link["is_copy"]}
    copies = [link for link in links if link["is_copy"]]
    own = Counter(link["author"] for link in copies if began[link["story_id"]] == link["author"])
    assert summed(found, "repeats") == +own
    others = [link for link in copies if began[link["story_id"]] != link["author"]]
    assert summed(found, "copies") + summed(found, "marked") == Counter(link["author"] for link in others)
    follows = sum(
        (summed(found, f"follow_{mood}") for mood in ("positive", "negative", "neutral")), Counter[str]()
    )
    copied = Counter(began[link["story_id"]] for link in others)
    assert all(follows[author] >= count for author, count in copied.items())
    assert follows.total() > copied.total(), "answers follow, too"


def summed(found: dict[str, dict[str, Any]], field: str) -> Counter[str]:
    return +Counter({author: one[field] for author, one in found.items()})
