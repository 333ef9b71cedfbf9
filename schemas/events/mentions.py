"""What `enrich` makes of a post: a mention, and what its batch adds to every subject."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from schemas.events.kinds import Millis


class Mention(TypedDict):
    """An enriched post."""

    id: str
    platform: str
    source: str
    kind: Literal["article", "post", "comment", "video"]
    url: str | None
    title: str | None
    text: str
    lang: str | None
    author_id: str | None
    author_name: str | None
    author_handle: str | None
    author_followers: int | None
    author_verified: bool | None
    likes: int | None
    shares: int | None
    comments: int | None
    views: int | None
    parent_id: str | None
    matched: Sequence[str]
    symbols: Sequence[str]
    published_at: Millis | None
    published_precision: Literal["second", "day", "unknown"]
    event_at: Millis
    collected_at: Millis
    collector: str
    language: str
    sentiment: Literal["positive", "negative", "neutral"]
    confidence: float
    positive: float
    negative: float
    neutral: float
    emotion: Literal["anger", "fear", "joy", "love", "sadness", "neutral"]
    emotion_confidence: float
    emotions: Mapping[str, float]
    keywords: Sequence[str]
    hashtags: Sequence[str]
    fingerprint: int
    truncated: bool
    model_version: str
    enriched_at: Millis
    origin_topic: str
    origin_partition: int
    origin_offset: int


class Partial(TypedDict):
    """What one batch of mentions adds to one subject's minute."""

    subject_kind: str
    subject: str
    platform: str
    bucket: Millis
    day_only: bool
    mentions: int
    copies: int
    positive: int
    negative: int
    neutral: int
    engagement: int
    authored: int
    authors: bytes
    terms: Mapping[str, int]
    sources: Mapping[str, int]
    samples: Sequence[str]
    source_partition: int
    watermark: Millis
    idle: bool
    enriched_at: Millis
