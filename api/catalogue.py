"""The live topics: which topics of the catalogue can be streamed, and their numbers in a position."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.topics import TOPICS


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """`code` stands for the name in every position ever handed out: it is never changed or used again."""

    name: str
    code: int
    snapshot: str
    """Where a client that missed something fetches the present state."""


_ALL = (
    LiveTopic("mentions", 1, "/api/v1/mentions"),
    LiveTopic("trends", 2, "/api/v1/trends"),
    LiveTopic("alerts", 3, "/api/v1/alerts"),
    LiveTopic("stories", 4, "/api/v1/stories"),
    LiveTopic("topics", 5, "/api/v1/topics"),
)

LIVE: Mapping[str, LiveTopic] = MappingProxyType(
    {topic.name: topic for topic in _ALL if topic.name in TOPICS}
)
"""Name to live topic, in the order of the codes."""
