"""What may be allowed: scopes by what they let read. Data, for the routes, the documents and the tests."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

MENTIONS = "read:mentions"
TRENDS = "read:trends"
ALERTS = "read:alerts"
STORIES = "read:stories"
INFLUENCERS = "read:influencers"
TOPICS = "read:topics"
MARKET = "read:market"
SOURCES = "read:sources"
PROOF = "read:proof"
SQL = "sql"
OPEN = ""
"""Of an operation: anybody may, even where nobody else may read."""
BY_TOPIC = "read:TOPIC"
"""Of an operation: one scope for each topic that is asked for; the endpoint checks them."""

SCOPES: Mapping[str, str] = MappingProxyType(
    {
        MENTIONS: "mentions live and landed, the figures made of them and where they come from",
        TRENDS: "trends live and landed",
        ALERTS: "alerts live and landed, and their rules: everyone's, and those of one's own",
        STORIES: "stories live and landed, with the links of their posts",
        INFLUENCERS: "profiles of authors, with what they were made of",
        TOPICS: "topics live and landed, with the stories that belong to them",
        MARKET: "symbols, quotes and bars",
        SOURCES: "collectors' sources and runs",
        PROOF: "the ledger's proof",
        SQL: "SQL over everything that has landed; alerts with an owner are hidden",
    }
)
"""Scope to what it lets read."""


def of_topics(topics: Iterable[str]) -> list[str]:
    """The scopes that live topics need."""
    return [BY_TOPIC.replace("TOPIC", topic) for topic in topics]
