"""Posts as collected, and their counts read again later."""

from collections.abc import Sequence
from typing import Literal, TypedDict

from schemas.events.kinds import Millis


class Post(TypedDict):
    """An article, post, comment or video as collected; immutable."""

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
    raw: str | None


class Engagement(TypedDict):
    """Counts of a post, read again after it was collected."""

    post_id: str
    platform: str
    read_at: Millis
    likes: int | None
    shares: int | None
    comments: int | None
    views: int | None
    collector: str
