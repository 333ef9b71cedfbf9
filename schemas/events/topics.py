"""Topics, and which stories are of them."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from schemas.events.kinds import Millis


class Topic(TypedDict):
    """Stories of a rolling window that speak of the same; a higher revision replaces a lower one."""

    id: str
    revision: int
    label: str
    terms: Sequence[str]
    mentions: int
    stories: int
    positive: int
    negative: int
    neutral: int
    hashtags: Mapping[str, int]
    words: Mapping[str, int]
    trending_score: float
    sample_ids: Sequence[str]
    merged_into: str | None
    first_seen: Millis
    last_seen: Millis
    updated_at: Millis


class Assignment(TypedDict):
    """Which topic a story belongs to; a higher revision replaces a lower one."""

    story_id: str
    topic_id: str
    revision: int
    similarity: float
    assigned_at: Millis
