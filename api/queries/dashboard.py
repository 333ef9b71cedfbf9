"""Counts per bucket from minute data, what was covered by collectors, and totals."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from api.periods import Buckets
from api.store import Store
from schemas.tables import MENTIONS, RUNS, SENTIMENT_METRICS

Counts = dict[str, int]
SENTIMENTS = ("positive", "negative", "neutral")

# The keyword '' counts every mention once; with keywords given, a mention of two of them would count twice,
# so only one may be given.
_WHERE = """
  minute >= fromUnixTimestamp({start:Int64}) AND minute < fromUnixTimestamp({end:Int64})
  AND keyword = {keyword:String}
  AND (empty({platform:Array(String)}) OR has({platform:Array(String)}, platform))
"""

BUCKETS = f"""
SELECT roundDown(toUnixTimestamp(minute), {{edges:Array(UInt32)}}) AS start,
       toString(m.sentiment) AS sentiment, sum(m.mentions) AS mentions
FROM {SENTIMENT_METRICS} AS m WHERE {_WHERE}
GROUP BY start, sentiment
"""  # noqa: S608 -- only names of our own schema are put in

PLATFORMS = f"""
SELECT platform, toString(m.sentiment) AS sentiment, sum(m.mentions) AS mentions
FROM {SENTIMENT_METRICS} AS m WHERE {_WHERE}
GROUP BY platform, sentiment
"""  # noqa: S608 -- only names of our own schema are put in

KEYWORDS = f"""
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
COVERED = f"""
SELECT DISTINCT arrayJoin(arrayFilter(
    (start, end) -> (from_at < end AND to_at >= start),
    arrayPopBack({{edges:Array(Int64)}}), arrayPopFront({{edges:Array(Int64)}}))) AS start
FROM (
  SELECT arrayJoin([
    (if(outcome IN ('ok', 'empty'), toUnixTimestamp64Milli(started_at) / 1000, 0),
     if(outcome IN ('ok', 'empty'), toUnixTimestamp64Milli(ended_at) / 1000, -1)),
    (ifNull(toUnixTimestamp64Milli(oldest_item_at) / 1000, 0),
     ifNull(toUnixTimestamp64Milli(newest_item_at) / 1000, -1))]) AS span,
    span.1 AS from_at, span.2 AS to_at
  FROM {RUNS}
)
WHERE from_at <= to_at AND from_at < {{end:Int64}} AND to_at >= {{start:Int64}}
"""  # noqa: S608 -- only names of our own schema are put in

LATEST = f"""
SELECT count() AS rows, toUnixTimestamp64Milli(max(event_at)) AS event_at,
       toUnixTimestamp64Milli(max(landed_at)) AS landed_at
FROM {MENTIONS}
"""  # noqa: S608 -- only names of our own schema are put in


TOP_KEYWORDS = 10


async def sentiment_by_bucket(
    store: Store, cut: Buckets, keyword: str, platforms: Sequence[str]
) -> dict[int, Counts]:
    """Mentions by sentiment of every bucket that has any; keys are bucket starts in epoch seconds."""
    return by("start", await store.rows(BUCKETS, given(cut, keyword, platforms)))


async def covered(store: Store, cut: Buckets) -> set[int]:
    """Starts of the buckets in which a collector ran well or from which one has read something.

    A run that was refused, throttled or failed says nothing of how much there was: its time must not count as silence.
    """
    return {row["start"] for row in await store.rows(COVERED, given(cut))}


async def by_platform(
    store: Store, cut: Buckets, keyword: str, platforms: Sequence[str]
) -> dict[str, Counts]:
    """Mentions by platform and sentiment in all the buckets."""
    return by("platform", await store.rows(PLATFORMS, given(cut, keyword, platforms)))


async def top_keywords(store: Store, cut: Buckets, platforms: Sequence[str]) -> list[dict[str, Any]]:
    """The most mentioned keywords with their sentiment."""
    return await store.rows(KEYWORDS, given(cut, "", platforms))


async def latest(store: Store) -> Mapping[str, int]:
    """Mentions landed in all, and the times of the newest (0 where there is none)."""
    return (await store.rows(LATEST, {}))[0]


def by(key: str, rows: Iterable[Mapping[str, Any]]) -> dict[Any, Counts]:
    """Counts of rows by one of their columns and by sentiment."""
    counts: dict[Any, Counts] = {}
    for row in rows:
        counts.setdefault(row[key], dict.fromkeys(SENTIMENTS, 0))[row["sentiment"]] = row["mentions"]
    return counts


def given(cut: Buckets, keyword: str = "", platforms: Sequence[str] = ()) -> dict[str, Any]:
    """The parameters of every query of a period."""
    return {
        "start": cut.edges[0],
        "end": cut.edges[-1],
        "edges": list(cut.edges),
        "keyword": keyword,
        "platform": list(platforms),
        "limit": TOP_KEYWORDS,
    }
