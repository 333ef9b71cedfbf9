"""Every settings class of every service, as data; a test finds classes that are missing here."""

from api.settings import ApiSettings
from deploy.clickhouse.settings import EmbeddedClickHouseSettings
from deploy.settings import DeploySettings
from processors.settings import AlertsSettings, EnrichSettings, MarketSettings, TrendsSettings
from producers.settings import ProducerSettings
from schemas.settings import Settings
from sinks.settings import ClickHouseSinkSettings

SERVICES: tuple[type[Settings], ...] = (
    DeploySettings,
    EmbeddedClickHouseSettings,
    ProducerSettings,
    EnrichSettings,
    TrendsSettings,
    MarketSettings,
    AlertsSettings,
    ClickHouseSinkSettings,
    ApiSettings,
)
