"""The ClickHouse tables: their names, and which topic lands in which."""

from collections.abc import Mapping
from types import MappingProxyType

POSTS = "posts"
ENGAGEMENTS = "engagements"
MENTIONS = "mentions"
RECEIPTS = "receipts"
TRENDS = "trends"
DEAD_LETTERS = "dead_letters"
KEYWORDS = "keywords"
RUNS = "runs"
CANDLES = "candles"
QUOTES = "quotes"
BARS = "bars"
ALERTS = "alerts"
STORY_LINKS = "story_links"
STORIES = "stories"
INFLUENCER_PROFILES = "influencer_profiles"
"""Rolling profiles, every revision; the view `influencers` has figures of days."""
TOPICS = "topics"
ASSIGNMENTS = "assignments"
SENTIMENT_METRICS = "sentiment_metrics"
"""Per minute, keyword, platform and sentiment; the keyword '' counts every mention once."""
HASHTAGS = "hashtags"
"""Per hour, platform and hashtag."""
AUTHOR_DAYS = "author_days"
"""Per day, platform and author; read it from the view `influencers`."""
QUOTE_MINUTES = "quote_minutes"
"""Per minute and symbol; read it from the view `quote_bars`."""

LANDED: Mapping[str, str] = MappingProxyType(
    {
        "posts": POSTS,
        "engagements": ENGAGEMENTS,
        "mentions": MENTIONS,
        "receipts": RECEIPTS,
        "trends": TRENDS,
        "dead-letters": DEAD_LETTERS,
        "keywords": KEYWORDS,
        "runs": RUNS,
        "candles": CANDLES,
        "quotes": QUOTES,
        "bars": BARS,
        "alerts": ALERTS,
        "story-links": STORY_LINKS,
        "stories": STORIES,
        "influencers": INFLUENCER_PROFILES,
        "topics": TOPICS,
        "assignments": ASSIGNMENTS,
    }
)
"""Topic name to table name."""

POSITION_COLUMNS = ("kafka_partition", "kafka_offset", "landed_at")
"""What landing adds to every row: where it stood in its own topic, and when it landed."""
