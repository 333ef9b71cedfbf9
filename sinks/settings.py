"""Settings of the sinks."""

from pydantic import Field

from schemas import tables
from schemas.settings import ClickHouseWriterSettings, KafkaSettings, MetricsSettings
from sinks.refused_share import Tolerance


class ClickHouseSinkSettings(KafkaSettings, ClickHouseWriterSettings, MetricsSettings):
    """What landing needs: batch bounds, patience, and for how many days each table keeps its rows."""

    clickhouse_cluster: str | None = Field(
        None,
        description="cluster of ClickHouse servers on which tables are made, replicated; empty: one server or embedded",
    )
    sink_batch_rows: int = Field(200_000, ge=1, le=500_000, description="most rows of one insert")
    sink_batch_mb: int = Field(96, ge=1, le=128, description="most payload of one insert, MiB")
    sink_buffer_mb: int = Field(
        256, ge=1, description="records held in memory in sum, MiB, above which no partition is read on"
    )
    sink_linger_ms: int = Field(
        2000,
        ge=0,
        description="how long a batch waits to fill, milliseconds; every insert is one part of its table and of each view's",
    )
    sink_insert_threads: int = Field(2, ge=1, le=16, description="inserts that may be under way at once")
    sink_insert_timeout_s: int = Field(120, ge=1, description="longest an insert may take, seconds")
    sink_backoff_s: float = Field(10.0, gt=0, description="longest wait between tries of an insert, seconds")
    sink_session_timeout_ms: int = Field(
        10_000, ge=6_000, description="after how long without a heartbeat another worker takes over"
    )
    sink_refused_share: float = Field(
        0.1, gt=0, le=1, description="share of a topic's records that cannot land above which the sink stops"
    )
    sink_refused_least: int = Field(
        100, ge=1, description="how many must be refused before their share stops the sink"
    )
    sink_refused_window_s: float = Field(600.0, gt=0, description="seconds over which that share is taken")
    posts_days: int = Field(30, ge=1, description="days that posts are kept, by collection time")
    engagements_days: int = Field(
        200, ge=1, description="days that counts of posts are kept, by reading time"
    )
    mentions_days: int = Field(200, ge=1, description="days that mentions are kept, by collection time")
    metrics_days: int = Field(
        400, ge=1, description="days that sentiment_metrics, hashtags and author_days are kept"
    )
    quote_minutes_days: int = Field(4_000, ge=1, description="days that quote_minutes are kept")
    trends_days: int = Field(400, ge=1, description="days that trends are kept, by computation time")
    receipts_days: int = Field(400, ge=1, description="days that receipts are kept")
    dead_letters_days: int = Field(90, ge=1, description="days that dead letters are kept")
    quotes_days: int = Field(90, ge=1, description="days that quotes are kept, by collection time")
    bars_days: int = Field(4_000, ge=1, description="days that bars are kept, by computation time")
    alerts_days: int = Field(400, ge=1, description="days that alerts are kept, by computation time")
    stories_days: int = Field(
        200, ge=1, description="days that stories and the links of their posts are kept, by enrichment time"
    )
    influencers_days: int = Field(
        60,
        ge=1,
        description="days that profiles of authors are kept, by enrichment time of what they count last",
    )
    topics_days: int = Field(
        200, ge=1, description="days that topics and the assignments of stories are kept, by enrichment time"
    )
    runs_days: int = Field(400, ge=1, description="days that runs are kept")

    def tolerance(self) -> Tolerance:
        """How much may be refused before the sink stops."""
        return Tolerance(self.sink_refused_share, self.sink_refused_least, self.sink_refused_window_s)

    def retention(self) -> dict[str, tuple[str, int]]:
        """Table to (time column, days); tables that are not named keep everything."""
        return {
            tables.POSTS: ("collected_at", self.posts_days),
            tables.ENGAGEMENTS: ("read_at", self.engagements_days),
            tables.MENTIONS: ("collected_at", self.mentions_days),
            tables.SENTIMENT_METRICS: ("collected_on", self.metrics_days),
            tables.HASHTAGS: ("collected_on", self.metrics_days),
            tables.AUTHOR_DAYS: ("collected_on", self.metrics_days),
            tables.QUOTE_MINUTES: ("collected_on", self.quote_minutes_days),
            tables.TRENDS: ("computed_at", self.trends_days),
            tables.RECEIPTS: ("enriched_at", self.receipts_days),
            tables.DEAD_LETTERS: ("failed_at", self.dead_letters_days),
            tables.QUOTES: ("collected_at", self.quotes_days),
            tables.BARS: ("computed_at", self.bars_days),
            tables.ALERTS: ("computed_at", self.alerts_days),
            tables.STORY_LINKS: ("enriched_at", self.stories_days),
            tables.STORIES: ("updated_at", self.stories_days),
            tables.INFLUENCER_PROFILES: ("updated_at", self.influencers_days),
            tables.TOPICS: ("updated_at", self.topics_days),
            tables.ASSIGNMENTS: ("assigned_at", self.topics_days),
            tables.RUNS: ("started_at", self.runs_days),
        }
