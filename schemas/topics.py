"""The topic catalogue: every topic as data; creation, retention and documents read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Cleanup = Literal["delete", "compact", "compact,delete"]

DAY_MS = 86_400_000

AVRO = "application/vnd.apache.avro"
"""Values are Avro in the Confluent wire format; such records have no headers."""
CLOUDEVENTS = "application/cloudevents+json"
"""Values are CloudEvents in JSON, and a header `content-type` says so."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: `event` names its Avro schema, `key` says in words what its records are keyed by."""

    name: str
    event: str
    key: str
    cleanup: Cleanup
    retention_days: int | None
    about: str
    single: bool = False
    """One partition only; otherwise the shared count of the setting `partitions`."""
    content_type: str = AVRO

    def full_name(self, prefix: str) -> str:
        """The name in Kafka."""
        return prefix + self.name

    def partitions(self, shared: int) -> int:
        """How many partitions it has where the shared count is `shared`."""
        return 1 if self.single else shared

    def config(self) -> dict[str, str]:
        """Its broker-side configuration. Retention goes by record time, which is collection time."""
        config = {"cleanup.policy": self.cleanup, "message.timestamp.type": "CreateTime"}
        if self.retention_days is not None:
            config["retention.ms"] = str(self.retention_days * DAY_MS)
        if self.cleanup != "delete":
            config["segment.ms"] = str(DAY_MS)
        if self.cleanup == "compact,delete":
            # Whoever comes back within a day gets every revision, as of topics that are not compacted.
            config["min.compaction.lag.ms"] = str(DAY_MS)
        return config


_CATALOGUE = (
    Topic("posts", "post", "post id", "delete", 7, "posts as collected"),
    Topic("engagements", "engagement", "post id", "delete", 7, "counts of posts as read later"),
    Topic("quotes", "quote", "symbol", "delete", 7, "last prices at a time"),
    Topic("candles", "candle", "symbol", "delete", 7, "OHLCV rows as a source gives them"),
    Topic("runs", "run", "collector", "delete", 30, "every run of a collector and how it ended"),
    Topic("mentions", "mention", "post id", "delete", 30, "enriched posts"),
    Topic("partials", "partial", "subject", "delete", 1, "what one batch adds to one subject's minute"),
    Topic(
        "author-partials", "author_partial", "author", "delete", 1, "what one batch adds to one author's hour"
    ),
    Topic(
        "fingerprints",
        "fingerprint",
        "post id",
        "delete",
        1,
        "what stories must know of a mention",
        single=True,
    ),
    Topic("receipts", "receipt", "partition", "delete", 90, "what became of each range of posts"),
    Topic("trends", "trend", "subject", "delete", 30, "windows of a subject with their score"),
    Topic("story-links", "story_link", "story id", "delete", 30, "which post belongs to which story"),
    Topic("stories", "story", "story id", "compact,delete", 30, "posts that say the same", single=True),
    Topic(
        "story-turns",
        "story_turn",
        "story id",
        "delete",
        7,
        "what topics must know of stories and their posts",
        single=True,
    ),
    Topic("topics", "topic", "topic id", "compact,delete", 30, "stories that speak of the same"),
    Topic(
        "assignments", "assignment", "story id", "compact,delete", 30, "which story belongs to which topic"
    ),
    Topic(
        "influencers", "influencer", "platform:author", "compact,delete", 30, "rolling profiles of authors"
    ),
    Topic(
        "topic-partials",
        "partial",
        "subject",
        "delete",
        1,
        "what one batch adds to one topic's minute",
    ),
    Topic("bars", "bar", "symbol", "delete", 30, "prices of an interval, with indicators"),
    Topic("alerts", "alert", "rule id", "delete", 90, "what rules watched for, with its evidence"),
    Topic(
        "alerts.json",
        "alert",
        "rule id",
        "delete",
        90,
        "everyone's alerts as CloudEvents, for those without Avro",
        single=True,
        content_type=CLOUDEVENTS,
    ),
    Topic("closes", "bar", "subject", "delete", 7, "closed bars that a rule of divergence waits for"),
    Topic("dead-letters", "dead_letter", "origin", "delete", 30, "records that could not be used"),
    Topic("keywords", "keyword", "keyword id", "compact", None, "phrases to look for", single=True),
    Topic("rules", "rule", "rule id", "compact", None, "what to be told of", single=True),
    Topic("instruments", "instrument", "symbol", "compact", None, "tradable things", single=True),
    Topic("requests", "request", "target", "delete", 1, "what collectors are asked to do now", single=True),
    Topic(
        "checkpoints",
        "checkpoint",
        "collector:source",
        "compact",
        None,
        "where collectors stand",
        single=True,
    ),
)

TOPICS: Mapping[str, Topic] = MappingProxyType({topic.name: topic for topic in _CATALOGUE})

MAX_RECORD_BYTES = 1_000_000
"""The largest record value anyone produces; brokers and consumers are set to take more than this."""

MAX_POST_BYTES = 262_144
"""The largest encoded post. An enriched post, its changelog and its dead letter all fit in a record then."""
