"""Wordings of posts, and the stories of which several are."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from schemas.events.kinds import Millis


class Fingerprint(TypedDict):
    """What stories must know of a mention; or, without a post, how far a partition of posts has been read."""

    post_id: str
    kind: str
    platform: str
    source: str
    url: str | None
    author: str | None
    parent_id: str | None
    sentiment: str
    engagement: int
    subjects: Sequence[str]
    excerpt: str
    shingles: int
    signature: bytes
    day_only: bool
    event_at: Millis
    collected_at: Millis
    source_partition: int
    watermark: Millis
    idle: bool
    enriched_at: Millis


class StoryLink(TypedDict):
    """Which story a post belongs to."""

    post_id: str
    story_id: str
    is_copy: bool
    similarity: float
    platform: str
    source: str
    url: str | None
    author: str | None
    event_at: Millis
    collected_at: Millis
    enriched_at: Millis


class Story(TypedDict):
    """Posts that say the same; a higher revision replaces a lower one."""

    id: str
    revision: int
    post_id: str
    platform: str
    source: str
    url: str | None
    excerpt: str
    subjects: Sequence[str]
    sources: Mapping[str, int]
    copies: int
    authors: int
    positive: int
    negative: int
    neutral: int
    first_seen: Millis
    last_seen: Millis
    updated_at: Millis
