"""What authors wrote and joined, and their profiles."""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from schemas.events.kinds import Millis


class AuthorText(TypedDict):
    """How many of an author's posts have one text."""

    fingerprint: int
    posts: int
    post_id: str


class Joined(TypedDict):
    """A story of somebody, and a near-copy that an author wrote."""

    story_id: str
    author: str
    post_id: str


class AuthorPartial(TypedDict):
    """What one batch of mentions, or of the stories they belong to, adds to one author's hour."""

    author: str
    platform: str
    name: str | None
    handle: str | None
    followers: int | None
    verified: bool | None
    known_at: Millis
    hour: Millis
    day_only: bool
    last_at: Millis
    mentions: int
    reposts: int
    positive: int
    negative: int
    neutral: int
    engagement: int
    engaged: int
    subjects: Mapping[str, int]
    texts: Sequence[AuthorText]
    samples: Sequence[str]
    originals: int
    repeats: int
    copies: int
    marked: int
    joined: Sequence[Joined]
    follow_positive: int
    follow_negative: int
    follow_neutral: int
    enriched_at: Millis


class Signal(TypedDict):
    """A sign of spam or coordination, with its evidence."""

    kind: str
    explanation: str
    observed: float
    limit: float
    authors: Sequence[str]
    samples: Sequence[str]


class Influencer(TypedDict):
    """Rolling profile of an author; a higher revision replaces a lower one."""

    id: str
    revision: int
    platform: str
    handle: str | None
    name: str | None
    followers: int | None
    verified: bool | None
    profile_url: str | None
    mentions: int
    reposts: int
    active_days: int
    positive: int
    negative: int
    neutral: int
    engagement: int
    engagement_rate: float | None
    originals: int
    repeats: int
    copies: int
    marked: int
    originality: float | None
    follow_positive: int
    follow_negative: int
    follow_neutral: int
    sentiment_influence: Literal["positive", "negative", "neutral", "mixed"]
    topics: Mapping[str, int]
    score: float
    score_reach: float
    score_engagement: float
    score_originality: float
    score_activity: float
    score_echo: float
    score_spam: float
    signals: Sequence[Signal]
    late: int
    last_activity: Millis
    updated_at: Millis
