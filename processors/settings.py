"""Settings of the stages: one frozen class each, read from `DENYUT_…` alone."""

from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from schemas.settings import ClickHouseReaderSettings, KafkaSettings, MetricsSettings


class StageSettings(KafkaSettings, MetricsSettings):
    """What every stage has."""


class PromptSettings(StageSettings):
    """Of stages whose every output somebody waits for."""

    linger_s: float = Field(
        default=0.1,
        ge=0,
        le=5,
        description="seconds that enrich and alerts let pass between two batches where they are not behind; what comes meanwhile is one",
    )


class GatheringSettings(StageSettings):
    """Of stages that tell how things stand, again and again: every batch is a transaction, and most of what it tells is soon told anew."""

    gather_s: float = Field(
        default=0.4,
        ge=0,
        le=5,
        description="seconds that trends, stories, topics and market let pass between two batches where they are not behind",
    )


class EnrichSettings(PromptSettings):
    """Settings of `python -m processors enrich`."""

    enrich_batch: int = Field(default=500, ge=1, le=5_000, description="most posts in one batch of enrich")
    idle_tick_s: float = Field(
        default=0.25,
        gt=0,
        le=60,
        description="seconds without a new post after which a partition is said to be idle",
    )
    idle_again_s: float = Field(
        default=5,
        gt=0,
        le=600,
        description="seconds after which a partition that is still idle says so again; windows close no faster while others are read",
    )
    seen_days: float = Field(
        default=7,
        gt=0,
        le=90,
        description="days of collection time after which an id not seen again is forgotten",
    )
    score_cache: int = Field(
        default=20_000,
        ge=0,
        le=1_000_000,
        description="normalised texts whose score is remembered, per process",
    )
    sentiment_bundle: str | None = Field(
        default=None,
        description="folder of another sentiment bundle, or owner/model on the Hub; empty: the one in the package",
    )


class WindowSettings(GatheringSettings):
    """When windows are over, and from when on what they hold is unusual."""

    idle_close_s: float = Field(
        default=10,
        gt=0,
        le=3_600,
        description="seconds of silence, once every partition of posts is idle, until windows close by the clock",
    )
    quiet_days: float = Field(
        default=30,
        gt=0,
        description="days of event time without a single post after which nobody was listening: what is usual is learnt anew",
    )
    score_bias: float = Field(
        default=0.5,
        gt=0,
        description="mentions by which expectation and spread are raised at least, so that tiny counts do not explode",
    )
    score_mentions: int = Field(
        default=5, ge=1, description="mentions below which a window does not score above 0"
    )
    score_authors: int = Field(
        default=3,
        ge=1,
        description="distinct authors below which a window does not score above 0; each mention without a known author is one",
    )


class TrendsSettings(WindowSettings):
    """Settings of `python -m processors trends`."""

    day_zone: str = Field(default="Asia/Jakarta", description="time zone in which 1d windows are cut")
    trends_batch: int = Field(
        default=1_000, ge=1, le=50_000, description="most partials in one batch of trends"
    )
    publish_s: float = Field(
        default=1.0, gt=0, le=60, description="seconds for which changes of a window are collected"
    )
    publish_max: int = Field(
        default=2_000,
        ge=1,
        le=50_000,
        description="most windows published in one transaction of one partition",
    )
    evict_idle_s: float = Field(
        default=600,
        gt=0,
        le=86_400,
        description="seconds of silence after which an idle partition of posts no longer holds windows in memory, and in which stories has to "
        "tell something of the copies it owes to be waited for",
    )
    ring_1m_s: int = Field(
        default=3 * 3_600, ge=60, description="event seconds for which a 1m window is kept after its end"
    )
    ring_5m_s: int = Field(
        default=12 * 3_600, ge=300, description="event seconds for which a 5m window is kept"
    )
    ring_1h_s: int = Field(
        default=14 * 86_400, ge=3_600, description="event seconds for which a 1h window is kept"
    )
    ring_1d_s: int = Field(
        default=60 * 86_400, ge=86_400, description="event seconds for which a 1d window is kept"
    )
    window_rows: int = Field(
        default=250_000,
        ge=1_000,
        description="most windows in memory per partition; the oldest closed ones go first, later mentions of them "
        "are counted late. And as many baselines; those taught longest ago go first",
    )

    @field_validator("day_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"no time zone named {name!r}") from None
        return name

    @model_validator(mode="after")
    def _idle_before_eviction(self) -> Self:
        if self.evict_idle_s < self.idle_close_s:
            raise ValueError(
                "evict_idle_s must not be less than idle_close_s: what is dropped was closed before"
            )
        return self


class StoriesSettings(WindowSettings):
    """Settings of `python -m processors stories`."""

    stories_batch: int = Field(
        default=1_000, ge=1, le=20_000, description="most fingerprints in one batch of stories"
    )
    story_hours: float = Field(
        default=72,
        gt=0,
        le=24 * 30,
        description="hours of event time from a story's other posts within which a copy belongs to it; without a new post "
        "for as many hours of enrichment it is forgotten",
    )
    stories_kept: int = Field(
        default=50_000,
        ge=10,
        le=1_000_000,
        description="stories in memory; those without a new post for longest go first, later copies of them begin another story",
    )
    pair_score: float = Field(
        default=6.0,
        gt=0,
        description="score from which a pair of words is unusual and becomes a subject, for a day after it was so last",
    )
    pair_lateness_s: float = Field(
        default=900,
        ge=0,
        le=86_400,
        description="seconds for which five minutes and hours of pairs wait for posts after their end: as long as sources are polled apart",
    )
    pairs_kept: int = Field(
        default=500,
        ge=1,
        le=1_000,
        description="pairs of words that are told of at once; those of the fewest authors, then of the lowest score, go first",
    )
    pair_posts: int = Field(
        default=5_000,
        ge=10,
        le=10_000,
        description="posts of five minutes in which pairs are looked for; of further ones none are counted",
    )
    pair_posts_held: int = Field(
        default=150_000,
        ge=1_000,
        le=2_000_000,
        description="posts held until their pairs are counted; beyond that the oldest hours are closed before their time",
    )


class InfluencersSettings(StageSettings):
    """Settings of `python -m processors influencers`."""

    influencers_batch: int = Field(
        default=2_000, ge=1, le=50_000, description="most author partials in one batch of influencers"
    )
    influencers_linger_s: float = Field(
        default=1,
        ge=0,
        le=5,
        description="seconds that influencers lets pass between two batches where it is not behind: an author's profile is published "
        "no more often",
    )
    authors_kept: int = Field(
        default=50_000,
        ge=10,
        le=5_000_000,
        description="authors remembered per partition; those silent for longest go first, and begin anew when they write again",
    )


class TopicsSettings(GatheringSettings):
    """Settings of `python -m processors topics`."""

    topics_batch: int = Field(
        default=500, ge=1, le=20_000, description="most revisions of stories in one batch of topics"
    )
    topic_hours: float = Field(
        default=72,
        gt=0,
        le=24 * 30,
        description="hours of event time for which a story counts for its topic, and within which stories join a topic",
    )
    topic_stories: int = Field(
        default=10_000,
        ge=10,
        le=500_000,
        description="stories in memory; those told of longest ago go first, and no longer count for their topics",
    )


class MarketSettings(GatheringSettings):
    """Settings of `python -m processors market`."""

    market_batch: int = Field(
        default=2_000, ge=1, le=50_000, description="most quotes or candles in one batch of market"
    )
    market_publish_s: float = Field(
        default=1.0, gt=0, le=60, description="seconds for which changes of a bar are collected"
    )
    market_publish_max: int = Field(
        default=2_000,
        ge=1,
        le=50_000,
        description="most bars published in one transaction of one partition",
    )
    market_idle_s: float = Field(
        default=10,
        gt=0,
        le=3_600,
        description="seconds without a newer quote, once all were read, until bars close by the clock",
    )
    minute_bars: int = Field(
        default=20_000,
        ge=100,
        description="most 1m bars in memory per partition, besides each symbol's newest; the oldest closed ones go first, "
        "later quotes of them are counted late",
    )
    day_bars: int = Field(
        default=50_000,
        ge=100,
        description="most 1d bars in memory per partition, besides each symbol's newest; the oldest closed ones go first",
    )
    minute_ticks: int = Field(
        default=5_000,
        ge=1,
        le=20_000,
        description="quotes of one symbol and minute that are told apart and counted; prices of more are taken, uncounted",
    )
    price_move: float = Field(
        default=0.05,
        gt=0,
        description="change of a day's close against the day before from which a bar says price_drop or price_jump, a fraction",
    )


class AlertsSettings(PromptSettings):
    """Settings of `python -m processors alerts`."""

    alerts_batch: int = Field(
        default=2_000, ge=1, le=50_000, description="most records in one batch of alerts"
    )
    silence_tick_s: float = Field(
        default=1.0, gt=0, le=600, description="seconds between two looks at which sources are silent"
    )
    silence_grace_s: float = Field(
        default=900,
        ge=0,
        description="seconds for which a worker that has just got a partition calls no source silent: collectors start with it",
    )
    alerts_kept: int = Field(
        default=20_000,
        ge=100,
        description="alerts remembered per partition, so that none is raised twice; the ones raised first are forgotten first",
    )
    halves_kept: int = Field(
        default=50_000,
        ge=100,
        description="moods and closes remembered per partition for rules of divergence; those that came first are forgotten first",
    )
    shares_kept: int = Field(
        default=50_000,
        ge=100,
        description="subjects per partition whose usual sentiment is remembered; those without a window for longest go first",
    )
    sources_kept: int = Field(
        default=10_000,
        ge=10,
        description="sources per partition whose silence is watched; those without a run for longest go first",
    )


class BacktestSettings(ClickHouseReaderSettings):
    """Settings of `python -m processors backtest`."""
