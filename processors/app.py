"""The table of stages: what each is made of."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from processors.batching import BatchApp, Tuning
from processors.settings import (
    AlertsSettings,
    EnrichSettings,
    InfluencersSettings,
    MarketSettings,
    StageSettings,
    StoriesSettings,
    TopicsSettings,
    TrendsSettings,
)
from schemas.clients import async_connection
from schemas.codec import Codec
from schemas.flow import step
from schemas.registry import schema_ids
from schemas.settings import load
from schemas.topics import AVRO, TOPICS


def enrich() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Posts to mentions, partials of subjects and authors, fingerprints, receipts and dead letters."""
    settings = load(EnrichSettings)

    def build() -> BatchApp:
        # Imported here, for the other stages have no use for a model.
        from processors.agents.control_feed import ControlFeed
        from processors.agents.enrich import Enrich
        from processors.logic.keywords import KeywordIndex
        from processors.logic.meaning import Reader
        from processors.logic.scores import ScoreCache
        from processors.sentiment import SentimentModel

        app = _app("enrich", settings)
        codec = Codec(schema_ids(settings))
        keywords = KeywordIndex()
        feed = ControlFeed(app.connection(), settings, "keywords", codec, keywords.put)
        model = SentimentModel(settings.sentiment_bundle)
        Enrich(app, settings, codec, Reader(keywords, ScoreCache(model, settings.score_cache)), feed.ready)
        return app

    return settings, build


def stories() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Fingerprints to stories and their turns, to partials of copies, to author partials of what follows, and to trends of pairs of words."""
    settings = load(StoriesSettings)

    def build() -> BatchApp:
        from processors.agents.stories import Stories

        app = _app("stories", settings)
        Stories(app, settings, Codec(schema_ids(settings)))
        return app

    return settings, build


def topics() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Turns of stories to topics, assignments and partials of topics."""
    settings = load(TopicsSettings)

    def build() -> BatchApp:
        from processors.agents.topics import Topics

        app = _app("topics", settings)
        Topics(app, settings, Codec(schema_ids(settings)))
        return app

    return settings, build


def trends() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Partials to trends."""
    settings = load(TrendsSettings)

    def build() -> BatchApp:
        from processors.agents.trends import Trends

        app = _app("trends", settings)
        codec = Codec(schema_ids(settings))
        Trends(app, settings, codec)
        # What `topics` counts comes after what `enrich` does: windows of topics close when it is there.
        Trends(app, settings, codec, "topic-partials")
        return app

    return settings, build


def influencers() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Author partials to influencers."""
    settings = load(InfluencersSettings)

    def build() -> BatchApp:
        from processors.agents.influencers import Influencers

        app = _app("influencers", settings)
        Influencers(app, settings, Codec(schema_ids(settings)))
        return app

    return settings, build


def market() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Quotes and candles to bars."""
    settings = load(MarketSettings)

    def build() -> BatchApp:
        from processors.agents.control_feed import ControlFeed
        from processors.agents.market import Market
        from processors.logic.market.exchanges import Exchanges

        app = _app("market", settings)
        codec = Codec(schema_ids(settings))
        exchanges = Exchanges()
        feed = ControlFeed(app.connection(), settings, "instruments", codec, exchanges.put)
        Market(app, settings, codec, exchanges, feed.ready)
        return app

    return settings, build


def alerts() -> tuple[StageSettings, Callable[[], BatchApp]]:
    """Trends, bars, topics and runs to alerts."""
    settings = load(AlertsSettings)

    def build() -> BatchApp:
        from processors.agents.alerts import Alerts
        from processors.agents.control_feed import ControlFeed
        from processors.logic.alerts.rules import RuleBook

        app = _app("alerts", settings)
        codec = Codec(schema_ids(settings))
        rules = RuleBook()
        feed = ControlFeed(app.connection(), settings, "rules", codec, rules.put)
        Alerts(app, settings, codec, rules, feed.ready)
        return app

    return settings, build


STAGES: Mapping[str, Callable[[], tuple[StageSettings, Callable[[], BatchApp]]]] = MappingProxyType(
    {
        "enrich": enrich,
        "stories": stories,
        "topics": topics,
        "trends": trends,
        "influencers": influencers,
        "market": market,
        "alerts": alerts,
    }
)
"""By name: reads the settings of a stage and says how to build it."""


def _app(stage: str, settings: StageSettings) -> BatchApp:
    return BatchApp(
        id=step(stage).group(settings.topic_prefix),
        broker=settings.kafka,
        security=async_connection(settings),
        partitions=step(stage).partitions(settings.partitions),
        tuning=Tuning(changelog_replication=settings.replication),
        content_types={
            topic.full_name(settings.topic_prefix): topic.content_type
            for topic in TOPICS.values()
            if topic.content_type != AVRO
        },
    )
