"""Counts per bucket from minute data, what was covered by collectors, and totals."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.periods import Buckets
from api.store import Store
from schemas.tables import MENTIONS, RUNS, SENTIMENT_METRICS

SENTIMENTS = ("positive", "negative", "neutral")

# The keyword '' counts every mention once; with keywords given, a mention of two of them would count twice,
# so only one may be given.
_WHERE = """
  minute >= fromUnixTimestamp({start:Int64}) AND minute < fromUnixTimestamp({end:Int64})
  AND keyword = {keyword:String}
  AND (empty({platform:Array(String)}) OR has({platform:Array(String)}, platform))
"""

_BUCKETS = f"""
SELECT roundDown(toUnixTimestamp(minute), {{edges:Array(UInt32)}}) AS start,
       toString(m.sentiment) AS sentiment, sum(m.mentions) AS mentions
FROM {SENTIMENT_METRICS} AS m WHERE {_WHERE}
GROUP BY start, sentiment
"""  # noqa: S608 -- only names of our own schema are put in

_PLATFORMS = f"""
SELECT platform, toString(m.sentiment) AS sentiment, sum(m.mentions) AS mentions
FROM {SENTIMENT_METRICS} AS m WHERE {_WHERE}
GROUP BY platform, sentiment
"""  # noqa: S608 -- only names of our own schema are put in

_KEYWORDS = f"""
SELECT keyword, sum(m.mentions) AS mentions,
       sumIf(m.mentions, m.sentiment = 'positive') AS positive,
       sumIf(m.mentions, m.sentiment = 'negative') AS negative,
       sumIf(m.mentions, m.sentiment = 'neutral') AS neutral
FROM {SENTIMENT_METRICS} AS m
WHERE minute >= fromUnixTimestamp({{start:Int64}}) AND minute < fromUnixTimestamp({{end:Int64}})
  AND keyword != '' AND (empty({{platform:Array(String)}}) OR has({{platform:Array(String)}}, platform))
GROUP BY keyword ORDER BY mentions DESC, keyword LIMIT {{limit:UInt32}}
"""  # noqa: S608 -- only names of our own schema are put in

# A run covers from its oldest to its newest item, and the time it ran in.
_COVERED = f"""
SELECT DISTINCT arrayJoin(arrayFilter(
    (start, end) -> (from_at < end AND to_at >= start),
    arrayPopBack({{edges:Array(Int64)}}), arrayPopFront({{edges:Array(Int64)}}))) AS start
FROM (
  SELECT arrayJoin([
    (toUnixTimestamp64Milli(started_at) / 1000, toUnixTimestamp64Milli(ended_at) / 1000),
    (ifNull(toUnixTimestamp64Milli(oldest_item_at) / 1000, 0),
     ifNull(toUnixTimestamp64Milli(newest_item_at) / 1000, -1))]) AS span,
    span.1 AS from_at, span.2 AS to_at
  FROM {RUNS}
)
WHERE from_at <= to_at AND from_at < {{end:Int64}} AND to_at >= {{start:Int64}}
"""  # noqa: S608 -- only names of our own schema are put in

_LATEST = f"""
SELECT count() AS rows, toUnixTimestamp64Milli(max(event_at)) AS event_at,
       toUnixTimestamp64Milli(max(landed_at)) AS landed_at
FROM {MENTIONS}
"""  # noqa: S608 -- only names of our own schema are put in


async def sentiment_by_bucket(
    store: Store, cut: Buckets, keyword: str, platforms: Sequence[str]
) -> dict[int, dict[str, int]]:
    """Mentions by sentiment of every bucket that has any; keys are bucket starts in epoch seconds."""
    rows = await store.rows(
        _BUCKETS, {**_range(cut.edges[0], cut.edges[-1], keyword, platforms), "edges": cut.edges}
    )
    counts: dict[int, dict[str, int]] = {}
    for row in rows:
        counts.setdefault(row["start"], dict.fromkeys(SENTIMENTS, 0))[row["sentiment"]] = row["mentions"]
    return counts


async def covered(store: Store, cut: Buckets) -> set[int]:
    """Starts of the buckets in which a collector ran or read something."""
    given = {"edges": cut.edges, "start": cut.edges[0], "end": cut.edges[-1]}
    return {row["start"] for row in await store.rows(_COVERED, given)}


async def by_platform(
    store: Store, start: int, end: int, keyword: str, platforms: Sequence[str]
) -> dict[str, dict[str, int]]:
    """Mentions by platform and sentiment between two times in epoch seconds."""
    counts: dict[str, dict[str, int]] = {}
    for row in await store.rows(_PLATFORMS, _range(start, end, keyword, platforms)):
        counts.setdefault(row["platform"], dict.fromkeys(SENTIMENTS, 0))[row["sentiment"]] = row["mentions"]
    return counts


async def top_keywords(
    store: Store, start: int, end: int, platforms: Sequence[str], limit: int
) -> list[dict[str, Any]]:
    """The most mentioned keywords with their sentiment."""
    given = {"start": start, "end": end, "platform": list(platforms), "limit": limit}
    return await store.rows(_KEYWORDS, given)


async def latest(store: Store) -> Mapping[str, int]:
    """Mentions landed in all, and the times of the newest (0 where there is none)."""
    return (await store.rows(_LATEST, {}))[0]


def _range(start: int, end: int, keyword: str, platforms: Sequence[str]) -> dict[str, Any]:
    return {"start": start, "end": end, "keyword": keyword, "platform": list(platforms)}
