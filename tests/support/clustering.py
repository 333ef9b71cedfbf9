"""The handler of `topics` over rows in memory: batches, commits, and crashes with and without their commit."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from processors.agents.topics import Topics
from processors.logic.partials import TOTALS, WATERMARK
from processors.logic.stories.turns import of_story, without_story
from processors.settings import TopicsSettings
from schemas.events import Assignment, Partial, Story, StoryTurn, Topic, TurnPost
from tests.support.memory_stage import MemoryStage, latest


class Clusterer(MemoryStage[StoryTurn]):
    """The one partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self.topics: list[Topic] = []
        self.assignments: list[Assignment] = []
        self.partials: list[Partial] = []
        super().__init__(
            Topics,
            TopicsSettings(**({"partitions": 1} | settings)),
            topic="story-turns",
            event="story_turn",
            key="id",
            into={"topic": self.topics, "assignment": self.assignments, "partial": self.partials},
        )

    def hear(self, *told: Story) -> None:
        """One batch of stories of whose posts nothing is known."""
        self.tell(*map(turn, told))

    def hear_all(self, told: Sequence[Story], size: int) -> None:
        """Batches of that size."""
        self.tell_all(list(map(turn, told)), size)

    def latest(self) -> dict[str, Topic]:
        """The highest revision of every topic."""
        return latest(self.topics)

    def belonging(self) -> dict[str, str]:
        """Topic by story; the last assignment sent is the highest."""
        known: dict[str, Assignment] = {}
        for one in self.assignments:
            assert one["story_id"] not in known or known[one["story_id"]]["revision"] < one["revision"]
            known[one["story_id"]] = one
        return {story: one["topic_id"] for story, one in known.items()}

    def counted(self) -> Counter[tuple[str, int]]:
        """Mentions by topic and minute."""
        return counted(self.partials)


def counted(partials: Iterable[Any]) -> Counter[tuple[str, int]]:
    """Mentions by topic and minute."""
    counts: Counter[tuple[str, int]] = Counter()
    for one in partials:
        if one["subject_kind"] not in (WATERMARK, TOTALS):
            counts[one["subject"], one["bucket"]] += one["mentions"]
    return counts


def turn(story: Story, posts: Sequence[TurnPost] = ()) -> StoryTurn:
    """What `stories` tells of a story that has got these posts."""
    return of_story(story, list(posts), posts[0]["source_partition"] if posts else 0)


def post(number: int, at: int, **changes: Any) -> TurnPost:
    """The post `news:NUMBER`, as a turn has it."""
    record: dict[str, Any] = {
        "post_id": f"news:{number}",
        "platform": "news",
        "source": "wire",
        "author": f"{number % 7:016x}",
        "sentiment": ("positive", "negative", "neutral")[number % 3],
        "engagement": 2,
        "is_copy": False,
        "day_only": False,
        "event_at": at,
        "enriched_at": at + 60_000,
        "source_partition": number % 4,
    }
    return record | changes  # type: ignore[return-value]  # the fields of a TurnPost, as above


def watermark(partition: int, at: int, *, idle: bool = False, said_at: int = 0) -> StoryTurn:
    """A turn that says how far a partition of posts is."""
    return without_story(WATERMARK, partition, at, said_at or at, idle=idle)


def totals(partition: int, counts: dict[str, int], at: int) -> StoryTurn:
    """A turn that says how many posts a partition has, by `minute platform`."""
    return without_story(TOTALS, partition, 0, at, totals=counts)
