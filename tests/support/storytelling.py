"""The handler of `stories` over rows in memory: batches, commits, and crashes with and without their commit."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from processors.agents.stories import Stories
from processors.logic.folded import fold
from processors.logic.stories.fingerprints import EXCERPT, SHORT
from processors.logic.stories.signature import Signature, signature
from processors.settings import StoriesSettings
from schemas.events import AuthorPartial, Fingerprint, Partial, Story, StoryLink, StoryTurn, Trend
from tests.support.memory_stage import MemoryStage, latest
from tests.support.reprints import Told

START = 1_440_381_600_000
MINUTE = 60_000
HOUR = 60 * MINUTE


class Teller(MemoryStage[Fingerprint]):
    """The one partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self.links: list[StoryLink] = []
        self.stories: list[Story] = []
        self.turns: list[StoryTurn] = []
        self.partials: list[Partial] = []
        self.trends: list[Trend] = []
        self.author_partials: list[AuthorPartial] = []
        super().__init__(
            Stories,
            StoriesSettings(**settings),
            topic="fingerprints",
            event="fingerprint",
            key="post_id",
            into={
                "story_link": self.links,
                "story": self.stories,
                "story_turn": self.turns,
                "partial": self.partials,
                "trend": self.trends,
                "author_partial": self.author_partials,
            },
        )

    def latest(self) -> dict[str, Story]:
        """The highest revision of every story."""
        return latest(self.stories)


def fingerprint(text: str, number: int, **changes: Any) -> Fingerprint:
    """The fingerprint of the post `news:NUMBER` that says `text`, a minute after the one before."""
    made = signature(fold(text)) or Signature(b"", 0)
    record: dict[str, Any] = {
        "post_id": f"news:{number}",
        "kind": "article" if made.shingles else SHORT,
        "platform": "news",
        "source": "wire",
        "url": None,
        "author": f"news:a{number % 5}",
        "parent_id": None,
        "sentiment": "neutral",
        "engagement": 0,
        "subjects": ["symbol:BBCA.JK"],
        "excerpt": text[:EXCERPT],
        "shingles": made.shingles,
        "signature": made.hashes,
        "day_only": False,
        "event_at": START + number * MINUTE,
        "collected_at": START + number * MINUTE,
        "source_partition": number % 4,
        "watermark": 0,
        "idle": False,
        "enriched_at": START + number * 1000,
    }
    return cast("Fingerprint", record | changes)


def fingerprints(told: Iterable[Told]) -> list[Fingerprint]:
    """Generated posts as `enrich` tells of them: of those with too few words it does not."""
    return [fingerprint(one.text, one.number, source=one.source) for one in told if signature(fold(one.text))]


def measured(told: Sequence[Told], links: Iterable[Mapping[str, Any]]) -> tuple[float, float]:
    """(precision, recall) of links: a copy is found where its story begins with a post that says the same.

    In whatever order they were read, all posts of a group but one are copies.
    """
    by_post = {link["post_id"]: link for link in links}
    begins = {link["story_id"]: link["post_id"] for link in by_post.values() if not link["is_copy"]}
    groups = {f"news:{one.number}": one.group for one in told}
    found = [link for link in by_post.values() if link["is_copy"]]
    right = sum(groups[begins[link["story_id"]]] == groups[link["post_id"]] for link in found)
    return right / len(found), right / (len(told) - len(set(groups.values())))
