"""Turns: what one batch of fingerprints tells `topics`, in an order in which nothing is over before all of it is told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from processors.logic.brief import brief_author, brief_id, brief_name
from processors.logic.partials import MINUTE_MS, TOTALS
from processors.logic.reach import Reach
from processors.logic.stories.fingerprints import WATERMARK
from schemas.events import Fingerprint, Story, StoryTurn, TurnPost

MOST_POSTS = 200
"""Posts of one turn; of a post at most two kilobytes are kept, so a turn fits in a record."""
STORY = "story"


class TurnFold:
    """Posts of one batch by story, how many there were of each platform and minute, and how far partitions of posts are."""

    def __init__(self) -> None:
        self._posts: dict[str, list[TurnPost]] = {}
        self._totals: dict[int, Counter[str]] = {}
        self._heard: dict[int, tuple[bool, int]] = {}
        """By partition of posts: whether it is idle, and when that was said."""
        self._reading = 0
        """The partition that the latest post came from."""

    def count(self, told: Fingerprint) -> None:
        """A post was heard, whether it says enough to be of a story or not."""
        if told["day_only"]:
            return
        bucket = told["event_at"] - told["event_at"] % MINUTE_MS
        name = f"{bucket} {brief_name(told['platform'])}"
        self._totals.setdefault(told["source_partition"], Counter())[name] += 1

    def join(self, told: Fingerprint, story: str, *, is_copy: bool) -> None:
        """A post belongs to a story."""
        self._reading = told["source_partition"]
        self._posts.setdefault(story, []).append(
            {
                "post_id": brief_id(told["post_id"]),
                "platform": brief_name(told["platform"]),
                "source": brief_name(told["source"]),
                "author": brief_author(told["author"]),
                "sentiment": told["sentiment"],
                "engagement": told["engagement"],
                "is_copy": is_copy,
                "day_only": told["day_only"],
                "event_at": told["event_at"],
                "enriched_at": told["enriched_at"],
                "source_partition": told["source_partition"],
            }
        )

    def hear(self, told: Fingerprint) -> None:
        """How far a partition is. Said again it is news, too: readers wait for idle partitions to say that they still are."""
        self._heard[told["source_partition"]] = told["idle"], told["enriched_at"]

    def turns(
        self, stories: Iterable[Story], before: Reach, after: Reach, latest: int
    ) -> Iterator[StoryTurn]:
        """Totals, then the stories with their posts, then how far the partitions are.

        `before` and `after`: how far they were before this batch and are after it; `latest`: latest enrichment in it.
        """
        for partition, totals in sorted(self._totals.items()):
            watermark, _ = before.of(partition)
            yield without_story(TOTALS, partition, watermark, latest, totals=totals)
        for story in stories:
            # A story that was forgotten in this batch and begun again has all its posts in its first turn.
            posts = self._posts.pop(story["id"], [])
            for at in range(0, max(len(posts), 1), MOST_POSTS):
                reading = posts[0]["source_partition"] if posts else self._reading
                yield of_story(story, posts[at : at + MOST_POSTS], reading)
        for partition, (idle, said_at) in sorted(self._heard.items()):
            yield without_story(WATERMARK, partition, after.of(partition)[0], said_at, idle=idle)


def of_story(story: Story, posts: Sequence[TurnPost], reading: int) -> StoryTurn:
    """What is told of a story that has got these posts; `reading`: a partition that they came from, or that was being read."""
    return {
        "kind": STORY,
        "id": story["id"],
        "excerpt": story["excerpt"],
        "subjects": story["subjects"],
        "positive": story["positive"],
        "negative": story["negative"],
        "neutral": story["neutral"],
        "first_seen": story["first_seen"],
        "last_seen": story["last_seen"],
        "updated_at": story["updated_at"],
        "posts": posts,
        "totals": {},
        "source_partition": reading,
        "watermark": 0,
        "idle": False,
    }


def without_story(
    kind: str,
    partition: int,
    watermark: int,
    at: int,
    *,
    totals: Mapping[str, int] = MappingProxyType({}),
    idle: bool = False,
) -> StoryTurn:
    """How far a partition of posts is, as said `at`; with `totals`, how many posts it has by `minute platform`."""
    return {
        "kind": kind,
        "id": "",
        "excerpt": "",
        "subjects": [],
        "positive": 0,
        "negative": 0,
        "neutral": 0,
        "first_seen": watermark,
        "last_seen": watermark,
        "updated_at": at,
        "posts": [],
        "totals": totals,
        "source_partition": partition,
        "watermark": watermark,
        "idle": idle,
    }
