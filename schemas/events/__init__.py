"""The events as typed dictionaries; a contract test holds them equal to the Avro schemas beside them.

Times are epoch milliseconds, UTC. What each field means stands in its schema (`*.avsc`).
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

Millis = int
"""Epoch milliseconds, UTC."""

AlertKind = Literal[
    "volume_spike", "sentiment_shift", "price_move", "divergence", "keyword", "new_topic", "source_silent"
]
Severity = Literal["info", "warning", "critical"]


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


class Trend(TypedDict):
    """One window of a subject; a higher revision replaces a lower one."""

    id: str
    revision: int
    subject_kind: str
    subject: str
    platform: str
    window: str
    start: Millis
    end: Millis
    mentions: int
    copies: int
    authors: int
    positive: int
    negative: int
    neutral: int
    engagement: int
    velocity: float
    score: float
    display_score: float
    baseline: float
    learnt: int
    terms: Mapping[str, int]
    sources: Mapping[str, int]
    samples: Sequence[str]
    closed: bool
    late: int
    computed_at: Millis


class Count(TypedDict):
    """How many records of one source and hour had one outcome."""

    source: str
    hour: Millis
    outcome: Literal["mention", "repeat", "dead_letter"]
    count: int


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


class Receipt(TypedDict):
    """What became of one range of offsets of posts."""

    id: str
    partition: int
    first_offset: int
    last_offset: int
    records: int
    mentions: int
    repeats: int
    dead_letters: int
    counts: Sequence[Count]
    repeat_offsets: Sequence[int]
    enriched_at: Millis


class DeadLetter(TypedDict):
    """A record that could not be used, with all that is needed to try again."""

    id: str
    origin: str
    origin_topic: str | None
    origin_partition: int | None
    origin_offset: int | None
    stage: str
    reason: str
    detail: str
    schema_id: int | None
    key: bytes | None
    raw: bytes
    raw_size: int
    failed_at: Millis


class Keyword(TypedDict):
    """A phrase to look for; control state, a tombstone deletes."""

    id: str
    text: str
    category: str
    priority: int
    active: bool
    languages: Sequence[str]
    query: str | None
    monitoring_start: Millis | None
    updated_at: Millis


class Run(TypedDict):
    """One run of a collector and how it ended."""

    id: str
    collector: str
    source: str
    started_at: Millis
    ended_at: Millis
    outcome: Literal["ok", "empty", "throttled", "auth", "error"]
    items: int
    published: int
    oldest_item_at: Millis | None
    newest_item_at: Millis | None
    quota_left: int | None
    error: str | None
    request_id: str | None


class Request(TypedDict):
    """Something that is asked for now."""

    id: str
    action: Literal["collect"]
    target: str
    source: str | None
    keywords: Sequence[str]
    requested_at: Millis


class Candle(TypedDict):
    """An OHLCV row as a source gives it."""

    symbol: str
    interval: str
    start: Millis
    open: float | None
    high: float | None
    low: float | None
    close: float
    volume: int | None
    adjusted: bool
    collected_at: Millis
    collector: str


class Checkpoint(TypedDict):
    """Where a collector stands; control state."""

    collector: str
    source: str
    cursor: str
    updated_at: Millis


class Quote(TypedDict):
    """The last price of an instrument at a time."""

    symbol: str
    price: float
    change: float | None
    day_volume: int | None
    currency: str
    exchange: str
    market_time: Millis
    collected_at: Millis
    collector: str


class Bar(TypedDict):
    """Prices of an instrument in one interval, with indicators; a higher revision replaces a lower one."""

    id: str
    symbol: str
    interval: str
    start: Millis
    end: Millis
    revision: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    ticks: int
    closed: bool
    late: int
    indicators: Mapping[str, float]
    signals: Sequence[str]
    computed_at: Millis


class Rule(TypedDict):
    """What to be told of; control state, a tombstone deletes."""

    id: str
    revision: int
    owner: str | None
    name: str
    kind: AlertKind
    subject: str
    platform: str
    window: str
    threshold: float
    change: float
    minimum: int
    early: bool
    severity: Severity
    cooldown_s: int
    quiet_from: str | None
    quiet_to: str | None
    quiet_zone: str | None
    active: bool
    updated_at: Millis


class Alert(TypedDict):
    """Something a rule watches for has happened, with its evidence."""

    id: str
    rule_id: str
    rule_revision: int
    owner: str | None
    kind: AlertKind
    severity: Severity
    subject: str
    platform: str
    window: str
    start: Millis
    end: Millis
    observed: float
    expected: float
    score: float
    explanation: str
    terms: Mapping[str, int]
    sources: Mapping[str, int]
    samples: Sequence[str]
    removal_of: str
    removal: Mapping[str, int]
    removal_note: str
    held: int
    fired_at: Millis
    cooldown_until: Millis
    computed_at: Millis


class Instrument(TypedDict):
    """A tradable thing; control state, a tombstone deletes."""

    symbol: str
    name: str
    aliases: Sequence[str]
    exchange: str
    zone: str
    currency: str
    active: bool
    updated_at: Millis
