"""Every settings class of every service, as data; a test finds classes that are missing here."""

from api.access.settings import WatchSettings
from api.settings import ApiSettings
from deploy.clickhouse.settings import EmbeddedClickHouseSettings
from deploy.settings import DeploySettings
from processors.settings import (
    AlertsSettings,
    BacktestSettings,
    EnrichSettings,
    InfluencersSettings,
    MarketSettings,
    StoriesSettings,
    TopicsSettings,
    TrendsSettings,
)
from producers.settings import ProducerSettings
from schemas.settings import Settings
from sinks.settings import ClickHouseSinkSettings

SERVICES: tuple[type[Settings], ...] = (
    DeploySettings,
    EmbeddedClickHouseSettings,
    ProducerSettings,
    EnrichSettings,
    StoriesSettings,
    TopicsSettings,
    TrendsSettings,
    InfluencersSettings,
    MarketSettings,
    AlertsSettings,
    BacktestSettings,
    ClickHouseSinkSettings,
    ApiSettings,
    WatchSettings,
)

BY_COMMAND: dict[tuple[str, ...], type[Settings]] = {
    ("deploy.prepare", "/data"): DeploySettings,
    ("producers", "run"): ProducerSettings,
    ("processors", "enrich"): EnrichSettings,
    ("processors", "stories"): StoriesSettings,
    ("processors", "topics"): TopicsSettings,
    ("processors", "trends"): TrendsSettings,
    ("processors", "influencers"): InfluencersSettings,
    ("processors", "market"): MarketSettings,
    ("processors", "alerts"): AlertsSettings,
    ("sinks", "clickhouse"): ClickHouseSinkSettings,
    ("api",): ApiSettings,
}
"""What a process of the compose file reads, by its command."""
