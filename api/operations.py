"""The table of all operations: what is routed and what is documented."""

from typing import Any

from api.access import scopes
from api.openapi.operation import Operation
from api.openapi.shapes import (
    COUNT,
    CURSOR,
    FLAG,
    MILLIS,
    NUMBER,
    POSITION,
    TEXT,
    answer,
    event,
    many,
    nullable,
)
from api.openapi.trust import PROOF, explained
from api.routes import (
    alerts,
    dashboard,
    explain,
    health,
    market,
    mentions,
    proof,
    runs,
    session,
    sources,
    sql,
    stories,
    stream,
    topics,
    trends,
)

_SENTIMENTS = {"positive": COUNT, "negative": COUNT, "neutral": COUNT}
_NULLABLE_SENTIMENTS = {name: nullable(COUNT) for name in ("mentions", *_SENTIMENTS)}
_PERIOD: dict[str, Any] = {
    "period": TEXT,
    "tz": TEXT,
    "bucket": {"type": "string", "enum": ["hour", "day"]},
    "from": MILLIS,
    "to": MILLIS,
    "keyword": nullable(TEXT),
    "platform": many(TEXT),
}
_STATS = answer(
    **_PERIOD,
    mentions=COUNT,
    previous_mentions=COUNT,
    sentiment=answer(**_SENTIMENTS),
    previous_sentiment=answer(**_SENTIMENTS),
    platforms=many(answer(platform=TEXT, mentions=COUNT, **_SENTIMENTS)),
    keywords=many(answer(keyword=TEXT, mentions=COUNT, **_SENTIMENTS)),
    covered_buckets=COUNT,
    buckets=COUNT,
    all_mentions=COUNT,
    newest_event_at=nullable(MILLIS),
    newest_landed_at=nullable(MILLIS),
)
_SYMBOL = answer(
    symbol=TEXT,
    intervals=many(answer(interval=TEXT, bars=COUNT, first=MILLIS, last=MILLIS, close=NUMBER)),
    quote=nullable(event("quote")),
)
_SOURCE = answer(
    collector=TEXT,
    source=TEXT,
    state={"type": "string", "enum": ["ok", "late", "throttled", "broken", "quiet"]},
    reason=TEXT,
    last_run_at=nullable(MILLIS),
    last_outcome=nullable(TEXT),
    last_error=nullable(TEXT),
    last_items=nullable(COUNT),
    runs=COUNT,
    usual_pause_ms=nullable(COUNT),
    quota_left=nullable(COUNT),
    newest_item_at=nullable(MILLIS),
    newest_mention_at=nullable(MILLIS),
    newest_enriched_at=nullable(MILLIS),
    mentions=COUNT,
)
_HEALTH = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["healthy", "unhealthy"]},
        "timestamp": {"type": "string", "format": "date-time"},
        "failing": many(TEXT),
    },
    "required": ["status", "timestamp"],
}
_STEP = answer(
    name=TEXT,
    kind={"type": "string", "enum": ["stage", "sink"]},
    group=TEXT,
    state={"type": "string", "enum": ["ok", "behind", "stalled", "unknown"]},
    problem=nullable(TEXT),
    lag=nullable(COUNT),
    owes=FLAG,
    last_progress_at=nullable(MILLIS),
    partitions=many(answer(topic=TEXT, partition=COUNT, committed=COUNT, end=COUNT, lag=COUNT)),
)
_DEPENDENCY = {"type": "object", "properties": {"state": {"type": "string", "enum": ["ok", "down"]}}}
_DETAILED = answer(
    status=TEXT,
    timestamp=TEXT,
    failing=many(TEXT),
    dependencies=answer(kafka=_DEPENDENCY, clickhouse=_DEPENDENCY),
    stream=_DEPENDENCY,
    steps=many(_STEP),
)

_SESSION = answer(anonymous=FLAG, user=nullable(TEXT), scopes=many(TEXT), expires_at=nullable(MILLIS))

OPERATIONS = (
    Operation(
        "/api/v1/stream", stream.stream, stream.PARAMETERS, "live", scopes.BY_TOPIC, "text/event-stream"
    ),
    Operation(
        "/api/v1/mentions",
        mentions.mentions,
        mentions.PARAMETERS,
        "opinion",
        scopes.MENTIONS,
        shape=answer(mentions=many(event("mention")), next=CURSOR, position=POSITION),
    ),
    Operation(
        "/api/v1/trends",
        trends.trends,
        trends.PARAMETERS,
        "opinion",
        scopes.TRENDS,
        shape=answer(window=TEXT, since=MILLIS, until=MILLIS, trends=many(event("trend"))),
    ),
    Operation(
        "/api/v1/alerts",
        alerts.alerts,
        alerts.PARAMETERS,
        "opinion",
        scopes.ALERTS,
        shape=answer(alerts=many(event("alert")), next=CURSOR, position=POSITION),
    ),
    Operation(
        "/api/v1/stories",
        stories.stories,
        stories.PARAMETERS,
        "opinion",
        scopes.STORIES,
        shape=answer(since=MILLIS, until=MILLIS, stories=many(event("story")), next=CURSOR),
    ),
    Operation(
        "/api/v1/stories/{id}",
        stories.story,
        stories.StoryParameters,
        "opinion",
        scopes.STORIES,
        shape=answer(story=event("story"), posts=many(event("story_link")), next=CURSOR),
    ),
    Operation(
        "/api/v1/topics",
        topics.topics,
        topics.PARAMETERS,
        "opinion",
        scopes.TOPICS,
        shape=answer(
            since=MILLIS,
            until=MILLIS,
            topics=many(event("topic")),
            samples=many(event("story")),
            next=CURSOR,
        ),
    ),
    Operation(
        "/api/v1/topics/{id}",
        topics.topic,
        topics.TopicParameters,
        "opinion",
        scopes.TOPICS,
        shape=answer(
            topic=event("topic"),
            assignments=many(event("assignment")),
            stories=many(event("story")),
            next=CURSOR,
        ),
    ),
    Operation(
        "/api/v1/dashboard/stats",
        dashboard.stats,
        dashboard.PARAMETERS,
        "dashboard",
        scopes.MENTIONS,
        shape=_STATS,
    ),
    Operation(
        "/api/v1/dashboard/sentiment-trend",
        dashboard.sentiment_trend,
        dashboard.PARAMETERS,
        "dashboard",
        scopes.MENTIONS,
        shape=answer(**_PERIOD, buckets=many(answer(start=MILLIS, end=MILLIS, **_NULLABLE_SENTIMENTS))),
    ),
    Operation(
        "/api/v1/dashboard/volume-trend",
        dashboard.volume_trend,
        dashboard.PARAMETERS,
        "dashboard",
        scopes.MENTIONS,
        shape=answer(**_PERIOD, buckets=many(answer(start=MILLIS, end=MILLIS, mentions=nullable(COUNT)))),
    ),
    Operation(
        "/api/v1/market/symbols",
        market.symbols,
        market.SymbolsParameters,
        "market",
        scopes.MARKET,
        shape=answer(symbols=many(_SYMBOL)),
    ),
    Operation(
        "/api/v1/market/quotes",
        market.quotes,
        market.QuotesParameters,
        "market",
        scopes.MARKET,
        shape=answer(quotes=many(event("quote"))),
    ),
    Operation(
        "/api/v1/market/bars",
        market.bars,
        market.BarsParameters,
        "market",
        scopes.MARKET,
        shape=answer(
            **{"symbol": TEXT, "interval": TEXT, "from": MILLIS, "to": MILLIS, "bars": many(event("bar"))}
        ),
    ),
    Operation(
        "/api/v1/sources",
        sources.sources,
        sources.PARAMETERS,
        "collection",
        scopes.SOURCES,
        shape=answer(at=MILLIS, sources=many(_SOURCE)),
    ),
    Operation(
        "/api/v1/runs",
        runs.runs,
        runs.PARAMETERS,
        "collection",
        scopes.SOURCES,
        shape=answer(runs=many(event("run")), next=CURSOR),
    ),
    Operation(
        "/api/v1/explain",
        explain.explained,
        explain.PARAMETERS,
        "trust",
        scopes.MENTIONS,
        shape=explained(_PERIOD),
    ),
    Operation("/api/v1/proof", proof.proof, proof.PARAMETERS, "trust", scopes.PROOF, shape=PROOF),
    Operation("/api/v1/sql", sql.sql, sql.SqlParameters, "sql", scopes.SQL, "*/*"),
    Operation(
        "/api/v1/sql",
        sql.sql_of_body,
        sql.SqlBodyParameters,
        "sql",
        scopes.SQL,
        "*/*",
        method="POST",
        body="one statement that reads",
    ),
    Operation("/api/v1/session", session.show, session.PARAMETERS, "access", scopes.OPEN, shape=_SESSION),
    Operation(
        "/api/v1/session",
        session.begin,
        session.PARAMETERS,
        "access",
        scopes.OPEN,
        shape=_SESSION,
        method="POST",
        body="a token or a key",
    ),
    Operation(
        "/api/v1/session",
        session.end,
        session.PARAMETERS,
        "access",
        scopes.OPEN,
        shape=_SESSION,
        method="DELETE",
    ),
    Operation(
        "/health",
        health.health,
        health.PARAMETERS,
        "health",
        scopes.OPEN,
        shape=_HEALTH,
        unavailable="something fails: `failing` names it",
    ),
    Operation(
        "/health/detailed",
        health.detailed,
        health.PARAMETERS,
        "health",
        scopes.OPEN,
        shape=_DETAILED,
        unavailable="something fails: `failing` names it",
    ),
    Operation("/metrics", health.metrics, health.PARAMETERS, "health", scopes.OPEN, "text/plain"),
)
