"""The rows behind a figure of the dashboard: how many, scored by which models, and page by page where they came from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.cursors import Cursor
from api.periods import Buckets
from api.queries.columns import Columns
from api.queries.pages import POSITION, bounds, newest_first, page_of
from api.store import Store
from schemas.tables import MENTIONS, RUNS

# ruff: noqa: S608 -- only names of our own schema are put in; values are parameters

_MENTION = Columns("mention")
_RUN = Columns("run")

# A mention counts in the minute that holds it, as in the metrics; the bounds on event_at alone are for the index.
_CONDITIONS = {
    "period": """
      event_at >= fromUnixTimestamp({start:Int64}) AND event_at < fromUnixTimestamp({end:Int64} + 60)
      AND toStartOfMinute(toDateTime(event_at, 'UTC')) >= fromUnixTimestamp({start:Int64})
      AND toStartOfMinute(toDateTime(event_at, 'UTC')) < fromUnixTimestamp({end:Int64})
      AND (empty({keyword:Array(String)}) OR hasAny({keyword:Array(String)}, keywords))
      AND (empty({platform:Array(String)}) OR has({platform:Array(String)}, toString(platform)))
      AND ({sentiment:String} = '' OR sentiment = {sentiment:String})
    """,
    "all": "1",
    "event_at": "event_at = fromUnixTimestamp64Milli({at:Int64}, 'UTC')",
    "landed_at": "landed_at = fromUnixTimestamp64Milli({at:Int64}, 'UTC')",
}
_TOUCHING = """
arrayExists(span -> span.1 <= span.2 AND span.1 < {end:Int64} AND span.2 >= {start:Int64}, [
    (toUnixTimestamp64Milli(started_at) / 1000, toUnixTimestamp64Milli(ended_at) / 1000),
    (ifNull(toUnixTimestamp64Milli(oldest_item_at) / 1000, 0),
     ifNull(toUnixTimestamp64Milli(newest_item_at) / 1000, -1))])
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """Which mentions: `which` is `period`, `all`, `event_at` or `landed_at`; `at` is the time of the last two (ms)."""

    which: str
    cut: Buckets
    keywords: Sequence[str] = ()
    platforms: Sequence[str] = ()
    sentiment: str = ""
    at: int = 0

    def parameters(self) -> dict[str, Any]:
        """For the queries."""
        return {
            "start": self.cut.edges[0],
            "end": self.cut.edges[-1],
            "keyword": list(self.keywords),
            "platform": list(self.platforms),
            "sentiment": self.sentiment,
            "at": self.at,
        }


async def models(store: Store, behind: Behind) -> list[dict[str, Any]]:
    """Model versions that scored the mentions, and how many each."""
    sql = f"""
    SELECT toString(m.model_version) AS model_version, count() AS mentions
    FROM {MENTIONS} AS m WHERE {_CONDITIONS[behind.which]}
    GROUP BY model_version ORDER BY mentions DESC, model_version
    """
    return await store.rows(sql, behind.parameters())


async def mentions(
    store: Store, behind: Behind, before: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of the mentions, newest first, each as the post it was, and the cursor of the next page."""
    sql = f"""
    SELECT {_MENTION.sql}, {POSITION}, toUnixTimestamp64Milli(landed_at) AS landed_ms
    FROM {MENTIONS} WHERE {_CONDITIONS[behind.which]} AND {newest_first("event_at")}
    """
    rows = await store.rows(sql, {**behind.parameters(), **bounds(None, None, before, limit)})
    records, cursor = page_of(rows, _MENTION, "event_at", limit)
    kept = ("platform", "source", "event_at", "collected_at", "sentiment", "keywords", "model_version")
    return [
        {
            "topic": one["origin_topic"],
            "partition": one["origin_partition"],
            "offset": one["origin_offset"],
            "id": one["id"],
            "url": one["url"],
            **{name: one[name] for name in kept},
            "landed": {
                "topic": "mentions",
                "partition": row["kafka_partition"],
                "offset": row["kafka_offset"],
                "at": row["landed_ms"],
            },
        }
        for one, row in zip(records, rows, strict=True)
    ], cursor


async def counted_runs(store: Store, cut: Buckets) -> int:
    """How many runs of collectors touch the period."""
    sql = f"SELECT count() AS runs FROM {RUNS} WHERE {_TOUCHING}"
    (row,) = await store.rows(sql, {"start": cut.edges[0], "end": cut.edges[-1]})
    return int(row["runs"])


async def runs(
    store: Store, cut: Buckets, before: Cursor | None, limit: int
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of the runs that touch the period, newest first, and the cursor of the next page."""
    sql = f"SELECT {_RUN.sql}, {POSITION} FROM {RUNS} WHERE {_TOUCHING} AND {newest_first('started_at')}"
    given = {"start": cut.edges[0], "end": cut.edges[-1], **bounds(None, None, before, limit)}
    rows = await store.rows(sql, given)
    records, cursor = page_of(rows, _RUN, "started_at", limit)
    kept = ("collector", "source", "started_at", "ended_at", "oldest_item_at", "newest_item_at")
    return [
        {
            "topic": "runs",
            "partition": row["kafka_partition"],
            "offset": row["kafka_offset"],
            "id": one["id"],
            "url": None,
            **{name: one[name] for name in kept},
        }
        for one, row in zip(records, rows, strict=True)
    ], cursor
