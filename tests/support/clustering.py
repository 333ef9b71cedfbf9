"""The handler of `topics` over rows in memory: batches, commits, and crashes with and without their commit."""

from typing import Any

from processors.agents.topics import Topics
from processors.settings import TopicsSettings
from schemas.events import Assignment, Story, Topic
from tests.support.memory_stage import MemoryStage, latest


class Clusterer(MemoryStage[Story]):
    """The one partition of the stage, and all that it has sent."""

    def __init__(self, **settings: Any) -> None:
        self.topics: list[Topic] = []
        self.assignments: list[Assignment] = []
        super().__init__(
            Topics,
            TopicsSettings(**settings),
            topic="stories",
            event="story",
            key="id",
            into={"topic": self.topics, "assignment": self.assignments},
        )

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
