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


class TurnPost(TypedDict):
    """A post that a story has got."""

    post_id: str
    platform: str
    source: str
    author: str | None
    sentiment: str
    engagement: int
    is_copy: bool
    day_only: bool
    event_at: Millis
    enriched_at: Millis
    source_partition: int


class StoryTurn(TypedDict):
    """What topics must know of a story and of posts that it has got; or how much was heard, or how far a partition of posts has been read."""

    kind: str
    id: str
    excerpt: str
    subjects: Sequence[str]
    positive: int
    negative: int
    neutral: int
    first_seen: Millis
    last_seen: Millis
    updated_at: Millis
    posts: Sequence[TurnPost]
    totals: Mapping[str, int]
    source_partition: int
    watermark: Millis
    idle: bool


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
